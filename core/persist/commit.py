"""Making a version visible: a manifest that is created if absent, and nothing is ever renamed over."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from counterpoise.core.errors import PublishError
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.persist.part_files import sync_folder

__all__ = ["commit_manifest", "create_if_absent", "find_manifest", "read_manifest"]


def read_manifest(folder: DatasetFolder, version: int) -> dict[str, Any]:
    """Return a version's manifest."""
    manifest: dict[str, Any] = json.loads(folder.manifest(version).read_bytes())
    return manifest


def find_manifest(folder: DatasetFolder, run_key: str) -> dict[str, Any] | None:
    """Return the newest manifest with that run key, or None."""
    for version in reversed(folder.version_numbers()):
        manifest = read_manifest(folder, version)
        if manifest["run_key"] == run_key:
            return manifest
    return None


def commit_manifest(folder: DatasetFolder, manifest: dict[str, Any]) -> dict[str, Any]:
    """Publish under the next free number and return the manifest as published.

    Another run may have published the same run key meanwhile: then its manifest is returned and ours is not written.

    Args:
        folder: The dataset.
        manifest: Without `version` and `parent`, which are set here.
    """
    folder.versions.mkdir(parents=True, exist_ok=True)
    while True:
        published = find_manifest(folder, manifest["run_key"])
        if published is not None:
            return published
        parent = max(folder.version_numbers(), default=0)
        numbered = {"format": 1, "version": parent + 1, "parent": parent or None, **manifest}
        content = json.dumps(numbered, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        if create_if_absent(folder.manifest(parent + 1), content.encode()):
            return numbered


def create_if_absent(path: Path, content: bytes) -> bool:
    """Write a file whole under a name that nobody has taken; return False where somebody has.

    Raises:
        PublishError: The file system refuses.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with open(draft, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        sync_folder(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise PublishError(
            "cannot_write",
            expected=f"to create {path.name} in the dataset's folder",
            found=error.strerror or str(error),
            remedy="check space and permissions, then run again; nothing was published",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return True
