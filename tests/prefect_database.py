"""The database of a new Prefect server, made once: the migrations of each server take nine seconds of a processor."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest


def new_database(config: pytest.Config, folder: Path) -> Path:
    """Return an SQLite file as Prefect's migrations leave it, for servers to copy.

    Args:
        config: Whose cache keeps the file, if it has one.
        folder: Where the file lies otherwise.
    """
    cache = getattr(config, "cache", None)  # none where its plugin is off
    kept = cache.mkdir(f"prefect-{version('prefect')}") if cache else folder
    found = kept / "new.db"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers ask at the same time
        if not found.exists():
            _migrate(kept / "home")
            (kept / "home" / "prefect.db").rename(found)
    return found


def _migrate(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
    subprocess.run(command, check=True, env={**others, "PREFECT_HOME": str(home)}, capture_output=True)
