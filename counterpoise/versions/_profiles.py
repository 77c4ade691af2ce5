"""Read and write source profiles, which are stored with the version published from the source."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.drift import SourceProfile
from counterpoise.errors import IntegrityError
from counterpoise.persist import PROFILE_FILE, DatasetFolder, pass_over, read_manifest, read_plain_file
from counterpoise.records import parse_stored, unreadable
from counterpoise.storage import join_address

_REMEDY = "restore it from a backup, or set validation.drift to off and validation.schema_changes to evolve"


@dataclass(frozen=True)
class Baseline:
    """The newest published version with a profile.

    Attributes:
        version: Its number.
        digest: The digest of its source.
        profile: The profile of its source.
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
    """Return the profile to compare the dataset's next delivery with; None before the first version.

    A version with an unreadable manifest or profile is skipped with a warning if another one is left. If none is left,
    this fails: comparing a delivery with nothing is no safer than accepting one that differs.

    Args:
        config: Identifies the dataset and its root.
        among: The versions to choose from, ascending; the last one with a profile is used. All by default.

    Raises:
        IntegrityError: Every profile was changed or damaged.
    """
    folder = DatasetFolder.of(config)
    known = folder.version_numbers()
    damaged: list[tuple[int, IntegrityError]] = []
    found: Baseline | None = None
    for version in reversed([number for number in known if among is None or number in among]):
        try:
            found = _baseline(folder, version)
        except IntegrityError as error:
            damaged.append((version, error))
        if found is not None:
            break
    if damaged and found is None:
        raise damaged[0][1]
    for version, problem in damaged:
        pass_over(problem, f"the profile of version {version} is skipped")
    return found


def _baseline(folder: DatasetFolder, version: int) -> Baseline | None:
    manifest = read_manifest(folder, version)
    name = f"{manifest.data}/{PROFILE_FILE}"
    digests = {file.path: file.sha256 for file in manifest.files}
    if name not in digests:
        return None
    return Baseline(version, manifest.source.digest, _read(folder, name, digests[name]))


def _read(folder: DatasetFolder, name: str, digest: str) -> SourceProfile:
    place = join_address(folder.address, name)
    try:
        content = read_plain_file(folder, name, remedy=_REMEDY)
        found = "" if hashlib.sha256(content).hexdigest() == digest else "content that differs from the published file"
    except FileNotFoundError:
        found = "no such file"
    if found:
        raise IntegrityError(
            "changed_profile",
            expected=f"{PROFILE_FILE} of the last version as it was published",
            found=found,
            remedy=_REMEDY,
            values={"file": place},
        )
    profile = parse_stored(SourceProfile, content, place=place, remedy=_REMEDY)
    if problem := _impossible(profile):
        raise unreadable(place, problem, remedy=_REMEDY)
    return profile


def _impossible(profile: SourceProfile) -> str:
    """Return which count is impossible for a source; empty if none is."""
    for feature in profile.features:
        for part in filter(None, (feature.distribution, feature.minority)):
            bins = len(part.values if part.kind == "category" else part.edges) + 1
            if len(part.counts) != bins or min(part.counts) < 0:
                return f"{len(part.counts)} counts for {bins} bins of {feature.name[:100]!r}, or one below 0"
        if not 0 <= feature.missing <= feature.rows or not 0 <= feature.minority_missing <= feature.minority_rows:
            return f"more values of {feature.name[:100]!r} missing than there are rows"
    return "rows below 0" if min(profile.rows, *profile.classes.values(), 0) < 0 else ""
