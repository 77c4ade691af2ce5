"""Jobs of a tournament, each in a process of its own, forked from a template that has made the imports.

Who waits for a job watches its process, has a deadline, and believes only an answer that was written whole, with the
secret of the job in it; an exit code only helps to say what went wrong. What a learner may take from others, the
template and the files of the tournament, is replaced after each job; a job that may have suffered from the loss, the
culprit, and one that was killed, as for want of memory, are tried once more, with nothing else beside them. Without
Linux's descriptors of processes, jobs are done in this process.
"""

from __future__ import annotations

import json
import os
import pickle
import secrets
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from counterpoise import errors
from counterpoise.compare._processes.kept_files import KeptFiles
from counterpoise.compare._processes.template import Template
from counterpoise.compare._processes.worker_template import REFUSED_TO_WRITE
from counterpoise.compare._processes.workers import workers
from counterpoise.errors import CounterpoiseError, EngineError
from counterpoise.records import Record

__all__ = ["JobFailed", "close_on_interruption", "close_processes", "open_processes", "processes_for", "run_in_process"]

Answer = TypeVar("Answer", bound=Record)

_Said = dict[str, Any]
"""What has become of a job: `answer`, or what it was `refused` with, or why it has `failed`."""

_LARGEST_ANSWER = 64_000_000
"""Bytes; the answers of good learners have some thousand."""


class JobFailed(Exception):  # noqa: N818  # what has happened, not always an error of somebody
    """A job has no answer; the text says why."""


def run_in_process(
    work: Callable[[], Answer], answer: type[Answer], *, folder: str, at_a_time: int, minutes: float = 0.0
) -> Answer:
    """Return what a function returns, called in a process of its own; threads may call this side by side.

    Args:
        work: What is called: it can be pickled.
        answer: What kind of record it returns.
        folder: The comparison's folder, which stands for the tournament; its processes are open.
        at_a_time: How many jobs of this tournament are done at a time, as in `tournament.workers`.
        minutes: How long the job may take, once it has begun, before its process is killed; 0 for no limit. Where jobs
            are done in this process, there is none.

    Raises:
        CounterpoiseError: What the job was refused with.
        JobFailed: There is no answer, or what was written is none.
        EngineError: The tournament was ended meanwhile.
        OSError: The job cannot be written to the comparison's folder.
    """
    if not hasattr(os, "pidfd_open"):
        return work()
    said = _tournament(folder).do(work, places=workers(at_a_time), seconds=60 * minutes)
    if "refused" in said:
        raise _rebuilt(said["refused"])
    if "answer" not in said:
        raise JobFailed(said["failed"])
    try:
        return answer.model_validate(said["answer"])
    except ValidationError as error:
        first = error.errors()[0]
        raise JobFailed(f"its answer is not valid: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@contextmanager
def processes_for(folder: str) -> Iterator[None]:
    """Let jobs of a tournament be done in a block; at its end, however it comes, no process is left.

    Args:
        folder: The comparison's folder.
    """
    open_processes(folder)
    try:
        yield
    finally:
        close_processes(folder)


@contextmanager
def close_on_interruption(folder: str) -> Iterator[None]:
    """End the tournament's processes where a block is interrupted, so that nobody waits for jobs under way.

    An interruption is what is no `Exception`, such as a cancelled run, or a time limit of our own; a time-out that the
    system reports has an error number, and may pass.

    Args:
        folder: The comparison's folder.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) or (isinstance(error, TimeoutError) and error.errno is None):
            close_processes(folder)
        raise


def open_processes(folder: str) -> None:
    """Take jobs of the tournament of the comparison with the folder; its template begins to make its imports."""
    with _lock:
        if hasattr(os, "pidfd_open") and folder not in _open:
            _open[folder] = _Tournament(Path(folder))


def close_processes(folder: str) -> None:
    """End the processes of a tournament: its jobs under way end with an error, and no new ones are taken."""
    with _lock:
        tournament = _open.pop(folder, None)
    if tournament is not None:
        tournament.close()


class _Attempt(NamedTuple):
    """What has become of a job, whether its template was lost, and whether others may be to blame."""

    said: _Said
    lost: bool
    disturbed: bool


class _Tournament:
    """The processes of one tournament, and what its jobs share."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._files = folder, KeptFiles(folder)
        self._lock, self._queue = threading.Lock(), threading.Lock()
        self._room, self._size = threading.Semaphore(0), 0
        self._disturbances = 0
        self._closed = False
        self.template = Template()

    def do(self, work: Callable[[], Record], *, places: int, seconds: float) -> _Said:
        """Do a job when one of the places is free; once more and alone where it was disturbed, or has disturbed."""
        with self._places(places, alone=False):
            first = self._attempt(work, seconds)
        succeeded = "answer" in first.said and first.said["answer"].get("status", "ok") == "ok"
        if not first.disturbed or (succeeded and not first.lost):
            return first.said
        with self._places(places, alone=True):
            alone = self._attempt(work, seconds)
        return {"failed": "the process that started it was killed or stopped, twice"} if alone.lost else alone.said

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self.template.close()
        self._files.forget()

    @contextmanager
    def _places(self, of: int, *, alone: bool) -> Iterator[None]:
        """Hold a place, or all of them; jobs may count on different numbers of places, and the largest holds."""
        held = 0
        try:
            with self._queue:  # two who need all places must not each hold some
                if of > self._size:
                    self._room.release(of - self._size)
                    self._size = of
                while held < (self._size if alone else 1):
                    self._room.acquire()
                    held += 1
            yield
        finally:
            if held:
                self._room.release(held)

    def _attempt(self, work: Callable[[], Record], seconds: float) -> _Attempt:
        """Do a job, then replace what was taken from others meanwhile."""
        before, template = self._disturbances, self.template
        with _job_folder(self._folder, work) as (folder, secret):
            try:
                code, late = template.run(folder, seconds)
            except OSError:  # the template is lost
                code, late = None, False
            said = _read(folder / "answer", secret) or {"failed": _why_no_answer(code, seconds if late else 0.0)}
        with self._lock:
            if self._closed:
                raise _ended()
            if code is None and self.template is template:
                template.close()
                self.template = Template()
                self._disturbances += 1
            self._disturbances += self._files.restore_or_keep()
            killed = code == -signal.SIGKILL and not late  # by the kernel, for want of memory, or by another learner
            return _Attempt(said, code is None, killed or self._disturbances != before)


_lock = threading.Lock()
_open: dict[str, _Tournament] = {}


def _tournament(folder: str) -> _Tournament:
    with _lock:
        if folder not in _open:
            raise _ended()
        return _open[folder]


@contextmanager
def _job_folder(comparison: Path, work: Callable[[], Record]) -> Iterator[tuple[Path, str]]:
    """Give a job a folder of its own, and a secret that its answer must have; the folder is gone at the end."""
    secret = secrets.token_hex(16)
    folder = comparison / "jobs" / secret
    try:
        (folder / "work").mkdir(parents=True)
        (folder / "job").write_bytes(pickle.dumps((secret, work)))
        yield folder, secret
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(file: Path, secret: str) -> _Said | None:
    """Return the answer that a worker has written; None where it is none."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_ANSWER:
            return None
        said = json.loads(file.read_text(encoding="utf-8"))
        return said if said.pop("secret") == secret else None
    except (OSError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        return None


def _why_no_answer(code: int | None, late: float) -> str:
    """Return the reason, from how the process has ended, and how long it was given where that was too short."""
    if late:
        return f"took longer than {late / 60:g} minutes (timeouts.entry)"
    if code is None:
        return "the process that started it is gone"
    if code == -signal.SIGKILL:
        return "its process was killed, most likely for want of memory; lower tournament.max_train_rows or workers"
    if code in REFUSED_TO_WRITE:
        return f"its process could not write its answer: {os.strerror(code)}"
    how = f"signal {-code}" if code < 0 else f"code {code}"
    return f"its process ended with {how} and without an answer"


def _ended() -> EngineError:
    expected, found = "a tournament that is running", "one that was ended"
    return EngineError("tournament_ended", expected=expected, found=found, remedy="run it again")


def _rebuilt(refusal: dict[str, Any]) -> CounterpoiseError:
    kind: type[CounterpoiseError] = getattr(errors, refusal["error"])
    return kind(**{name: refusal[name] for name in ("reason", "expected", "found", "remedy", "values")})
