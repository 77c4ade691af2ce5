"""Jobs of a comparison, each in its own process, forked from a template process that has done the imports.

The thread that waits for a job watches the job's process, sets a deadline, and accepts only an answer that is complete
and contains the job's secret; an exit code is only used for the error message. After each job, the template and the
comparison's files are restored if a learner has damaged them. A job that may have suffered from such damage, the job
that caused it, and a job whose process was killed (for example because memory ran out) run once more, with no other job
in parallel. Where the system has no process descriptors (`pidfd_open`, Linux), jobs run in this process.
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
from counterpoise.runtime import names_refusals

Answer = TypeVar("Answer", bound=Record)

_Reply = dict[str, Any]
"""The outcome of a job: its `answer`, or the error that `refused` it, or the reason why it `failed`."""

_LARGEST_ANSWER = 64_000_000
"""Bytes; the answers of well-behaved learners have a few thousand."""


class JobFailed(Exception):  # noqa: N818  # an outcome, not always an error in the caller's code
    """A job has no valid answer; the text says why."""


def run_in_process(
    work: Callable[[], Answer], answer: type[Answer], *, folder: str, at_a_time: int, minutes: float = 0.0
) -> Answer:
    """Call a function in a process of its own and return its result; several threads may do so at once.

    Args:
        work: The function to call; it must be picklable.
        answer: The type of record that it returns.
        folder: The comparison's folder, which identifies the comparison; its processes must be open.
        at_a_time: How many jobs of this comparison run in parallel, as in `tournament.workers`.
        minutes: How long the job may run before its process is killed; 0 for no limit. Jobs in this process have
            no limit.

    Raises:
        CounterpoiseError: The job raised it.
        JobFailed: There is no answer, or it is not valid.
        EngineError: The comparison was ended in the meantime.
        OSError: The job cannot be written to the comparison's folder.
    """
    if not hasattr(os, "pidfd_open"):
        return work()
    reply = _processes_of(folder).do(work, slots=workers(at_a_time), seconds=60 * minutes)
    if "refused" in reply:
        raise _rebuilt(reply["refused"])
    if "answer" not in reply:
        raise JobFailed(reply["failed"])
    try:
        return answer.model_validate(reply["answer"])
    except ValidationError as error:
        first = error.errors()[0]
        raise JobFailed(f"its answer is not valid: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@contextmanager
def processes_for(folder: str) -> Iterator[None]:
    """Run jobs of a comparison within a block, and leave no process behind however the block ends.

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
    """End the comparison's processes if a block is interrupted, so that no thread waits for running jobs.

    An interruption is any exception that is not an `Exception`, such as a cancelled run, or a time-out of our own; a
    time-out reported by the system has an error number, and may be temporary.

    Args:
        folder: The comparison's folder.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) or (isinstance(error, TimeoutError) and error.errno is None):
            close_processes(folder)
        raise


@names_refusals("compare")
def open_processes(folder: str) -> None:
    """Accept jobs for a comparison, given by its folder; its template process starts to import."""
    with _lock:
        if hasattr(os, "pidfd_open") and folder not in _open:
            _open[folder] = _ComparisonProcesses(Path(folder))


def close_processes(folder: str) -> None:
    """End the processes of a comparison: running jobs end with an error, and no new ones are accepted."""
    with _lock:
        processes = _open.pop(folder, None)
    if processes is not None:
        processes.close()


class _Attempt(NamedTuple):
    """The outcome of a job, whether its template was lost, and whether another job may have caused a failure."""

    reply: _Reply
    lost: bool
    disturbed: bool


class _ComparisonProcesses:
    """The processes of one comparison, and the state that its jobs share."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._files = folder, KeptFiles(folder)
        self._lock, self._queue = threading.Lock(), threading.Lock()
        self._room, self._size = threading.Semaphore(0), 0
        self._disturbances = 0
        self._closed = False
        self.template = Template()

    def do(self, work: Callable[[], Record], *, slots: int, seconds: float) -> _Reply:
        """Run a job when a slot is free; run it once more, alone, if it was disturbed or has disturbed others."""
        with self._slots(slots, alone=False):
            first = self._attempt(work, seconds)
        succeeded = "answer" in first.reply and first.reply["answer"].get("status", "ok") == "ok"
        if not first.disturbed or (succeeded and not first.lost):
            return first.reply
        with self._slots(slots, alone=True):
            alone = self._attempt(work, seconds)
        return {"failed": "the process that started it was killed or stopped, twice"} if alone.lost else alone.reply

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self.template.close()
        self._files.forget()

    @contextmanager
    def _slots(self, of: int, *, alone: bool) -> Iterator[None]:
        """Hold one slot or all of them; if jobs ask for different numbers of slots, the largest number applies."""
        held = 0
        try:
            with self._queue:  # two jobs that need all slots must not each hold some
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
        """Run a job, then restore what it has damaged."""
        before, template = self._disturbances, self.template
        with _job_folder(self._folder, work) as (folder, secret):
            try:
                code, late = template.run(folder, seconds)
            except OSError:  # the template is lost
                code, late = None, False
            reply = _read(folder / "answer", secret) or {"failed": _why_no_answer(code, seconds if late else 0.0)}
        with self._lock:
            if self._closed:
                raise _already_ended()
            if code is None and self.template is template:
                template.close()
                self.template = Template()
                self._disturbances += 1
            self._disturbances += self._files.restore_or_keep()
            killed = code == -signal.SIGKILL and not late  # by the kernel, out of memory, or by another learner
            return _Attempt(reply, code is None, killed or self._disturbances != before)


_lock = threading.Lock()
_open: dict[str, _ComparisonProcesses] = {}


def _processes_of(folder: str) -> _ComparisonProcesses:
    with _lock:
        if folder not in _open:
            raise _already_ended()
        return _open[folder]


@contextmanager
def _job_folder(comparison: Path, work: Callable[[], Record]) -> Iterator[tuple[Path, str]]:
    """Yield a temporary folder for a job, and a secret that its answer must contain."""
    secret = secrets.token_hex(16)
    folder = comparison / "jobs" / secret
    try:
        (folder / "work").mkdir(parents=True)
        (folder / "job").write_bytes(pickle.dumps((secret, work)))
        yield folder, secret
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(file: Path, secret: str) -> _Reply | None:
    """Return the answer that a worker has written; None if there is no valid one."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_ANSWER:
            return None
        reply = json.loads(file.read_text(encoding="utf-8"))
        return reply if reply.pop("secret") == secret else None
    except (OSError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
        return None


def _why_no_answer(code: int | None, late: float) -> str:
    """Return the reason from the exit code of the process and the time limit that it exceeded, if any."""
    if late:
        return f"took longer than {late / 60:g} minutes (timeouts.entry)"
    if code is None:
        return "the process that started it exited unexpectedly"
    if code == -signal.SIGKILL:
        return "its process was killed, most likely out of memory; lower tournament.max_train_rows or workers"
    if code in REFUSED_TO_WRITE:
        return f"its process could not write its answer: {os.strerror(code)}"
    how = f"signal {-code}" if code < 0 else f"code {code}"
    return f"its process ended with {how} and without an answer"


def _already_ended() -> EngineError:
    expected, found = "a running comparison", "one that was ended"
    return EngineError("tournament_ended", expected=expected, found=found, remedy="run it again")


def _rebuilt(refusal: dict[str, Any]) -> CounterpoiseError:
    kind: type[CounterpoiseError] = getattr(errors, refusal["error"])
    return kind(**{name: refusal[name] for name in ("reason", "expected", "found", "remedy", "values")})
