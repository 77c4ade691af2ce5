"""A second process of this program that works beside the first: it makes its imports while that one reads, and so on.

The companion does one call at a time and ends with the process that started it, however that ends. Log records and
progress of its work come to the first process. Work that the companion does not finish is done in the first process.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from counterpoise.runtime._executor import Progress, silent, start_thread

R = TypeVar("R")

_current: ContextVar[_Companion | None] = ContextVar("counterpoise-companion", default=None)


class Beside(Generic[R]):
    """Work that may be done in the companion. Leaving its block by an error ends a companion that is still at work.

    Args:
        work: The work, for this process.
        companion: The companion that has begun it; None if this process does it when it is asked for the result.
        answer: The companion's answer.
    """

    def __init__(
        self, work: Callable[[], R], companion: _Companion | None = None, answer: Future[R] | None = None
    ) -> None:
        self._work, self._companion, self._answer = work, companion, answer

    def __enter__(self) -> Beside[R]:
        """Return the work."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leave no work behind."""
        if self.waiting and self._companion is not None:
            self._companion.close()

    @property
    def waiting(self) -> bool:
        """Whether the companion is still at work, so that this process has time for something else."""
        return self._answer is not None and not self._answer.done()

    def result(self) -> R:
        """Return the result, or raise what the work has raised."""
        if self._answer is not None:
            with suppress(_LostError):
                return self._answer.result()
        return self._work()


def beside(function: Callable[..., R], *arguments: Any, progress: Progress | None = None) -> Beside[R]:
    """Begin a call in the companion, or leave it to this process if there is none.

    Args:
        function: A module-level function.
        arguments: Its arguments; they and the result must be picklable.
        progress: Receives its progress, which the function then takes as `progress`.
    """
    helper = _current.get()
    work = partial(function, *arguments, **({} if progress is None else {"progress": progress}))
    return Beside(work) if helper is None else Beside(work, helper, helper.begin(function, arguments, progress))


@contextmanager
def companion(prepare: Callable[[], object]) -> Iterator[None]:
    """Have a companion in the block, where the system lets processes share a connection and has room for another.

    Args:
        prepare: Called in the companion as soon as it runs; a module-level function.
    """
    started = _started(prepare)
    token = _current.set(started)
    try:
        yield
    finally:
        _current.reset(token)
        if started is not None:
            started.close()


def _started(prepare: Callable[[], object]) -> _Companion | None:
    if os.name != "posix" or not sys.executable:
        return None
    try:
        return _Companion(prepare)
    except (OSError, RuntimeError, MemoryError):
        return None


class _LostError(Exception):
    """The companion has ended before its answer, or its answer cannot be read."""


class _Companion:
    def __init__(self, prepare: Callable[[], object]) -> None:
        from multiprocessing import Pipe

        self._link, theirs = Pipe()
        self._waiting: list[tuple[Future[Any], Progress]] = []
        self._lock = threading.Lock()
        path = json.dumps([str(Path(one).absolute()) for one in sys.path])
        with theirs:
            command = [sys.executable, "-P", "-m", "counterpoise.runtime._companion_process"]
            self._process = subprocess.Popen(  # noqa: S603  # this program itself
                [*command, str(theirs.fileno()), path, prepare.__module__, prepare.__qualname__],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
        start_thread(self._receive, name="companion")

    def begin(self, function: Callable[..., R], arguments: tuple[Any, ...], progress: Progress | None) -> Future[R]:
        answer: Future[R] = Future()
        with self._lock:
            try:
                self._link.send((function, arguments, progress is not None))
                self._waiting.append((answer, progress or silent))
            except OSError:
                answer.set_exception(_LostError())
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _receive(self) -> None:
        """Receive log records, progress and answers, which come in order, until the companion has ended."""
        try:
            while True:
                self._take(*self._link.recv())
        except Exception:  # noqa: BLE001  # it has ended, or sends what cannot be read
            self._process.kill()
        with self._lock:
            self._link.close()
            for answer, _ in self._waiting:
                answer.set_exception(_LostError())
            self._waiting.clear()

    def _take(self, kind: str, content: Any) -> None:
        if kind == "log":
            logging.getLogger(content.name).handle(content)
            return
        with self._lock:
            answer, progress = self._waiting[0] if kind == "progress" else self._waiting.pop(0)
        if kind == "progress":
            progress(*content)
        elif kind == "error":
            answer.set_exception(content)
        else:
            answer.set_result(content)
