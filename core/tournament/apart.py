"""Entries in processes of their own: see `zygote`. Where the system cannot fork, in this one."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from counterpoise.core.errors import EngineError
from counterpoise.core.tournament.records import Arena, Entry, EntryResult

__all__ = ["close_processes", "play_apart", "processes_for", "waiting_processes", "workers"]

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_lock = threading.Lock()
_idle: list[_Zygote] = []
_busy: dict[_Zygote, str] = {}
_rooms: dict[str, threading.BoundedSemaphore] = {}
_closed: set[str] = set()


def workers(wanted: int) -> int:
    """Return how many entries are played at a time: as many as wanted, at most one a processor core; 0 for that.

    >>> workers(1)
    1
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(wanted, cores) if wanted else cores


def play_apart(arena: Arena, entry: Entry) -> EntryResult:
    """Return what becomes of an entry, played in a process of its own; one that is killed has failed, with its reason.

    Threads may call it side by side: at most `tournament.workers` entries of an arena are played at a time. Processes
    that have nothing to do wait for the next call until they are closed.

    Raises:
        OSError: The process that should play the entry is gone; another call may work.
        EngineError: The tournament was ended meanwhile.
    """
    if not hasattr(os, "fork"):
        from counterpoise.core.tournament.play import play

        return play(arena, entry)
    with _lock:
        room = _rooms.setdefault(arena.folder, threading.BoundedSemaphore(workers(arena.rules.tournament.workers)))
    with room, _process(arena.folder) as process:
        return process.play(arena, entry)


@contextmanager
def waiting_processes(number: int) -> Iterator[None]:
    """Start processes ahead, so that they make their imports while the arena is laid out; none is left at the end.

    Args:
        number: How many.
    """
    with _lock:
        if hasattr(os, "fork"):
            _idle.extend(_Zygote() for _ in range(number - len(_idle)))
    try:
        yield
    finally:
        close_processes()


@contextmanager
def processes_for(arena: Arena) -> Iterator[None]:
    """Let entries of an arena be played in a block; at its end, however it comes, no process is left."""
    with _lock:
        _closed.discard(arena.folder)
    try:
        yield
    finally:
        close_processes(arena.folder)


def close_processes(folder: str = "") -> None:
    """End the processes that wait for entries, and those that play in the arena with that folder."""
    with _lock:
        ended = [*_idle, *(process for process, place in _busy.items() if place == folder)]
        _idle.clear()
        _rooms.pop(folder, None)
        _closed.add(folder)
    for process in ended:
        process.close()


@contextmanager
def _process(folder: str) -> Iterator[_Zygote]:
    """Take a process that waits, or a new one; it waits again afterwards, unless it has failed."""
    with _lock:
        _check_open(folder)
        process = _idle.pop() if _idle else _Zygote()
        _busy[process] = folder
    try:
        yield process
    except BaseException:
        process.close()
        with _lock:
            del _busy[process]
            _check_open(folder)
        raise
    with _lock:
        del _busy[process]
        _idle.append(process)


def _check_open(folder: str) -> None:
    if folder in _closed:
        raise EngineError(
            "tournament_ended",
            expected="a tournament that is running",
            found="one that was ended",
            remedy="run it again",
        )


class _Zygote:
    """A process that waits for orders."""

    def __init__(self) -> None:
        self._ended = False
        command = [sys.executable, "-P", "-m", "counterpoise.core.tournament.zygote"]
        self._process = subprocess.Popen(  # noqa: S603  # this program itself
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, **_ONE_THREAD},
        )  # fmt: skip
        self._send(sys.path)

    def play(self, arena: Arena, entry: Entry) -> EntryResult:
        """Play an entry."""
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        out = Path(arena.folder) / f".{uuid.uuid4().hex}.json"
        self._send({"arena": arena.model_dump(mode="json"), "entry": entry.model_dump(), "out": str(out)})
        answer = self._process.stdout.readline()
        if not answer:
            raise OSError(errno.EPIPE, "the process that plays entries is gone")
        code = json.loads(answer)["exit_code"]
        if code != 0:
            return EntryResult(**entry.model_dump(), status="failed", reason=_why(code))
        result = EntryResult.model_validate_json(out.read_text(encoding="utf-8"))
        out.unlink()
        return result

    def close(self) -> None:
        """End the process and what it has forked."""
        if not self._ended:
            self._ended = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent cannot be any more
                if pipe is not None:
                    pipe.close()

    def _send(self, order: object) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()


def _why(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed, most likely for want of memory; lower tournament.max_train_rows or workers"
    return f"its process ended with signal {-code}" if code < 0 else f"its process ended with code {code}"
