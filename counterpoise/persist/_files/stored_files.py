"""Read small files of a dataset into models, without following symbolic links."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from counterpoise.errors import IntegrityError
from counterpoise.persist._layout import DatasetFolder
from counterpoise.records import DAMAGE_LOGGER, MAX_BYTES, RESTORE, StoredModel, parse_stored, unreadable
from counterpoise.runtime import unreadable_for_the_system
from counterpoise.storage import join_address


def read_stored(folder: DatasetFolder, model: type[StoredModel], name: str, *, remedy: str = RESTORE) -> StoredModel:
    """Read a file of a dataset as a model.

    Args:
        folder: The dataset.
        model: The model to validate against.
        name: Its name within the dataset.
        remedy: The remedy to give in the error.

    Raises:
        FileNotFoundError: There is no such file.
        IntegrityError: The file is damaged, unreadable, or reached through a symbolic link.
    """
    content = read_plain_file(folder, name, remedy=remedy)
    return parse_stored(model, content, place=join_address(folder.address, name), remedy=remedy)


def read_plain_file(folder: DatasetFolder, name: str, *, remedy: str = RESTORE) -> bytes:
    """Return the bytes of a small regular file, and refuse symbolic links on the way to it.

    Args:
        folder: The dataset.
        name: Its name within the dataset.
        remedy: The remedy to give in the error.

    Raises:
        FileNotFoundError: There is no such file.
        IntegrityError: The file is unreadable, too large, or reached through a symbolic link.
    """
    place = join_address(folder.address, name)
    try:
        if problem := "" if folder.remote else _why_not_plain(folder.path, name):
            raise unreadable(place, problem, remedy=remedy)
        return folder.store.read(name)
    except FileNotFoundError:
        raise
    except OSError as error:
        found, refused = error.strerror or type(error).__name__, unreadable_for_the_system(error, place=place)
        if refused is None:
            raise unreadable(place, found, remedy=remedy) from error
        raise unreadable(place, found, remedy=refused.remedy, reason=refused.reason) from error  # nothing is damaged


def is_there(folder: DatasetFolder, name: str) -> bool:
    """Return whether a dataset contains a file of that name, readable or not.

    Args:
        folder: The dataset.
        name: The name within the dataset.
    """
    if folder.remote:
        return folder.store.exists(name)
    path = folder.path / name
    return path.is_symlink() or path.exists()


def _why_not_plain(base: Path, name: str) -> str:
    """Describe what prevents reading a path as a plain file; empty if nothing does."""
    parts = name.split("/")
    for depth in range(1, len(parts) + 1):
        path = base.joinpath(*parts[:depth])
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return f"a symbolic link at {'/'.join(parts[:depth])}, which Counterpoise does not follow"
        if depth < len(parts) and not stat.S_ISDIR(found.st_mode):
            return f"a file at {'/'.join(parts[:depth])}, where a folder should be"
    if not stat.S_ISREG(found.st_mode):
        return "something that is not a regular file"
    return f"{found.st_size:,} bytes, where at most {MAX_BYTES:,} are read" if found.st_size > MAX_BYTES else ""


def problem_of(error: IntegrityError) -> str:
    """Describe the problem of a stored file in a sentence.

    Args:
        error: An error raised by `read_stored`.
    """
    return f"{error.values.get('file', 'a file')} cannot be used: {error.found}; what to do: {error.remedy}"


def pass_over(error: IntegrityError, consequence: str) -> None:
    """Warn about a stored file that cannot be used, when work continues without it.

    Args:
        error: An error raised by `read_stored`.
        consequence: What happens instead, in a sentence.
    """
    logging.getLogger(DAMAGE_LOGGER).warning("%s: %s", consequence, problem_of(error))
