"""A process that has made a tournament's imports and forks a worker for each job: `python -m …worker_template`.

A worker has a peak of memory of its own, and forking spares it the seconds that imports take. It is the leader of a
session, so that it and what it has started can be killed together, and it dies with the template. The template ends,
and its workers with it, when the process that started it closes the socket or is gone.
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

__all__ = ["REFUSED_TO_WRITE", "main"]

REFUSED_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""What a worker ends with where the system lets it write no answer; a learner that ends so fools the message alone."""

_SECONDS_BETWEEN_LOOKS = 0.2
"""How often the template looks for workers that have ended."""

_SIGNAL_WHEN_PARENT_DIES, _TAKE_IN_ORPHANS = 1, 36
"""Options of Linux's prctl."""

_IMPORTS = (
    *("imblearn.over_sampling", "imblearn.under_sampling", "skrub"),
    *("sklearn.ensemble", "sklearn.linear_model", "sklearn.model_selection"),
    *(f"counterpoise.compare.{name}" for name in ("_rounds.encoding", "_rounds.cross_validate", "_final.refit")),
)
"""What takes seconds to import, and workers need."""

_Workers = dict[int, socket.socket]
"""The link of each worker to the thread that waits for it, by process."""


def main() -> None:
    """Fork a worker for each folder that arrives on the socket whose number is the first argument.

    The second argument is the import path as JSON, the third the process that wants the work done.
    """
    requests, owner = socket.socket(fileno=int(sys.argv[1])), os.pidfd_open(int(sys.argv[3]))
    sys.path[:] = json.loads(sys.argv[2])
    _set(_TAKE_IN_ORPHANS, 1)
    gc.disable()  # imports make hardly any garbage, and looking for it took a quarter of their time
    for name in _IMPORTS:
        importlib.import_module(name)
    gc.freeze()  # what is there now need not be looked at, and so copied, by each worker
    gc.enable()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on the template ends its workers before itself
    workers, watched = _Workers(), list[Any]([requests, owner])
    while True:
        ready, _, _ = select.select(watched, [], [], _SECONDS_BETWEEN_LOOKS)
        _bury(workers)
        if not ready:
            continue
        folder, links = b"", list[int]()
        if owner not in ready:
            folder, links, _, _ = socket.recv_fds(requests, 4096, 1)
        if not folder:
            return _end(workers)
        _fork(Path(os.fsdecode(folder)), socket.socket(fileno=links[0]), workers, requests)


def _fork(folder: Path, link: socket.socket, workers: _Workers, requests: socket.socket) -> None:
    """Start the worker of a job and hand a descriptor of its process to the thread that waits for it."""
    template = os.getpid()
    worker = os.fork()
    if worker == 0:
        _work(folder, template, (requests, link, *workers.values()))
    workers[worker] = link
    process = os.pidfd_open(worker)
    try:
        socket.send_fds(link, [b"."], [process])
    except OSError:  # nobody waits any more
        os.kill(worker, signal.SIGKILL)
    finally:
        os.close(process)


def _bury(workers: _Workers) -> None:
    """Take note of processes that have ended; of a worker, kill what it has left behind and tell how it ended."""
    with suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            with suppress(OSError):  # before it is taken note of, no other process can have its number
                os.killpg(ended.si_pid, signal.SIGKILL)
            _, status = os.waitpid(ended.si_pid, 0)
            if ended.si_pid in workers:
                with workers.pop(ended.si_pid) as link, suppress(OSError):
                    link.send(str(os.waitstatus_to_exitcode(status)).encode())
    for orphan in _orphans(workers):
        with suppress(OSError):
            os.kill(orphan, signal.SIGKILL)


def _orphans(workers: _Workers) -> list[int]:
    """Return processes that a worker has started and that have outlived it, also in a session of their own."""
    try:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return [one for one in map(int, children) if one not in workers and os.getsid(one) not in workers]
    except OSError:  # one of them has just ended, or the kernel does not list children
        return []


def _end(workers: _Workers) -> None:
    """Kill all workers and what they have started; waiting for them makes their time count as this process's."""
    for worker in workers:
        with suppress(OSError):
            os.kill(worker, signal.SIGKILL)
    while True:
        _bury(workers)
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return


def _work(folder: Path, template: int, sockets: tuple[socket.socket, ...]) -> None:
    """Do the job that lies in a folder, leave the answer there, and end this process."""
    code = 0
    try:
        for one in sockets:  # no learner can write to them, or keep them open
            one.close()
        _settle_in(folder, template)
        worker, (secret, work) = os.getpid(), pickle.loads((folder / "job").read_bytes())  # noqa: S301  # our own file
        answer = json.dumps({"secret": secret, **_answer(work)})
        if os.getpid() == worker:  # a learner may have forked, and both may come back
            (folder / "draft").write_text(answer, encoding="utf-8")
            (folder / "draft").replace(folder / "answer")
    except OSError as error:
        code = error.errno if error.errno in REFUSED_TO_WRITE else 0
    finally:
        os._exit(code)  # without what would be done at the end of the process that it was forked from


def _settle_in(folder: Path, template: int) -> None:
    """Make this process one that can misbehave without harm to others.

    It works in an empty folder, is silent, writes no core dump, and is the first to go when memory runs out.
    """
    os.setsid()
    _set(_SIGNAL_WHEN_PARENT_DIES, signal.SIGKILL)
    if os.getppid() != template:  # it was gone before
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
    """Do a job on one thread and return its answer, or why there is none."""
    from threadpoolctl import threadpool_limits

    from counterpoise.compare._processes.memory_peak import count_peak_from_here
    from counterpoise.compare._processes.messages import described
    from counterpoise.errors import CounterpoiseError

    count_peak_from_here()
    try:
        with threadpool_limits(limits=1):  # learners that take all cores only get in each other's way
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
