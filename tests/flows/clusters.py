"""A Dask scheduler and workers as real processes, as an administrator would start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import running, wait_until

__all__ = ["children_of", "dask_cluster", "kill"]


@contextmanager
def dask_cluster(folder: Path, *, workers: int) -> Iterator[tuple[str, int]]:
    """Run a scheduler and workers; yield the scheduler's address and the process that the workers are children of.

    Args:
        folder: Where both leave their files, `scheduler.pid` among them; the workers work there.
        workers: How many.
    """
    file = folder / "scheduler.json"
    # Workers must be able to import the pieces of tests; a piece is given up after three workers, not four.
    own = {"PYTHONPATH": str(Path(__file__).parents[2]), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2"}
    environment = {**os.environ, **own}
    quiet: dict[str, Any] = {
        "cwd": folder,
        "env": environment,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    worker = ["dask_worker", "--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"]
    with (
        running([*_python(scheduler), "--scheduler-file", str(file)], **quiet) as first,
        running([*_python(worker), "--scheduler-file", str(file)], **quiet) as second,
    ):
        folder.joinpath("scheduler.pid").write_text(str(first.pid))
        wait_until(file.exists, what="the scheduler starts", program=first)
        yield str(json.loads(file.read_text())["address"]), second.pid


def children_of(pid: int) -> list[int]:
    """Return the worker processes among a process's children."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(place.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
            command = place.joinpath("cmdline").read_text()
        except OSError:  # it has ended meanwhile
            continue
        if parent == pid and "spawn_main" in command:
            found.append(int(place.name))
    return found


def kill(pids: list[int]) -> None:
    """Kill processes without a warning."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _python(command: list[str]) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]]
