"""The files of a version: which must be there, with which bytes, and nothing beside them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from counterpoise.persist._layout import TRAIN_FOLDERS, DatasetFolder, link_on_the_way
from counterpoise.persist._manifest import Manifest
from counterpoise.persist._train_state import stored_as_recipe
from counterpoise.records import FileDigest
from counterpoise.runtime import file_sha256
from counterpoise.storage import LocalStore, download

__all__ = ["changed_files", "checked_out"]


@contextmanager
def checked_out(folder: DatasetFolder, names: Sequence[str], *, expected: Sequence[str] = ()) -> Iterator[Path]:
    """Give the dataset's folder or, of an object store, a copy of some of its folders, read anew and soon gone.

    Args:
        folder: The dataset.
        names: The folders that are wanted, relative to the dataset.
        expected: Files that should lie in one of them, whatever a listing of it leaves out.
    """
    if not folder.remote:
        yield folder.path
        return
    folder.local.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.local) as place:
        for name in names:
            within = [path for path in expected if path.startswith(f"{name}/")]
            download(folder.store, name, Path(place), expected=within)
        yield Path(place)


def changed_files(base: Path, manifest: Manifest, *, only: str = "") -> list[str]:
    """Return which files are missing, too many, links, or not the bytes that the manifest says.

    Args:
        base: The dataset's folder, or a copy of it.
        manifest: The version's manifest.
        only: The part of the version to look at alone, such as `keys/test`.
    """
    expected = {file.path: file for file in manifest.part_files(only)}
    present = _present(base, f"{manifest.data}/{only}" if only else manifest.data)
    if stored_as_recipe(LocalStore(base), manifest):
        away = tuple(f"{manifest.data}/{name}/" for name in TRAIN_FOLDERS)
        expected = {path: file for path, file in expected.items() if not path.startswith(away)}
        present = {path for path in present if not path.startswith(away)}
    differences = [line for file in expected.values() if (line := _difference(base, file))]
    return differences + [f"{path}: not in the manifest" for path in sorted(present - set(expected))]


def _present(base: Path, place: str) -> set[str]:
    """Return everything below a place that is no folder; a folder that is a link counts as one."""
    found = [base / place, *(base / place).rglob("*")]
    return {
        path.relative_to(base).as_posix()
        for path in found
        if path.is_symlink() or (path.exists() and not path.is_dir())
    }


def _difference(base: Path, file: FileDigest) -> str:
    """Return what is wrong with a file; an empty text where it is as published."""
    target = base / file.path
    if link_on_the_way(base, file.path) is not None:
        return f"{file.path}: reached through a symbolic link"
    if not target.is_file():
        return f"{file.path}: missing"
    size = target.stat().st_size
    if size != file.bytes:
        return f"{file.path}: {size} bytes instead of {file.bytes}"
    found = file_sha256(target)
    return "" if found == file.sha256 else f"{file.path}: SHA-256 {found[:16]}… instead of {file.sha256[:16]}…"
