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
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from counterpoise.errors import ConfigError
from counterpoise.runtime import json_sha256
from counterpoise.storage._areas import abandoned, lock_of, locks_in, mark, own_area, unmark

__all__ = [
    "KEEP_SECONDS",
    "copies_folder",
    "last_touched",
    "local_clock",
    "reclaim_copies",
    "remove_old",
    "scratch_folder",
    "work_folder",
]

KEEP_SECONDS = 7 * 24 * 3600
"""How long leftovers are kept of which nobody can say whether they are still in use."""


def work_folder(address: str) -> Path:
    """Return the folder for working areas of runs on what lies at an address."""
    return _own_folder() / "work" / _short(address)


def copies_folder(address: str) -> Path:
    """Return this process's folder for copies of files that lie at an address; it goes when the process ends."""
    return _process_folder(os.getpid()) / _short(address)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder in the system's place for temporary files; what killed processes have left there goes first."""
    place = _own_folder() / "scratch"
    _remove_abandoned(place)
    with own_area(place) as area:
        yield area


def reclaim_copies() -> None:
    """Remove copies that processes which were killed have left behind."""
    place = _own_folder() / "copies"
    _remove_abandoned(place)
    remove_old(place, place)


def _remove_abandoned(place: Path) -> None:
    for lock in locks_in(place):
        with abandoned(lock) as gone:
            if gone:
                shutil.rmtree(place / lock.stem, ignore_errors=True)
                lock.unlink(missing_ok=True)


def remove_old(folder: Path, marks: Path) -> list[str]:
    """Remove what lies in a folder for more than a week without a mark; return the names of what was removed.

    Args:
        folder: Where to look.
        marks: Where the marks of what is in use lie.
    """
    found = [path for path in folder.glob("*") if path.is_dir() and not lock_of(marks, path.name).exists()]
    now = local_clock(folder) if found else 0.0
    old = [path for path in found if now - last_touched(path) > KEEP_SECONDS]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in old]


def local_clock(folder: Path) -> float:
    """Return what time it is for the file system of a folder, which may be another machine's."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_mtime


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
