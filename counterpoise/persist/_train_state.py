"""Train rows that come and go: a version stored as a recipe while somebody reads it.

They are there or not by the name of one folder, which is renamed as a whole. A reader who saw that midway looks again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from counterpoise.errors import StorageError
from counterpoise.persist._layout import TRAIN_FOLDERS, DatasetFolder
from counterpoise.persist._manifest import Manifest
from counterpoise.storage import Store

__all__ = ["in_a_steady_state", "stored_as_recipe"]

T = TypeVar("T")
_LOOKS = 100


def in_a_steady_state(folder: DatasetFolder, manifest: Manifest, look: Callable[[], T]) -> T:
    """Return what a look at a version finds; what it finds wrong counts only if no train rows came or went meanwhile.

    Args:
        folder: The dataset.
        manifest: The version's manifest.
        look: Returns what is wrong, nothing where all is right.

    Raises:
        StorageError: The rows come and go without a pause.
    """
    if manifest.settings.output.materialise != "recipe":
        return look()
    for _ in range(_LOOKS):
        before = _state(folder, manifest)
        try:
            found = look()
        except Exception:  # whatever a file that goes away while it is read leads to
            if _state(folder, manifest) == before:
                raise
            continue
        if not found or _state(folder, manifest) == before:
            return found
    raise StorageError(
        "restless_version",
        expected=f"train rows of version {manifest.version} that stay for the time of a look",
        found=f"rows that were put away or rebuilt during each of {_LOOKS} looks",
        remedy="look for what rebuilds the version over and over; try again",
    )


def _state(folder: DatasetFolder, manifest: Manifest) -> list[tuple[str, float, str]]:
    """Return what changes whenever train rows come or go: their files, and on this machine when their folders changed.

    Without the folders' moments, rows that come and go again within one look would not show.
    """
    data = manifest.data
    files = [file for name in TRAIN_FOLDERS for file in folder.store.files(f"{data}/{name}")]
    state = [(file.name, file.modified, file.tag) for file in files]
    for place in () if folder.remote else (data, f"{data}/keys"):
        with suppress(FileNotFoundError):
            state.append((place, (folder.path / place).stat().st_mtime, ""))
    return state


def stored_as_recipe(store: Store, manifest: Manifest) -> bool:
    """Return whether the train rows of a version were put away, to be rebuilt from source and recipe.

    The first file tells: it is the first one to be put away, and the last one to come back.

    Args:
        store: The dataset's files.
        manifest: The version's manifest.
    """
    if manifest.settings.output.materialise != "recipe":
        return False
    return not store.exists(min(file.path for file in manifest.part_files("train")))
