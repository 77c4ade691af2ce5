"""Making a version visible: a manifest that is created if absent, and nothing is ever renamed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from counterpoise.core.errors import IntegrityError, StorageUnavailableError
from counterpoise.core.persist.layout import DatasetFolder, manifest_name
from counterpoise.core.persist.manifest import Facts, Manifest
from counterpoise.core.storage import join_address
from counterpoise.core.storage.attempts import Patience, paced
from counterpoise.core.stored_json import parse_stored

__all__ = [
    "commit_manifest",
    "damaged_manifests",
    "find_manifest",
    "manifest_sha256",
    "read_manifest",
    "read_manifests",
    "referenced_data",
]

_AT_A_TIME = 16
_MAX_BYTES = 16 * 2**20
_OLD = b'{\n "format": 1,'
_PATIENCE = Patience(tries=60, seconds=60.0, first=0.05, longest=2.0)
"""How long a number is tried for: many runs may publish at once, and each that is faster takes one."""


def read_manifest(folder: DatasetFolder, version: int) -> Manifest:
    """Return a version's manifest.

    Raises:
        FileNotFoundError: There is none.
        IntegrityError: It is damaged, was changed, or is another version's.
    """
    folder.refuse_links(manifest_name(version))
    return _parse(folder, version, folder.store.read(manifest_name(version)))


def manifest_sha256(folder: DatasetFolder, version: int) -> str:
    """Return the SHA-256 of a manifest's bytes, hexadecimal: what later records name to say which version they mean."""
    return hashlib.sha256(folder.store.read(manifest_name(version))).hexdigest()


def read_manifests(folder: DatasetFolder) -> Iterator[Manifest]:
    """Yield the manifests that can be read, the newest first; a damaged one costs itself alone."""
    yield from (manifest for manifest in _read_all(folder) if isinstance(manifest, Manifest))


def damaged_manifests(folder: DatasetFolder) -> list[IntegrityError]:
    """Return why manifests cannot be read, the newest first."""
    return [error for error in _read_all(folder) if isinstance(error, IntegrityError)]


def referenced_data(folder: DatasetFolder) -> set[str] | None:
    """Return the names of the data folders that manifests refer to; None where a manifest is damaged or missing."""
    numbers, found = folder.version_numbers(), list(_read_all(folder))
    known = {Path(manifest.data).name for manifest in found if isinstance(manifest, Manifest)}
    whole = numbers == list(range(1, len(numbers) + 1)) and len(known) == len(numbers)
    return known if whole and known <= set(folder.store.folders("data")) else None


def _read_all(folder: DatasetFolder) -> Iterator[Manifest | IntegrityError]:
    """Yield each manifest, or why it cannot be read, the newest first."""
    for number, content in _contents(folder):
        try:
            folder.refuse_links(manifest_name(number))
            yield _parse(folder, number, content)
        except IntegrityError as error:
            yield error


def _contents(folder: DatasetFolder) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each manifest, the newest first and alone: it is the one most asked for."""
    numbers = folder.version_numbers()[::-1]
    for chosen in (numbers[:1], *(numbers[start : start + _AT_A_TIME] for start in range(1, len(numbers), _AT_A_TIME))):
        contents = folder.store.read_many([manifest_name(number) for number in chosen])
        yield from zip(chosen, contents, strict=True)


def _parse(folder: DatasetFolder, version: int, content: bytes) -> Manifest:
    place = join_address(folder.address, manifest_name(version))
    if content.startswith(_OLD):
        raise IntegrityError(
            "older_format",
            expected=f"a manifest of format 2 in {place}",
            found="one of format 1, which neither signs itself nor names its parent",
            remedy="publish the dataset again; the files of the old version stay where they are",
            values={"file": place},
        )
    manifest = parse_stored(Manifest, content, place=place, max_bytes=_MAX_BYTES)
    if manifest.version != version:
        raise IntegrityError(
            "other_version",
            expected=f"the manifest of version {version} in {place}",
            found=f"that of version {manifest.version}",
            remedy="restore the file from a backup",
            values={"file": place},
        )
    return manifest


def find_manifest(folder: DatasetFolder, run_key: str) -> Manifest | None:
    """Return the newest manifest with that run key, or None; only those that hold its text are read as such."""
    for number, content in _contents(folder):
        if run_key.encode() in content:
            with suppress(IntegrityError):  # a damaged manifest costs itself alone
                manifest = _parse(folder, number, content)
                if manifest.run_key == run_key:
                    return manifest
    return None


def commit_manifest(folder: DatasetFolder, facts: Facts) -> Manifest:
    """Publish under the next free number and return the manifest as published.

    Another run may have published the same run key meanwhile: then its manifest is returned and ours is not written.

    Args:
        folder: The dataset.
        facts: What the version says of itself.

    Raises:
        StorageUnavailableError: Others took each number for a minute, or the store fails.
    """
    for _ in paced(_PATIENCE):
        published = find_manifest(folder, facts.run_key)
        if published is not None:
            return published
        parent = max(folder.version_numbers(), default=0)
        numbered = Manifest.of(
            facts,
            version=parent + 1,
            parent=parent or None,
            parent_sha256=manifest_sha256(folder, parent) if parent else "",
        )
        if folder.store.create(manifest_name(parent + 1), numbered.text().encode()):
            return numbered
    raise StorageUnavailableError(
        "no_free_number",
        expected=f"a free version number in {folder.address} within {_PATIENCE.seconds:g} seconds",
        found=f"that others took each one that was tried, {parent + 1} the last",
        remedy="run again when fewer runs publish to this dataset",
        values={"last": parent + 1},
    )
