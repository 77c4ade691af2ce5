"""Interrupt a block of code that takes too long."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from counterpoise.runtime._executor import start_thread


class TimeIsUp(BaseException):
    """The time of a block is up. It is no `Exception`, so that no code in between takes it for a failure."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raise `TimeIsUp` in the block if it takes too long; such blocks may be nested.

    In the main thread an alarm interrupts waiting system calls, too; elsewhere the running call ends first.

    Args:
        seconds: How long the block may take.
    """
    alarm = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with _alarm(seconds) if alarm else _watch(seconds):
        yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    over = False

    def ring(*_: Any) -> None:
        if not over:
            raise TimeIsUp

    handler, started = signal.signal(signal.SIGALRM, ring), time.monotonic()
    outer, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        over = True
        left = max(outer - (time.monotonic() - started), 1e-6) if outer else 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextmanager
def _watch(seconds: float) -> Iterator[None]:
    done, leaving, thread = threading.Event(), threading.Lock(), threading.get_ident()

    def watch() -> None:
        if not done.wait(seconds):
            with leaving:
                if not done.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeIsUp))

    watcher = start_thread(watch, name="time-limit")
    try:
        yield
    finally:
        with leaving:
            done.set()
        watcher.join()
