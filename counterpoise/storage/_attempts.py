"""Trying again: what a store answers is believed when it is certain, and asked for again as long as that makes sense.

All that is asked of an object store goes through `persevere`, and whatever must be written once through `create_once`:
there is no other place that decides whether a failure is final or whether a name is taken.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from counterpoise.errors import StorageError, StorageUnavailableError

__all__ = ["Patience", "agreed", "create_once", "paced", "persevere"]

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long something is tried.

    Attributes:
        tries: The most tries.
        seconds: No try begins later than this after the first.
        first: The longest first pause in seconds; each next one may be twice as long.
        longest: The longest pause at all.
    """

    tries: int = 8
    seconds: float = 40.0
    first: float = 0.4
    longest: float = 5.0


def paced(patience: Patience) -> Iterator[int]:
    """Yield the numbers of tries from 1 on, after a pause of random length but for the first; end when it is enough."""
    until = time.monotonic() + patience.seconds
    for number in range(1, patience.tries + 1):
        yield number
        longest = min(patience.longest, patience.first * 2 ** (number - 1))
        pause = random.uniform(longest / 4, longest)  # noqa: S311  # so that those who wait do not come back together
        if number == patience.tries or time.monotonic() + pause > until:
            return
        time.sleep(pause)


def persevere(ask: Callable[[], T], patience: Patience | None = None) -> T:
    """Return what a question to a store gives, asked again after failures that may pass.

    A refusal is believed when it is given twice: rights and buckets are not judged by a single answer.

    Args:
        ask: Asks once.
        patience: How long; the usual one where it is left out.

    Raises:
        StorageUnavailableError: It did not pass.
        StorageError: The store refuses.
    """
    refused = False
    failure: StorageError | None = None
    for _ in paced(patience or Patience()):
        try:
            return ask()
        except FileNotFoundError:  # an answer, not a failure
            raise
        except StorageUnavailableError as error:
            failure = error
        except StorageError as error:
            if refused:
                raise
            refused, failure = True, error
    if failure is None:
        raise AssertionError("at least one try is made")
    raise failure


def agreed(ask: Callable[[], T], *, tries: int = 4) -> T:
    """Return what two answers in a row say, as a single listing may be stale or spoilt; at last, the last answer.

    Args:
        ask: Asks once.
        tries: The most answers that are asked for: what others write meanwhile may change each of them.
    """
    before, answer = ask(), ask()
    for _ in range(tries - 2):
        if answer == before:
            break
        before, answer = answer, ask()
    return answer


def create_once(
    write: Callable[[], bool], read: Callable[[], bytes], content: bytes, *, name: str, patience: Patience | None = None
) -> bool:
    """Write what nobody may have written before; return whether our content, to the byte, is what lies there now.

    A failed or lost answer, and one that says that the name is taken, is not believed before it was looked what lies
    there. Other content is believed when two looks show the same.

    Args:
        write: Writes once, on the condition that there is nothing; returns False where the store says there is.
        read: Returns what lies there, or raises `FileNotFoundError`.
        content: Our content.
        name: What is written, for the error.
        patience: How long this is tried; the usual one where it is left out.

    Raises:
        StorageUnavailableError: It did not become certain.
        StorageError: The store refuses.
    """

    def ask() -> bool:
        failure: StorageUnavailableError | None = None
        try:
            if write():
                return True
        except StorageUnavailableError as error:
            failure = error
        there = _what_lies_there(read, content)
        if there is None:
            raise failure or _contradiction(name)
        return there == content

    return persevere(ask, patience)


def _what_lies_there(read: Callable[[], bytes], content: bytes) -> bytes | None:
    """Return what lies there, seen twice where it is not ours; None where there is nothing, or nothing certain."""
    seen: bytes | None = None
    for _ in range(3):
        try:
            there = read()
        except FileNotFoundError:
            return None
        if there in (content, seen):
            return there
        seen = there
    return None


def _contradiction(name: str) -> StorageUnavailableError:
    return StorageUnavailableError(
        "storage_contradiction",
        expected=f"to create {name}, or to find what has taken its name",
        found="a store that says the name is taken, where nothing certain lies",
        remedy="run again; if it stays so, ask whoever runs the store",
        values={"name": name},
    )
