"""What a tournament's files are restored from when a learner has deleted them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["KeptFiles"]

_MADE_ANEW = ("plans", "jobs")
"""Folders whose files are made again by who needs them."""


class KeptFiles:
    """Second names of a folder's files, beside it: they take no room, and outlive the deletion of the first ones.

    Args:
        folder: The comparison's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = folder.with_name(f".{folder.name}.kept")

    def restore_or_keep(self) -> bool:
        """Put back files that are missing, and return whether there were any; without, keep those that are new."""
        missing = [name for name in _files(self._kept) if not (self._folder / name).exists()]
        if missing:
            shutil.rmtree(self._folder / "plans", ignore_errors=True)
        for name in missing:
            _link(self._kept / name, self._folder / name)
        for name in _files(self._folder) if not missing else ():
            _link(self._folder / name, self._kept / name)
        return bool(missing)

    def forget(self) -> None:
        """Remove the second names."""
        shutil.rmtree(self._kept, ignore_errors=True)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _MADE_ANEW]
        yield from (Path(place, name).relative_to(folder) for name in names if not name.startswith("."))


def _link(source: Path, target: Path) -> None:
    with suppress(OSError):  # it is there already, or the file system has no second names
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
