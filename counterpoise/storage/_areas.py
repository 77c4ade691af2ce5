"""Local working files, separate from published ones and marked as in use by the process that works on them.

The mark is an operating system lock on a small file next to them. The lock ends with the process, however it ends. So
leftovers of a killed process are recognised at once, and files that another run is writing are left alone, regardless
of clocks.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TRIES = 1000


def lock_of(place: Path, name: str) -> Path:
    """Return the lock file for all working files of a name."""
    return place / f"{name}.lock"


def locks_in(place: Path) -> list[Path]:
    """Return the lock files in a place, sorted; names such as `..` are ignored, so that nothing else gets removed."""
    return sorted(lock for lock in place.glob("*.lock") if lock.name[0].isalnum())


@contextmanager
def own_area(place: Path, name: str = "") -> Iterator[Path]:
    """Create a folder for working files, marked as in use, and remove it at the end of the block.

    Args:
        place: The parent folder; created if it is missing, and removed if it ends up empty.
        name: The folder's name; unique by default.
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
    """Mark working files of a name as in use for the duration of the block."""
    descriptor = mark(place, name)
    try:
        yield
    finally:
        unmark(place, name, descriptor)


def mark(place: Path, name: str) -> int:
    """Mark working files of a name as in use until `unmark` or the end of the process; return the lock's descriptor.

    Several processes may hold the same mark, for example one that hangs and the retry of its run.
    """
    return _locked(place, name, fcntl.LOCK_SH)


def unmark(place: Path, name: str, descriptor: int) -> None:
    """Remove this process's mark, and the lock file if no other process holds it."""
    with suppress(OSError):
        if _try_exclusive(descriptor):
            lock_of(place, name).unlink(missing_ok=True)
    os.close(descriptor)
    sweep(place)


@contextmanager
def only_one(place: Path, name: str) -> Iterator[None]:
    """Let only one process at a time execute the block, which must be short."""
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
    """Check whether the process that marked working files has ended; no other process takes them over in the block.

    Args:
        lock: The lock file.

    Yields:
        Whether it has ended; None if the file system does not support locks.
    """
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # opening a pipe would block
    except OSError:  # it was just removed, or belongs to another user
        yield False
        return
    try:
        yield _is_abandoned(descriptor, lock)
    finally:
        os.close(descriptor)


def _is_abandoned(descriptor: int, lock: Path) -> bool | None:
    try:
        return _try_exclusive(descriptor) and _is_current(descriptor, lock)
    except _NoLocksError:
        return None


def make_folder(path: Path) -> None:
    """Create a folder and its parents, even if other processes remove empty folders at the same time."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError, FileExistsError):  # swept in the meantime
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
    """Open and lock the lock file, which another process may remove, with its folder, before it is locked."""
    lock = lock_of(place, name)
    for _ in range(_TRIES):
        make_folder(place)
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            continue
        with suppress(_NoLocksError):
            _flock(descriptor, kind)
        if _is_current(descriptor, lock):
            return descriptor
        os.close(descriptor)
    raise FileNotFoundError(f"{lock} keeps being removed")


class _NoLocksError(OSError):
    """The file system does not support locks."""


def _flock(descriptor: int, kind: int) -> None:
    try:
        fcntl.flock(descriptor, kind)
    except (BlockingIOError, InterruptedError):
        raise
    except OSError as error:
        raise _NoLocksError(error.errno, error.strerror) from error


def _try_exclusive(descriptor: int) -> bool:
    try:
        _flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_current(descriptor: int, lock: Path) -> bool:
    """Return whether an open lock file is still the one at that path."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except FileNotFoundError:
        return False
