"""Small files of a dataset, read as what they must be; nothing is read through a symbolic link."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from counterpoise.errors import IntegrityError
from counterpoise.persist._layout import DatasetFolder
from counterpoise.records import DAMAGE_LOGGER, MAX_BYTES, RESTORE, StoredModel, parse_stored, unreadable
from counterpoise.storage import join_address

__all__ = ["is_there", "pass_over", "problem_of", "read_plain_file", "read_stored"]


def read_stored(folder: DatasetFolder, model: type[StoredModel], name: str, *, remedy: str = RESTORE) -> StoredModel:
    """Return what a file of a dataset says, as a model.

    Args:
        folder: The dataset.
        model: What the file must be.
        name: Its name within the dataset.
        remedy: What the reader of the error can do.

    Raises:
        FileNotFoundError: There is none.
        IntegrityError: It is damaged, cannot be read, or lies behind a symbolic link.
    """
    content = read_plain_file(folder, name, remedy=remedy)
    return parse_stored(model, content, place=join_address(folder.address, name), remedy=remedy)


def read_plain_file(folder: DatasetFolder, name: str, *, remedy: str = RESTORE) -> bytes:
    """Return the bytes of a small file of a dataset, which is a file itself and lies in folders that are such.

    Args:
        folder: The dataset.
        name: Its name within the dataset.
        remedy: What the reader of the error can do.

    Raises:
        FileNotFoundError: There is none.
        IntegrityError: It cannot be read, is too large, or lies behind a symbolic link.
    """
    place = join_address(folder.address, name)
    try:
        if problem := "" if folder.remote else _why_not_plain(folder.path, name):
            raise unreadable(place, problem, remedy=remedy)
        return folder.store.read(name)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(place, error.strerror or type(error).__name__, remedy=remedy) from error


def is_there(folder: DatasetFolder, name: str) -> bool:
    """Return whether a dataset has anything of that name, be it readable or not.

    Args:
        folder: The dataset.
        name: The name within the dataset.
    """
    if folder.remote:
        return folder.store.exists(name)
    path = folder.path / name
    return path.is_symlink() or path.exists()


def _why_not_plain(base: Path, name: str) -> str:
    """Return what on the way to a file is no plain folder or file; an empty text where all is well."""
    parts = name.split("/")
    for depth in range(1, len(parts) + 1):
        path = base.joinpath(*parts[:depth])
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return f"a symbolic link at {'/'.join(parts[:depth])}, which is not followed"
        if depth < len(parts) and not stat.S_ISDIR(found.st_mode):
            return f"a file at {'/'.join(parts[:depth])}, where a folder belongs"
    if not stat.S_ISREG(found.st_mode):
        return "something that is no file"
    return f"{found.st_size:,} bytes, where at most {MAX_BYTES:,} are read" if found.st_size > MAX_BYTES else ""


def problem_of(error: IntegrityError) -> str:
    """Return what is wrong with a stored file in a sentence.

    Args:
        error: As `read_stored` raises it.
    """
    return f"{error.values.get('file', 'a file')} cannot be used: {error.found}; what to do: {error.remedy}"


def pass_over(error: IntegrityError, consequence: str) -> None:
    """Warn of a stored file that cannot be used, where work goes on without it.

    Args:
        error: As `read_stored` raises it.
        consequence: What is done instead, in a sentence.
    """
    logging.getLogger(DAMAGE_LOGGER).warning("%s: %s", consequence, problem_of(error))
