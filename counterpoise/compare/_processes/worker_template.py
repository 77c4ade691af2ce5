"""A process that has done a comparison's imports and forks a worker for each job: `python -m …worker_template`.

Each worker has its own peak of memory, and forking saves it the seconds that the imports take. A worker leads a
session, so that it can be killed together with the processes that it has started, and it dies with the template. The
template ends, and its workers with it, when the process that started it closes the socket or exits.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import json
import os
import pickle
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

REFUSED_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""Exit codes of a worker that the system prevents from writing its answer; they only affect the message."""

_SECONDS_BETWEEN_POLLS = 0.2
"""How often the template checks for workers that have ended."""

_SIGNAL_WHEN_PARENT_DIES, _TAKE_IN_ORPHANS = 1, 36
"""Options of Linux's prctl."""

_IMPORTS = (
    *("imblearn.over_sampling", "imblearn.under_sampling", "skrub"),
    *("sklearn.ensemble", "sklearn.linear_model", "sklearn.model_selection"),
    *(f"counterpoise.compare.{name}" for name in ("_rounds.encoding", "_rounds.cross_validate", "_final.refit")),
)
"""Modules that workers need and that take seconds to import."""

_Workers = dict[int, socket.socket]
"""The socket of each worker to the thread that waits for it, by process."""


def main() -> None:
    """Fork a worker for each folder that arrives on the socket whose descriptor is the first argument.

    The second argument is the import path as JSON, the third is the process that owns the work.
    """
    requests, owner = socket.socket(fileno=int(sys.argv[1])), os.pidfd_open(int(sys.argv[3]))
    sys.path[:] = json.loads(sys.argv[2])
    _set(_TAKE_IN_ORPHANS, 1)
    gc.disable()  # imports produce hardly any garbage, and collecting it took a quarter of their time
    for name in _IMPORTS:
        importlib.import_module(name)
    gc.freeze()  # so that workers neither scan nor copy the objects that exist now
    gc.enable()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the template ends its workers before itself
    workers, watched = _Workers(), list[Any]([requests, owner])
    while True:
        ready, _, _ = select.select(watched, [], [], _SECONDS_BETWEEN_POLLS)
        _reap(workers)
        if not ready:
            continue
        folder, links = b"", list[int]()
        if owner not in ready:
            folder, links, _, _ = socket.recv_fds(requests, 4096, 1)
        if not folder:
            return _end(workers)
        _fork(Path(os.fsdecode(folder)), socket.socket(fileno=links[0]), workers, requests)


def _fork(folder: Path, link: socket.socket, workers: _Workers, requests: socket.socket) -> None:
    """Start the worker of a job and send a descriptor of its process to the thread that waits for it."""
    template = os.getpid()
    worker = os.fork()
    if worker == 0:
        _work(folder, template, (requests, link, *workers.values()))
    workers[worker] = link
    process = os.pidfd_open(worker)
    try:
        socket.send_fds(link, [b"."], [process])
    except OSError:  # the waiting thread has given up
        os.kill(worker, signal.SIGKILL)
    finally:
        os.close(process)


def _reap(workers: _Workers) -> None:
    """Reap processes that have ended; for a worker, kill the processes that it has left and report its exit code."""
    with suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            with suppress(OSError):  # until it is reaped, no other process can have its number
                os.killpg(ended.si_pid, signal.SIGKILL)
            _, status = os.waitpid(ended.si_pid, 0)
            if ended.si_pid in workers:
                with workers.pop(ended.si_pid) as link, suppress(OSError):
                    link.send(str(os.waitstatus_to_exitcode(status)).encode())
    for orphan in _orphans(workers):
        with suppress(OSError):
            os.kill(orphan, signal.SIGKILL)


def _orphans(workers: _Workers) -> list[int]:
    """Return processes that a worker has started and that have outlived it, even in a session of their own."""
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return [one for one in map(int, children) if one not in workers and os.getsid(one) not in workers]
    except OSError:  # one of them has just ended, or the kernel does not list children
        return []


def _end(workers: _Workers) -> None:
    """Kill all workers and their children; waiting for them adds their CPU time to this process's."""
    for worker in workers:
        with suppress(OSError):
            os.kill(worker, signal.SIGKILL)
    while True:
        _reap(workers)
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return


def _work(folder: Path, template: int, sockets: tuple[socket.socket, ...]) -> None:
    """Run the job of a folder, write the answer there, and end this process."""
    code = 0
    try:
        for one in sockets:  # so that no learner can write to them or keep them open
            one.close()
        _settle_in(folder, template)
        worker, (secret, work) = os.getpid(), pickle.loads((folder / "job").read_bytes())  # noqa: S301  # our own file
        answer = json.dumps({"secret": secret, **_answer(work)})
        if os.getpid() == worker:  # a learner may have forked, and both processes return here
            (folder / "draft").write_text(answer, encoding="utf-8")
            (folder / "draft").replace(folder / "answer")
    except OSError as error:
        code = error.errno if error.errno in REFUSED_TO_WRITE else 0
    finally:
        os._exit(code)  # without the exit handlers of the process that it was forked from


def _settle_in(folder: Path, template: int) -> None:
    """Isolate this process so that it can misbehave without harm to others.

    It works in an empty folder, is silent, writes no core dump, and is the first to be killed when memory runs out.
    """
    os.setsid()
    _set(_SIGNAL_WHEN_PARENT_DIES, signal.SIGKILL)
    if os.getppid() != template:  # the template has already exited
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.chdir(folder / "work")


def _answer(work: Any) -> dict[str, Any]:
    """Run a job on one thread and return its answer, or why there is none."""
    from threadpoolctl import threadpool_limits

    from counterpoise.compare._processes.memory_peak import reset_memory_peak
    from counterpoise.compare._processes.messages import described
    from counterpoise.errors import CounterpoiseError

    reset_memory_peak()
    try:
        with threadpool_limits(limits=1):  # multi-threaded learners in parallel slow each other down
            return {"answer": work().model_dump(mode="json")}
    except CounterpoiseError as error:
        return {"refused": error.as_dict()}
    except BaseException as error:  # noqa: BLE001  # a learner may raise anything
        return {"failed": described(error)}


def _set(option: int, value: int) -> None:
    """Set an option of this process by prctl."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main()
