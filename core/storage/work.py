"""Local places for what lies in an object store: working areas of runs, and copies that are read and written.

A working area has a name that a retry of the run finds again. Copies belong to a process and go with it; what a killed
process has left is removed by a later one.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
import time
from functools import lru_cache
from pathlib import Path

from counterpoise.core.digest import json_sha256
from counterpoise.core.errors import ConfigError

__all__ = ["KEEP_SECONDS", "copies_folder", "last_touched", "reclaim_copies", "work_folder"]

KEEP_SECONDS = 7 * 24 * 3600
"""How long leftovers of crashed runs are kept."""


def work_folder(address: str) -> Path:
    """Return the folder for working areas of runs on what lies at an address."""
    return _own_folder() / "work" / _short(address)


def copies_folder(address: str) -> Path:
    """Return this process's folder for copies of files that lie at an address; it goes when the process ends."""
    return _process_folder(os.getpid()) / _short(address)


def reclaim_copies() -> None:
    """Remove copies that processes which were killed left behind more than a week ago."""
    for path in (_own_folder() / "copies").glob("*"):
        if path != _process_folder(os.getpid()) and time.time() - last_touched(path) > KEEP_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def last_touched(folder: Path) -> float:
    """Return when anything in a folder was last written, in seconds since 1970."""
    return max((path.stat().st_mtime for path in [folder, *folder.rglob("*")] if path.exists()), default=0.0)


def _short(address: str) -> str:
    return json_sha256(address)[:20]


def _own_folder() -> Path:
    """Return a folder of this user's in the system's place for temporary files (`TMPDIR`), closed to others."""
    folder = Path(tempfile.gettempdir(), f"counterpoise-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigError(
            "work_folder",
            expected=f"a folder of this user's own at {folder}",
            found="somebody else's, or no folder",
            remedy="remove it, or set TMPDIR to another place",
        )
    return folder


@lru_cache(maxsize=1)
def _process_folder(process: int) -> Path:
    """Return the process's folder, made on first use. A fork has another number, and a folder of its own."""
    place = _own_folder() / "copies"
    place.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{process}-", dir=place))
    atexit.register(_remove, folder, process)
    return folder


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
