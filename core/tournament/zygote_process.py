"""A zygote as seen from the process that gives it orders."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ProcessEnded", "ZygoteProcess"]

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_PATIENCE = 10.0
"""Seconds that an idle process is given to end: it may still be making its imports."""


class ProcessEnded(Exception):  # noqa: N818  # what has happened, not always an error of somebody
    """The process of an order has ended without an answer.

    Args:
        code: Its exit code, or minus the signal that has killed it.
        late: How many seconds it was given, where it was killed because it took longer; else 0.
    """

    def __init__(self, code: int, late: float = 0.0) -> None:
        self.code = code
        self.late = late
        super().__init__(self.reason)

    @property
    def reason(self) -> str:
        """What is to be told."""
        if self.late:
            return f"took longer than {self.late / 60:g} minutes (timeouts.entry)"
        if self.code == -signal.SIGKILL:
            return "its process was killed, most likely for want of memory; lower tournament.max_train_rows or workers"
        how = f"signal {-self.code}" if self.code < 0 else f"code {self.code}"
        return f"its process ended with {how}"


class _End(NamedTuple):
    """How the process of an order has ended, and whether it took too long."""

    code: int
    late: bool


class ZygoteProcess:
    """A process that forks another one for each order; threads may ask side by side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._asked: dict[int, Future[_End]] = {}
        self._gone = False
        command = [sys.executable, "-P", "-m", "counterpoise.core.tournament.zygote"]
        self._process = subprocess.Popen(  # noqa: S603  # this program itself
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, **_ONE_THREAD},
        )  # fmt: skip
        self._send(sys.path)
        self._listener = threading.Thread(target=self._listen, name="tournament", daemon=True)
        self._listener.start()

    def ask(self, order: str, *, folder: Path, seconds: float = 0.0) -> dict[str, Any]:
        """Return the answer to an order.

        Args:
            order: The order as JSON text.
            folder: Where the answer is put down on its way; made if need be.
            seconds: How long its process may take before it is killed; 0 for no limit.

        Raises:
            OSError: This process is gone.
            ProcessEnded: The process of the order has ended without an answer.
        """
        folder.mkdir(parents=True, exist_ok=True)
        out, ended = folder / f".{uuid.uuid4().hex}.json", Future[_End]()
        with self._lock:
            if self._gone:
                raise _gone()
            number = next(self._numbers)
            self._asked[number] = ended
            self._send([number, str(out), order, seconds])
        end = ended.result()
        if end.code != 0:
            raise ProcessEnded(end.code, seconds if end.late else 0.0)
        answer: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        out.unlink()
        return answer

    def close(self) -> None:
        """End the process and what it has forked; orders under way are cut short."""
        if not self._asked:
            self._dismiss()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent cannot be any more
                if pipe is not None:
                    pipe.close()

    def _dismiss(self) -> None:
        """Let a process that has nothing to do end by itself, so that the time it took is accounted for."""
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        with suppress(OSError, subprocess.TimeoutExpired):
            self._process.stdin.close()
            self._process.wait(_PATIENCE)

    def _send(self, order: object) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        """Hand each answer to who waits for it; when the process is gone, tell everybody."""
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        for line in self._process.stdout:
            told = json.loads(line)
            self._asked.pop(told["number"]).set_result(_End(told["exit_code"], told["late"]))
        with self._lock:
            self._gone = True
            waiting = list(self._asked.values())
            self._asked.clear()
        for one in waiting:
            one.set_exception(_gone())


def _gone() -> OSError:
    return OSError(errno.EPIPE, "the process that plays entries is gone")
