"""A worker template, and a worker that it has forked, as seen from the process that gives them work."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Template", "Worker"]

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_SECONDS_TO_FORK = 120.0
"""How long a template may take to fork a worker, its imports included, before it is taken for dead."""

_SECONDS_TO_END = 10.0
"""How long a template may take to end when it is asked to."""

_SECONDS_TO_TELL = 60.0
"""How long a template may take to tell how a worker has ended, before it is taken for dead."""

_SECONDS_BETWEEN_LOOKS = 1.0
"""How often a wait comes back to Python, so that an exception from another thread can interrupt it."""


class Template:
    """A process that forks a worker for each job: see `worker_template`. Threads may ask it side by side."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.settimeout(_SECONDS_TO_FORK)
        import_path = json.dumps([str(Path(one).absolute()) for one in sys.path])  # workers have another working folder
        with theirs:
            command = [sys.executable, "-P", "-m", "counterpoise.core.tournament.worker_template"]
            self.process = subprocess.Popen(  # noqa: S603  # this program itself
                [*command, str(theirs.fileno()), import_path, str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                start_new_session=True, env={**os.environ, **_ONE_THREAD},
            )  # fmt: skip

    def fork(self, folder: Path) -> Worker:
        """Start the worker of the job that lies in a folder.

        Raises:
            OSError: The template is gone, or does not answer.
        """
        with ExitStack() as undo:
            link, theirs = socket.socketpair()
            undo.enter_context(link)
            with theirs:
                socket.send_fds(self._requests, [os.fsencode(folder)], [theirs.fileno()])
            link.settimeout(_SECONDS_TO_FORK)
            _, descriptors, _, _ = socket.recv_fds(link, 1, 1)
            if not descriptors:
                raise ConnectionResetError("the worker template has ended")
            undo.pop_all()
        return Worker(link, descriptors[0])

    def close(self) -> None:
        """End the template and its workers."""
        self._requests.close()
        self.process.terminate()  # ends its imports; later it ends its workers first, and counts their time
        try:
            self.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Worker:
    """A process that does one job; when the block that it is used in ends, so does the process."""

    def __init__(self, link: socket.socket, descriptor: int) -> None:
        self._link = link
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        os.close(self._descriptor)
        self._link.close()

    def wait(self, seconds: float) -> bool:
        """Return whether the process has ended within so many seconds; 0 for no limit."""
        deadline = time.monotonic() + seconds if seconds else float("inf")
        process = select.poll()
        process.register(self._descriptor, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            if process.poll(1000 * min(left, _SECONDS_BETWEEN_LOOKS)):
                return True
        return False

    def kill(self) -> None:
        """Kill the process, whatever it does."""
        with suppress(OSError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def exit_code(self) -> int | None:
        """Return how the process has ended, minus the signal that killed it; None where the template does not say."""
        self._link.settimeout(_SECONDS_TO_TELL)
        try:
            return int(self._link.recv(16))
        except (OSError, ValueError):
            return None
