"""Working files of this machine: apart from what is published, and marked by the process that works on them.

The mark is a lock of the operating system on a small file beside them. It ends with the process, however that ends, so
what a killed process has left is known at once, and what another run is writing is left alone whatever any clock says.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = [
    "abandoned",
    "lock_of",
    "locks_in",
    "make_folder",
    "mark",
    "marked",
    "only_one",
    "own_area",
    "sweep",
    "unmark",
]

_TRIES = 1000


def lock_of(place: Path, name: str) -> Path:
    """Return the lock file that stands for all working files of a name."""
    return place / f"{name}.lock"


def locks_in(place: Path) -> list[Path]:
    """Return the lock files in a place, sorted; of a file that stands for `..` nobody removes anything."""
    return sorted(lock for lock in place.glob("*.lock") if lock.name[0].isalnum())


@contextmanager
def own_area(place: Path, name: str = "") -> Iterator[Path]:
    """Give a new folder for working files, marked as in use; it goes when the block ends, however it ends.

    Args:
        place: Where working files lie; made where it is missing, and removed where nothing is left in it.
        name: The folder's name; by default one that nobody else has.
    """
    name = name or uuid.uuid4().hex
    with marked(place, name):
        area = place / name
        area.mkdir()
        try:
            yield area
        finally:
            shutil.rmtree(area, ignore_errors=True)


@contextmanager
def marked(place: Path, name: str) -> Iterator[None]:
    """Mark working files of a name as in use while the block lasts."""
    descriptor = mark(place, name)
    try:
        yield
    finally:
        unmark(place, name, descriptor)


def mark(place: Path, name: str) -> int:
    """Mark working files of a name as in use until `unmark`, or until the process ends; return what holds the mark.

    Several processes may: one that hangs, and the retry of its run.
    """
    return _locked(place, name, fcntl.LOCK_SH)


def unmark(place: Path, name: str, descriptor: int) -> None:
    """Take the mark away, for all if nobody else holds it."""
    with suppress(OSError):
        if _try_alone(descriptor):
            lock_of(place, name).unlink(missing_ok=True)
    os.close(descriptor)
    sweep(place)


@contextmanager
def only_one(place: Path, name: str) -> Iterator[None]:
    """Let one process after the other do something that is short."""
    descriptor = _locked(place, name, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            lock_of(place, name).unlink(missing_ok=True)
        os.close(descriptor)
        sweep(place)


@contextmanager
def abandoned(lock: Path) -> Iterator[bool | None]:
    """Say whether the process that marked working files is gone; while the block lasts, no other one takes them up.

    Args:
        lock: The lock file.

    Yields:
        None where the file system knows no locks, so that nobody can say.
    """
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # it may be a pipe, which would wait
    except OSError:  # it went just now, or belongs to somebody whose files we may not touch
        yield False
        return
    try:
        yield _is_abandoned(descriptor, lock)
    finally:
        os.close(descriptor)


def _is_abandoned(descriptor: int, lock: Path) -> bool | None:
    try:
        return _try_alone(descriptor) and _is_there(descriptor, lock)
    except _NoLocksError:
        return None


def make_folder(path: Path) -> None:
    """Make a folder, with those it lies in, although others may remove empty ones just now."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError, FileExistsError):  # swept between two looks
            path.mkdir(parents=True, exist_ok=True)
            return
        if path.exists() and not path.is_dir():
            break
    path.mkdir(parents=True, exist_ok=True)


def sweep(place: Path) -> None:
    """Remove the folder of working files if it is empty."""
    with suppress(OSError):
        place.rmdir()


def _locked(place: Path, name: str, kind: int) -> int:
    """Open the lock file and lock it; somebody may remove it, or its folder, before it is locked."""
    lock = lock_of(place, name)
    for _ in range(_TRIES):
        make_folder(place)
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            continue
        with suppress(_NoLocksError):
            _flock(descriptor, kind)
        if _is_there(descriptor, lock):
            return descriptor
        os.close(descriptor)
    raise FileNotFoundError(f"{lock} is removed again and again")


class _NoLocksError(OSError):
    """The file system knows no locks."""


def _flock(descriptor: int, kind: int) -> None:
    try:
        fcntl.flock(descriptor, kind)
    except (BlockingIOError, InterruptedError):
        raise
    except OSError as error:
        raise _NoLocksError(error.errno, error.strerror) from error


def _try_alone(descriptor: int) -> bool:
    try:
        _flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_there(descriptor: int, lock: Path) -> bool:
    """Whether an open lock file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except FileNotFoundError:
        return False
