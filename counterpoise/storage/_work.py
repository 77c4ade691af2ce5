"""Local folders for data in an object store: working areas of runs, and copies to read and write.

A retry of a run finds the working area again by its name. Copies belong to a process and are removed when it ends; a
later process removes what a killed one has left.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from counterpoise.errors import ConfigError
from counterpoise.runtime import json_sha256
from counterpoise.storage._areas import abandoned, lock_of, locks_in, mark, own_area, unmark

KEEP_SECONDS = 7 * 24 * 3600
"""How long leftovers are kept if it is unknown whether they are still in use."""


def work_folder(address: str) -> Path:
    """Return the folder for working areas of runs on an address."""
    return _own_folder() / "work" / _short(address)


def copies_folder(address: str) -> Path:
    """Return this process's folder for copies of files at an address; it is removed when the process ends."""
    return _process_folder(os.getpid()) / _short(address)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder in the system's temporary directory after removing the leftovers of killed processes."""
    place = _own_folder() / "scratch"
    _remove_abandoned(place)
    with own_area(place) as area:
        yield area


def reclaim_copies() -> None:
    """Remove copies that killed processes have left behind."""
    place = _own_folder() / "copies"
    _remove_abandoned(place)
    remove_old(place, place)


def _remove_abandoned(place: Path) -> None:
    for lock in locks_in(place):
        with abandoned(lock) as is_abandoned:
            if is_abandoned:
                shutil.rmtree(place / lock.stem, ignore_errors=True)
                lock.unlink(missing_ok=True)


def remove_old(folder: Path, marks: Path) -> list[str]:
    """Remove unmarked subfolders that have not been written for more than a week; return their names.

    Args:
        folder: The folder to clean.
        marks: The folder with the marks of subfolders in use.
    """
    found = [path for path in folder.glob("*") if path.is_dir() and not lock_of(marks, path.name).exists()]
    now = local_clock(folder) if found else 0.0
    old = [path for path in found if now - last_touched(path) > KEEP_SECONDS]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in old]


def local_clock(folder: Path) -> float:
    """Return the current time of a folder's file system, which may belong to another machine."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_mtime


def last_touched(folder: Path) -> float:
    """Return the time of the last write in a folder, in seconds since 1970."""
    return max((path.stat().st_mtime for path in [folder, *folder.rglob("*")] if path.exists()), default=0.0)


def _short(address: str) -> str:
    return json_sha256(address)[:20]


def _own_folder() -> Path:
    """Return this user's private folder in the system's temporary directory (`TMPDIR`)."""
    folder = Path(tempfile.gettempdir(), f"counterpoise-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigError(
            "work_folder",
            expected=f"a folder that belongs to this user at {folder}",
            found="another user's folder, or something that is not a folder",
            remedy="remove it, or set TMPDIR to another location",
        )
    return folder


@lru_cache(maxsize=1)
def _process_folder(process: int) -> Path:
    """Return the process's folder, creating it on first use. A fork has another process id and its own folder."""
    place = _own_folder() / "copies"
    name = f"{process}-{os.urandom(6).hex()}"
    descriptor = mark(place, name)
    folder = place / name
    folder.mkdir(mode=0o700)
    atexit.register(_remove, folder, process, descriptor)
    return folder


def _remove(folder: Path, process: int, descriptor: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
        unmark(folder.parent, folder.name, descriptor)
