"""Running a function in a process that kills itself at a chosen point."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.processes import PATIENCE

Job = Callable[[Path], object]

# Forked from a server that has imported the engine but runs no thread: quick, and safe with Arrow's thread pools.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["tests.every_module", "imblearn.over_sampling", "pandas", "skrub", "great_expectations"]
)


def count_calls(job: Job, folder: Path, modules: tuple[str, ...]) -> int:
    """Return how many calls of functions of the given modules the job makes."""
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(job, folder, modules, 0, sender))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    return int(receiver.recv())


def kill_at_call(job: Job, folder: Path, modules: tuple[str, ...], call: int) -> int | None:
    """Run the job in a process that gets SIGKILL at the given call; return its exit code."""
    process = _CONTEXT.Process(target=_run, args=(job, folder, modules, call, None))
    process.start()
    process.join(PATIENCE)
    return process.exitcode


def _run(job: Job, folder: Path, modules: tuple[str, ...], kill_at: int, sender: Any) -> None:
    calls, lock = 0, threading.Lock()

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        if event == "call" and frame.f_globals.get("__name__", "").startswith(modules):
            with lock:
                calls += 1
                if calls == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    sys.setprofile(count)
    job(folder)
    sys.setprofile(None)
    if sender is not None:
        sender.send(calls)
