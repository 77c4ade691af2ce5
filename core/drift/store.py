"""Where profiles lie: with the version that was published from the source."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from counterpoise.core.config import BalanceConfig
from counterpoise.core.drift.records import SourceProfile
from counterpoise.core.errors import IntegrityError
from counterpoise.core.persist.commit import read_manifest
from counterpoise.core.persist.layout import PROFILE_FILE, DatasetFolder
from counterpoise.core.storage import join_address

__all__ = ["Baseline", "find_baseline", "write_profile"]


@dataclass(frozen=True)
class Baseline:
    """The newest published version with a profile.

    Attributes:
        version: Its number.
        digest: The digest of its source.
        profile: What its source looked like.
    """

    version: int
    digest: str
    profile: SourceProfile


def write_profile(profile: SourceProfile, folder: Path) -> str:
    """Write a profile into a run's working area and return the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PROFILE_FILE
    path.write_text(profile.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return str(path)


def find_baseline(config: BalanceConfig, *, among: Sequence[int] | None = None) -> Baseline | None:
    """Return what the dataset's next delivery is compared with; None before the first version.

    Args:
        config: Names the dataset and its root.
        among: The versions to choose from, ascending: the last one with a profile is taken. All by default.

    Raises:
        IntegrityError: The profile is not what was published.
    """
    folder = DatasetFolder(config.output.root, config.name)
    for version in reversed(folder.version_numbers() if among is None else among):
        manifest = read_manifest(folder, version)
        name = f"{manifest.data}/{PROFILE_FILE}"
        digests = {file.path: file.sha256 for file in manifest.files}
        if name in digests:
            profile = _read(folder, name, digests[name])
            return Baseline(version, manifest.source.digest, profile)
    return None


def _read(folder: DatasetFolder, name: str, digest: str) -> SourceProfile:
    try:
        content = folder.store.read(name)
        if hashlib.sha256(content).hexdigest() == digest:
            return SourceProfile.model_validate_json(content)
        found = "other content"
    except (OSError, ValidationError) as error:
        found = type(error).__name__
    raise IntegrityError(
        "changed_profile",
        expected=f"{PROFILE_FILE} of the last version as it was published",
        found=found,
        remedy="restore it from a backup, or set validation.drift to off and validation.schema_changes to evolve",
        values={"file": join_address(folder.address, name)},
    )
