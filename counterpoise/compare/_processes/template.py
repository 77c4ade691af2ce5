"""The worker template as seen from the process that starts it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_SECONDS_TO_END = 10.0
"""How long a template may take to end after it is terminated."""

_SECONDS_TO_REPORT = 60.0
"""How long a template may take to report a worker's exit code before it counts as dead."""

_SECONDS_BETWEEN_POLLS = 1.0
"""How often a wait returns to Python, so that an exception from another thread can interrupt it."""


class Template:
    """A process that forks a worker for each job: see `worker_template`. Several threads may use it at once.

    Attributes:
        seconds_to_fork: How long it may take to fork a worker, including its imports, before it counts as dead.
    """

    seconds_to_fork = 120.0

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.settimeout(self.seconds_to_fork)
        import_path = json.dumps([str(Path(one).absolute()) for one in sys.path])  # workers change their directory
        with theirs:
            command = [sys.executable, "-P", "-m", "counterpoise.compare._processes.worker_template"]
            self.process = subprocess.Popen(  # noqa: S603  # this program itself
                [*command, str(theirs.fileno()), import_path, str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                start_new_session=True, env={**os.environ, **_ONE_THREAD},
            )  # fmt: skip

    def run(self, folder: Path, seconds: float) -> tuple[int | None, bool]:
        """Run the job of a folder in a worker, and kill the worker when the wait for it ends, for whatever reason.

        Args:
            folder: Contains the job.
            seconds: How long the worker may run once it is forked; 0 for no limit.

        Returns:
            The worker's exit code (minus the signal's number if it was killed), or None if the template does not report
            it; and whether the worker took too long.

        Raises:
            OSError: The template has exited, or does not answer.
        """
        link, theirs = socket.socketpair()
        with link:
            with theirs:
                socket.send_fds(self._requests, [os.fsencode(folder)], [theirs.fileno()])
            link.settimeout(self.seconds_to_fork)
            _, descriptors, _, _ = socket.recv_fds(link, 1, 1)
            if not descriptors:
                raise ConnectionResetError("the worker template has ended")
            try:
                late = not _wait(descriptors[0], seconds)
            finally:
                with suppress(OSError):
                    signal.pidfd_send_signal(descriptors[0], signal.SIGKILL)
                os.close(descriptors[0])
            return _exit_code(link), late

    def close(self) -> None:
        """End the template and its workers; threads may close it more than once."""
        self._requests.close()
        self.process.terminate()  # interrupts its imports; later it ends its workers first, and counts their time
        try:
            self.process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _wait(process: int, seconds: float) -> bool:
    """Return whether a process, given by its descriptor, has ended within a number of seconds; 0 for no limit."""
    deadline = time.monotonic() + seconds if seconds else float("inf")
    end = select.poll()
    end.register(process, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        if end.poll(1000 * min(left, _SECONDS_BETWEEN_POLLS)):
            return True
    return False


def _exit_code(link: socket.socket) -> int | None:
    """Return the exit code of a worker as the template reports it; None if it does not."""
    link.settimeout(_SECONDS_TO_REPORT)
    try:
        return int(link.recv(16))
    except (OSError, ValueError):
        return None
