"""Retry requests to a store until the answer is certain or further attempts make no sense.

All requests to an object store go through `retry`, and everything that must be written exactly once goes through
`create_once`. Only this module decides whether a failure is final and whether a name is taken.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from counterpoise.errors import StorageError, StorageUnavailableError

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long to retry.

    Attributes:
        tries: The maximum number of attempts.
        seconds: The time after the first attempt when no further one starts.
        first: The maximum first pause in seconds; it doubles with each attempt.
        longest: The maximum pause in seconds.
    """

    tries: int = 8
    seconds: float = 40.0
    first: float = 0.4
    longest: float = 5.0


def paced(patience: Patience) -> Iterator[int]:
    """Yield attempt numbers from 1 on with random pauses in between; end when the patience is exhausted."""
    until = time.monotonic() + patience.seconds
    for number in range(1, patience.tries + 1):
        yield number
        longest = min(patience.longest, patience.first * 2 ** (number - 1))
        pause = random.uniform(longest / 4, longest)  # noqa: S311  # so that waiting clients do not return all at once
        if number == patience.tries or time.monotonic() + pause > until:
            return
        time.sleep(pause)


def retry(request: Callable[[], T], patience: Patience | None = None) -> T:
    """Return the result of a request, retrying after transient failures.

    A refusal counts only if the store gives it twice: a single answer does not decide about permissions and buckets.

    Args:
        request: Sends the request once.
        patience: How long to retry; the default patience if omitted.

    Raises:
        StorageUnavailableError: The failure persists.
        StorageError: The store refuses the request.
    """
    refused = False
    failure: StorageError | None = None
    for _ in paced(patience or Patience()):
        try:
            return request()
        except FileNotFoundError:  # an answer, not a failure
            raise
        except StorageUnavailableError as error:
            failure = error
        except StorageError as error:
            if refused:
                raise
            refused, failure = True, error
    if failure is None:
        raise AssertionError("there is at least one attempt")
    raise failure


def agreed(request: Callable[[], T], *, tries: int = 4) -> T:
    """Return the answer that two consecutive requests agree on, since a single listing may be stale or corrupted.

    If the answers never agree, return the last one.

    Args:
        request: Sends the request once.
        tries: The maximum number of requests; concurrent writes may change each answer.
    """
    before, answer = request(), request()
    for _ in range(tries - 2):
        if answer == before:
            break
        before, answer = answer, request()
    return answer


def create_once(
    write: Callable[[], bool], read: Callable[[], bytes], content: bytes, *, name: str, patience: Patience | None = None
) -> bool:
    """Create a file that must not exist yet; return whether it now has exactly our content.

    If the answer fails, gets lost or says that the name is taken, the current content decides. Different content counts
    only if two reads return the same.

    Args:
        write: Writes once if nothing exists; returns False if the store says that something does.
        read: Returns the current content, or raises `FileNotFoundError`.
        content: Our content.
        name: The file's name, for the error.
        patience: How long to retry; the default patience if omitted.

    Raises:
        StorageUnavailableError: The result remains uncertain.
        StorageError: The store refuses the request.
    """

    def request() -> bool:
        failure: StorageUnavailableError | None = None
        try:
            if write():
                return True
        except StorageUnavailableError as error:
            failure = error
        current = _current_content(read, content)
        if current is None:
            raise failure or _contradiction(name)
        return current == content

    return retry(request, patience)


def _current_content(read: Callable[[], bytes], content: bytes) -> bytes | None:
    """Return the current content, confirmed by a second read unless it is ours; None if missing or uncertain."""
    seen: bytes | None = None
    for _ in range(3):
        try:
            current = read()
        except FileNotFoundError:
            return None
        if current in (content, seen):
            return current
        seen = current
    return None


def _contradiction(name: str) -> StorageUnavailableError:
    return StorageUnavailableError(
        "storage_contradiction",
        expected=f"to create {name}, or to find the file that has its name",
        found="a store that says the name is taken but returns no consistent content",
        remedy="run again; if it persists, ask the store's operator",
        values={"name": name},
    )
