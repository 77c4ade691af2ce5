"""Making a version visible: a manifest that is created if absent, and nothing is ever renamed over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from counterpoise.errors import IntegrityError, StorageUnavailableError
from counterpoise.persist._files.stored_files import pass_over, read_plain_file
from counterpoise.persist._layout import DatasetFolder, manifest_name
from counterpoise.persist._manifest import Facts, Manifest
from counterpoise.records import parse_stored
from counterpoise.storage import NUMBERS_END, Patience, each, join_address, paced

__all__ = [
    "commit_manifest",
    "damaged_manifests",
    "find_manifest",
    "manifest_sha256",
    "newest_manifest",
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
    return _parse(folder, version, _content(folder, version))


def manifest_sha256(folder: DatasetFolder, version: int) -> str:
    """Return the SHA-256 of a manifest's bytes, hexadecimal: what later records name to say which version they mean.

    Raises:
        FileNotFoundError: There is no manifest.
        IntegrityError: It cannot be read.
    """
    return hashlib.sha256(_content(folder, version)).hexdigest()


def newest_manifest(folder: DatasetFolder, numbers: Iterable[int]) -> tuple[int | None, str]:
    """Return the newest of some versions whose manifest is a file, with its SHA-256; None and an empty text for none.

    Args:
        folder: The dataset.
        numbers: The versions.
    """
    for number in sorted(numbers, reverse=True):
        with suppress(IntegrityError, FileNotFoundError):
            return number, manifest_sha256(folder, number)
    return None, ""


def _next_number(folder: DatasetFolder, numbers: Sequence[int]) -> int:
    newest = max(numbers, default=0)
    if newest + 1 < NUMBERS_END:
        return newest + 1
    place = join_address(folder.address, manifest_name(newest))
    raise IntegrityError(
        "no_free_number",
        expected=f"versions with numbers below {NUMBERS_END - 1:,}",
        found=place,
        remedy="move that file away: Counterpoise counts versions from 1 on",
        values={"file": place},
    )


def read_manifests(folder: DatasetFolder) -> Iterator[Manifest]:
    """Yield the manifests that can be read, the newest first; a damaged one costs itself alone."""
    yield from (manifest for manifest in _read_all(folder) if isinstance(manifest, Manifest))


def damaged_manifests(folder: DatasetFolder) -> list[IntegrityError]:
    """Return why manifests cannot be read, the newest first."""
    return [error for error in _read_all(folder) if isinstance(error, IntegrityError)]


def referenced_data(folder: DatasetFolder) -> set[str] | None:
    """Return the names of the data folders that manifests refer to; None where a manifest is damaged or missing.

    Damaged ones are told of.
    """
    numbers, found = folder.version_numbers(), list(_read_all(folder))
    for error in (one for one in found if isinstance(one, IntegrityError)):
        pass_over(error, f"no data of {folder.dataset} is reclaimed")
    known = {Path(manifest.data).name for manifest in found if isinstance(manifest, Manifest)}
    whole = numbers == list(range(1, len(numbers) + 1)) and len(known) == len(numbers)
    return known if whole and known <= set(folder.store.folders("data")) else None


def _read_all(folder: DatasetFolder) -> Iterator[Manifest | IntegrityError]:
    """Yield each manifest, or why it cannot be read, the newest first."""
    for number, content in _contents(folder):
        try:
            yield content if isinstance(content, IntegrityError) else _parse(folder, number, content)
        except IntegrityError as error:
            yield error


def _contents(folder: DatasetFolder) -> Iterator[tuple[int, bytes | IntegrityError]]:
    """Yield each number with its manifest's bytes, or why there are none, the newest first and alone.

    The newest one is most asked for.
    """
    numbers = folder.version_numbers()[::-1]
    for chosen in (numbers[:1], *(numbers[start : start + _AT_A_TIME] for start in range(1, len(numbers), _AT_A_TIME))):
        yield from zip(chosen, each(lambda number: _content_or_error(folder, number), chosen), strict=True)


def _content_or_error(folder: DatasetFolder, version: int) -> bytes | IntegrityError:
    try:
        return _content(folder, version)
    except IntegrityError as error:
        return error


def _content(folder: DatasetFolder, version: int) -> bytes:
    return read_plain_file(folder, manifest_name(version))


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
        if isinstance(content, bytes) and run_key.encode() in content:
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
        numbers = folder.version_numbers()
        version = _next_number(folder, numbers)
        parent, digest = newest_manifest(folder, numbers)
        numbered = Manifest.of(facts, version=version, parent=parent, parent_sha256=digest)
        if folder.store.create(manifest_name(version), numbered.text().encode()):
            return numbered
    raise StorageUnavailableError(
        "no_free_number",
        expected=f"a free version number in {folder.address} within {_PATIENCE.seconds:g} seconds",
        found=f"that others took each one that was tried, {version} the last",
        remedy="run again when fewer runs publish to this dataset",
        values={"last": version},
    )
