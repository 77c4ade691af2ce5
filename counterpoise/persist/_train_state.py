"""Read a version while another process may remove or rebuild its train rows.

The rows appear and disappear with the rename of one folder. A reader that overlaps with the rename retries.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from counterpoise.errors import StorageError
from counterpoise.persist._layout import TRAIN_FOLDERS, DatasetFolder
from counterpoise.persist._manifest import Manifest
from counterpoise.storage import Store

T = TypeVar("T")
_MAX_CHECKS = 100


def run_until_stable(folder: DatasetFolder, manifest: Manifest, check: Callable[[], T]) -> T:
    """Run a check until train rows stay unchanged during it, and return what it finds.

    Args:
        folder: The dataset.
        manifest: The version's manifest.
        check: Returns the problems found; empty if there are none.

    Raises:
        StorageError: The train rows keep changing.
    """
    if manifest.settings.output.materialise != "recipe":
        return check()
    for _ in range(_MAX_CHECKS):
        before = _state(folder, manifest)
        try:
            found = check()
        except Exception:  # a file that vanishes during the read can raise anything
            if _state(folder, manifest) == before:
                raise
            continue
        if not found or _state(folder, manifest) == before:
            return found
    raise StorageError(
        "restless_version",
        expected=f"train rows of version {manifest.version} that stay unchanged during a check",
        found=f"rows that were removed or rebuilt during each of {_MAX_CHECKS} checks",
        remedy="find the process that keeps rebuilding the version, then try again",
    )


def _state(folder: DatasetFolder, manifest: Manifest) -> list[tuple[str, float, str]]:
    """Return a value that changes whenever train rows are removed or rebuilt: their files and, locally, folder mtimes.

    Without the mtimes, rows that disappear and return during one check would go unnoticed.
    """
    data = manifest.data
    files = [file for name in TRAIN_FOLDERS for file in folder.store.files(f"{data}/{name}")]
    state = [(file.name, file.modified, file.tag) for file in files]
    for place in () if folder.remote else (data, f"{data}/keys"):
        with suppress(FileNotFoundError):
            state.append((place, (folder.path / place).stat().st_mtime, ""))
    return state


def stored_as_recipe(store: Store, manifest: Manifest) -> bool:
    """Return whether a version's train rows were removed and must be rebuilt from source and recipe.

    Only the first file is checked: it is removed first and restored last.

    Args:
        store: The dataset's files.
        manifest: The version's manifest.
    """
    if manifest.settings.output.materialise != "recipe":
        return False
    return not store.exists(min(file.path for file in manifest.part_files("train")))
