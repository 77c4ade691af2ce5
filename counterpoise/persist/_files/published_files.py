"""Compare a version's files with its manifest: all present, unchanged, and no others."""

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


@contextmanager
def checked_out(folder: DatasetFolder, names: Sequence[str], *, expected: Sequence[str] = ()) -> Iterator[Path]:
    """Provide the dataset's folder or, for an object store, a temporary copy of some of its folders.

    Args:
        folder: The dataset.
        names: The folders to provide, relative to the dataset.
        expected: Files to fetch even if a listing of their folder omits them.
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
    """Return the files that are missing, unexpected, symbolic links, or different from the manifest.

    Args:
        base: The dataset's folder or a copy of it.
        manifest: The version's manifest.
        only: Restrict the check to one part of the version, such as `keys/test`.
    """
    expected = {file.path: file for file in manifest.part_files(only)}
    present = _present(base, f"{manifest.data}/{only}" if only else manifest.data)
    if stored_as_recipe(LocalStore(base), manifest):
        removed = tuple(f"{manifest.data}/{name}/" for name in TRAIN_FOLDERS)
        expected = {path: file for path, file in expected.items() if not path.startswith(removed)}
        present = {path for path in present if not path.startswith(removed)}
    differences = [line for file in expected.values() if (line := _difference(base, file))]
    return differences + [f"{path}: not in the manifest" for path in sorted(present - set(expected))]


def _present(base: Path, place: str) -> set[str]:
    """Return all files below a folder; a symbolic link to a folder counts as a file."""
    found = [base / place, *(base / place).rglob("*")]
    return {
        path.relative_to(base).as_posix()
        for path in found
        if path.is_symlink() or (path.exists() and not path.is_dir())
    }


def _difference(base: Path, file: FileDigest) -> str:
    """Describe how a file differs from the published one; empty if it does not."""
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
