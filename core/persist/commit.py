"""Making a version visible: a manifest that is created if absent, and nothing is ever renamed over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from counterpoise.core.errors import StorageUnavailableError
from counterpoise.core.persist.layout import DatasetFolder, manifest_name
from counterpoise.core.storage.attempts import Patience, paced

__all__ = ["commit_manifest", "find_manifest", "manifest_sha256", "read_manifest", "read_manifests"]

_AT_A_TIME = 16
_PATIENCE = Patience(tries=60, seconds=60.0, first=0.05, longest=2.0)
"""How long a number is tried for: many runs may publish at once, and each that is faster takes one."""


def read_manifest(folder: DatasetFolder, version: int) -> dict[str, Any]:
    """Return a version's manifest."""
    manifest: dict[str, Any] = json.loads(folder.store.read(manifest_name(version)))
    return manifest


def manifest_sha256(folder: DatasetFolder, version: int) -> str:
    """Return the SHA-256 of a manifest's bytes, hexadecimal: what later records name to say which version they mean."""
    return hashlib.sha256(folder.store.read(manifest_name(version))).hexdigest()


def read_manifests(folder: DatasetFolder) -> Iterator[dict[str, Any]]:
    """Yield the manifests of all versions, the newest first: it alone at first, for it is the one most asked for."""
    numbers = folder.version_numbers()[::-1]
    for chosen in (numbers[:1], *(numbers[start : start + _AT_A_TIME] for start in range(1, len(numbers), _AT_A_TIME))):
        yield from map(json.loads, folder.store.read_many([manifest_name(number) for number in chosen]))


def find_manifest(folder: DatasetFolder, run_key: str) -> dict[str, Any] | None:
    """Return the newest manifest with that run key, or None."""
    return next((manifest for manifest in read_manifests(folder) if manifest["run_key"] == run_key), None)


def commit_manifest(folder: DatasetFolder, manifest: dict[str, Any]) -> dict[str, Any]:
    """Publish under the next free number and return the manifest as published.

    Another run may have published the same run key meanwhile: then its manifest is returned and ours is not written.

    Args:
        folder: The dataset.
        manifest: Without `version` and `parent`, which are set here.

    Raises:
        StorageUnavailableError: Others took each number for a minute, or the store fails.
    """
    for _ in paced(_PATIENCE):
        published = find_manifest(folder, manifest["run_key"])
        if published is not None:
            return published
        parent = max(folder.version_numbers(), default=0)
        numbered = {"format": 1, "version": parent + 1, "parent": parent or None, **manifest}
        content = json.dumps(numbered, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        if folder.store.create(manifest_name(parent + 1), content.encode()):
            return numbered
    raise StorageUnavailableError(
        "no_free_number",
        expected=f"a free version number in {folder.address} within {_PATIENCE.seconds:g} seconds",
        found=f"that others took each one that was tried, {parent + 1} the last",
        remedy="run again when fewer runs publish to this dataset",
        values={"last": parent + 1},
    )
