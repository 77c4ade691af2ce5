"""Programs that tests start: they end however the test ends, and a busy machine may take its time."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeVar

__all__ = ["PATIENCE", "end", "running", "wait_until"]

T = TypeVar("T")

PATIENCE = 900.0
"""Seconds after which something that must happen is taken to never happen. No test depends on how fast it happens."""
_GRACE = 30.0


def wait_until(ask: Callable[[], T | None], *, what: str | Callable[[], str], program: Any = None) -> T:
    """Ask until the answer is true, and return it.

    Args:
        ask: The question.
        what: What is waited for, or a function that tells what there is to read when it does not happen.
        program: A process without which it cannot happen.
    """
    deadline, pause = time.monotonic() + PATIENCE, 0.1
    while not (answer := ask()):
        ended = program is not None and program.poll() is not None
        assert not ended, f"the program ended with code {program.returncode} before: {_text(what)}"
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {_text(what)}"
        time.sleep(pause)
        pause = min(1.1 * pause, 0.5)  # an answer of Prefect's server takes 20 ms of a processor
    return answer


@contextmanager
def running(command: list[str], **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program; end it and all that it has started when the block ends, or this process in whatever way.

    Args:
        command: The program and its arguments.
        settings: As `subprocess.Popen` takes them.
    """
    process = subprocess.Popen(command, start_new_session=True, **settings)
    _tell_guard(os.getpid(), f"+{process.pid}")
    try:
        yield process
    finally:
        end(process)
        _tell_guard(os.getpid(), f"-{process.pid}")


_GUARD = """
import os, signal, sys
left = set()
for line in sys.stdin:
    (left.add if line[0] == "+" else left.discard)(int(line[1:]))
for leader in left:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""
"""Ends the sessions that it was told of once the other end of its standard input is closed, as the system does."""


@cache
def _guard(owner: int) -> subprocess.Popen[str]:
    """Return the program that ends what a process leaves behind; a fork has one of its own."""
    command = [sys.executable, "-I", "-S", "-c", _GUARD]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
    atexit.register(_dismiss, guard, owner)
    return guard


def _dismiss(guard: subprocess.Popen[str], owner: int) -> None:
    if os.getpid() == owner:
        guard.communicate()


def _tell_guard(owner: int, what: str) -> None:
    stream = _guard(owner).stdin
    assert stream is not None
    stream.write(f"{what}\n")
    stream.flush()


def end(process: subprocess.Popen[bytes]) -> None:
    """End the leader of a session kindly, and then, without mercy, what is left of the session."""
    _signal_session(process, signal.SIGCONT)  # a test may have stopped it
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal_session(process, signal.SIGKILL)
    process.wait()


def _signal_session(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _text(what: str | Callable[[], str]) -> str:
    return what() if callable(what) else what
