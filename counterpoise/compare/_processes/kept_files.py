"""Hard links from which a comparison's files are restored after a learner has deleted them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_RECREATED = ("plans", "jobs")
"""Folders whose files are recreated on demand."""


class KeptFiles:
    """Hard links to a folder's files, next to the folder: they take no space and outlive the originals.

    Args:
        folder: The comparison's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = folder.with_name(f".{folder.name}.kept")

    def restore_or_keep(self) -> bool:
        """Restore missing files and return whether there were any; if there were none, link new files."""
        missing = [name for name in _files(self._kept) if not (self._folder / name).exists()]
        if missing:
            shutil.rmtree(self._folder / "plans", ignore_errors=True)
        for name in missing:
            _link(self._kept / name, self._folder / name)
        for name in _files(self._folder) if not missing else ():
            _link(self._folder / name, self._kept / name)
        return bool(missing)

    def forget(self) -> None:
        """Remove the links."""
        shutil.rmtree(self._kept, ignore_errors=True)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _RECREATED]
        yield from (Path(place, name).relative_to(folder) for name in names if not name.startswith("."))


def _link(source: Path, target: Path) -> None:
    with suppress(OSError):  # the link exists, or the file system has no hard links
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
