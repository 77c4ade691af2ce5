"""Orders carried out in processes of their own: see `zygote`. Where the system cannot fork, in this one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from counterpoise.core import errors
from counterpoise.core.errors import CounterpoiseError, EngineError
from counterpoise.core.records import Record
from counterpoise.core.tournament.final_records import Refit
from counterpoise.core.tournament.orders import Order, Play, Train, carry_out
from counterpoise.core.tournament.records import Arena, Entry, EntryResult
from counterpoise.core.tournament.workers import workers
from counterpoise.core.tournament.zygote_process import ProcessEnded, ZygoteProcess

__all__ = [
    "ask_apart",
    "close_processes",
    "cut_short",
    "open_processes",
    "play_apart",
    "processes_for",
    "train_apart",
    "waiting_process",
]

Answer = TypeVar("Answer", bound=Record)

_lock = threading.Lock()
_waiting: list[ZygoteProcess] = []
_at_work: dict[str, ZygoteProcess] = {}
_rooms: dict[str, threading.BoundedSemaphore] = {}
_closed: set[str] = set()


def ask_apart(order: Order, answer: type[Answer], *, folder: str, at_a_time: int, minutes: float = 0.0) -> Answer:
    """Return the answer to an order, carried out in a process of its own.

    Threads may call it side by side. The process that forks waits for further orders until it is closed.

    Args:
        order: What is to be done.
        answer: What kind of record the answer is.
        folder: The arena's folder, which stands for the tournament.
        at_a_time: How many orders of this tournament are carried out at a time, as in `tournament.workers`.
        minutes: How long the order may take, once it is begun, before its process is killed; 0 for no limit. Where the
            system cannot fork, there is none.

    Raises:
        CounterpoiseError: What the order was refused with.
        OSError: The process that forks is gone; another call may work.
        ProcessEnded: The process of the order ended without an answer.
        EngineError: The tournament was ended meanwhile.
    """
    if not hasattr(os, "fork"):
        return answer.model_validate(carry_out(order).model_dump())
    with _lock:
        room = _rooms.setdefault(folder, threading.BoundedSemaphore(workers(at_a_time)))
    with room:
        said = _said(order, folder, seconds=60 * minutes)
    if "refused" in said:
        raise _rebuilt(said["refused"])
    return answer.model_validate(said)


def play_apart(arena: Arena, entry: Entry) -> EntryResult:
    """Return what becomes of an entry on all folds; one whose process is killed has failed, with its reason.

    It is killed when it takes longer than `timeouts.entry` allows.

    Raises:
        OSError: The process that forks is gone; another call may work.
        EngineError: The tournament was ended meanwhile.
    """
    try:
        order, at_a_time = Play(arena=arena, entry=entry), arena.rules.tournament.workers
        minutes = arena.rules.minutes_per_entry
        return ask_apart(order, EntryResult, folder=arena.folder, at_a_time=at_a_time, minutes=minutes)
    except ProcessEnded as ended:
        return EntryResult(**entry.model_dump(), status="failed", reason=ended.reason)


def train_apart(arena: Arena, entry: Entry) -> Refit:
    """Return what becomes of an entry that is fitted on all train rows for the final; as `play_apart` otherwise."""
    try:
        order, at_a_time = Train(arena=arena, entry=entry), arena.rules.tournament.workers
        minutes = arena.rules.minutes_per_entry
        return ask_apart(order, Refit, folder=arena.folder, at_a_time=at_a_time, minutes=minutes)
    except ProcessEnded as ended:
        return Refit(**entry.model_dump(), status="failed", reason=ended.reason)


@contextmanager
def waiting_process() -> Iterator[None]:
    """Start a process ahead, so that it makes its imports while other work is done; none is left at the end."""
    with _lock:
        if hasattr(os, "fork") and not _waiting:
            _waiting.append(ZygoteProcess())
    try:
        yield
    finally:
        close_processes()


@contextmanager
def processes_for(folder: str) -> Iterator[None]:
    """Let orders of a tournament be carried out in a block; at its end, however it comes, no process is left.

    Args:
        folder: The arena's folder.
    """
    open_processes(folder)
    try:
        yield
    finally:
        close_processes(folder)


@contextmanager
def cut_short(folder: str) -> Iterator[None]:
    """End the tournament's processes where a block is interrupted, so that nobody waits for orders under way.

    An interruption is what is no `Exception`, such as a cancelled run, or a time limit of our own; a time-out that the
    system reports has an error number, and may pass.

    Args:
        folder: The arena's folder.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) or (isinstance(error, TimeoutError) and error.errno is None):
            close_processes(folder)
        raise


def open_processes(folder: str) -> None:
    """Take orders of the tournament of the arena with the folder, also where it was ended before."""
    with _lock:
        _closed.discard(folder)


def close_processes(folder: str = "") -> None:
    """End the processes that wait for a tournament, and that of the arena with the folder.

    Its orders under way end with an error, and no new ones are taken until it is opened again.
    """
    with _lock:
        ended = [*_waiting, *([_at_work.pop(folder)] if folder in _at_work else [])]
        _waiting.clear()
        _rooms.pop(folder, None)
        _closed.add(folder)
    for process in ended:
        process.close()


def _said(order: Order, folder: str, *, seconds: float) -> dict[str, Any]:
    """Return what the tournament's process answers; where it turns out to be gone, the next call has a new one."""
    with _lock:
        _check_open(folder)
        if folder not in _at_work:
            _at_work[folder] = _waiting.pop() if _waiting else ZygoteProcess()
        process = _at_work[folder]
    try:
        return process.ask(order.model_dump_json(), folder=Path(folder), seconds=seconds)
    except OSError:
        with _lock:
            _check_open(folder)
            if _at_work.get(folder) is process:
                del _at_work[folder]
        process.close()
        raise


def _check_open(folder: str) -> None:
    if folder in _closed:
        raise EngineError(
            "tournament_ended",
            expected="a tournament that is running",
            found="one that was ended",
            remedy="run it again",
        )


def _rebuilt(refusal: dict[str, Any]) -> CounterpoiseError:
    kind: type[CounterpoiseError] = getattr(errors, refusal["error"])
    return kind(**{name: refusal[name] for name in ("reason", "expected", "found", "remedy", "values")})
