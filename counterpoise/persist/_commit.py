"""Make a version visible by creating its manifest, which never replaces an existing file."""

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

_AT_A_TIME = 16
_MAX_BYTES = 16 * 2**20
_OLD = b'{\n "format": 1,'
_PATIENCE = Patience(tries=60, seconds=60.0, first=0.05, longest=2.0)
"""How long to retry for a free number: many runs may publish at once, and each faster one takes a number."""


def read_manifest(folder: DatasetFolder, version: int) -> Manifest:
    """Return a version's manifest.

    Raises:
        FileNotFoundError: The version has no manifest.
        IntegrityError: The manifest is damaged, was changed, or belongs to another version.
    """
    return _parse(folder, version, _content(folder, version))


def manifest_sha256(folder: DatasetFolder, version: int) -> str:
    """Return the SHA-256 of a manifest's bytes in hexadecimal; later records refer to the version by it.

    Raises:
        FileNotFoundError: There is no manifest.
        IntegrityError: The manifest cannot be read.
    """
    return hashlib.sha256(_content(folder, version)).hexdigest()


def newest_manifest(folder: DatasetFolder, numbers: Iterable[int]) -> tuple[int | None, str]:
    """Return the newest version whose manifest can be read, and the manifest's SHA-256; `(None, "")` if there is none.

    Args:
        folder: The dataset.
        numbers: The versions to consider.
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
        remedy="move that file away; Counterpoise numbers versions from 1",
        values={"file": place},
    )


def read_manifests(folder: DatasetFolder) -> Iterator[Manifest]:
    """Yield the readable manifests, newest first; damaged ones are skipped."""
    yield from (manifest for manifest in _read_all(folder) if isinstance(manifest, Manifest))


def damaged_manifests(folder: DatasetFolder) -> list[IntegrityError]:
    """Return the errors of the manifests that cannot be read, newest first."""
    return [error for error in _read_all(folder) if isinstance(error, IntegrityError)]


def referenced_data(folder: DatasetFolder) -> set[str] | None:
    """Return the names of the data folders that manifests refer to; None if a manifest is damaged or missing.

    Each damaged manifest is logged as a warning.
    """
    numbers, found = folder.version_numbers(), list(_read_all(folder))
    for error in (one for one in found if isinstance(one, IntegrityError)):
        pass_over(error, f"no data of {folder.dataset} is reclaimed")
    known = {Path(manifest.data).name for manifest in found if isinstance(manifest, Manifest)}
    whole = numbers == list(range(1, len(numbers) + 1)) and len(known) == len(numbers)
    return known if whole and known <= set(folder.store.folders("data")) else None


def _read_all(folder: DatasetFolder) -> Iterator[Manifest | IntegrityError]:
    """Yield each manifest, or the error that prevents reading it, newest first."""
    for number, content in _contents(folder):
        try:
            yield content if isinstance(content, IntegrityError) else _parse(folder, number, content)
        except IntegrityError as error:
            yield error


def _contents(folder: DatasetFolder) -> Iterator[tuple[int, bytes | IntegrityError]]:
    """Yield each number with its manifest's bytes or error, newest first.

    The newest is read on its own because callers often need only that one.
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
            found="a manifest of format 1, which has no digest of its own and does not name its parent",
            remedy="publish the dataset again; the old version's files stay in place",
            values={"file": place},
        )
    manifest = parse_stored(Manifest, content, place=place, max_bytes=_MAX_BYTES)
    if manifest.version != version:
        raise IntegrityError(
            "other_version",
            expected=f"the manifest of version {version} in {place}",
            found=f"the manifest of version {manifest.version}",
            remedy="restore the file from a backup",
            values={"file": place},
        )
    return manifest


def find_manifest(folder: DatasetFolder, run_key: str) -> Manifest | None:
    """Return the newest manifest with that run key, or None; only files that contain the key are parsed."""
    for number, content in _contents(folder):
        if isinstance(content, bytes) and run_key.encode() in content:
            with suppress(IntegrityError):  # skip a damaged manifest
                manifest = _parse(folder, number, content)
                if manifest.run_key == run_key:
                    return manifest
    return None


def commit_manifest(folder: DatasetFolder, facts: Facts) -> Manifest:
    """Publish under the next free number and return the published manifest.

    If another run has published the same run key meanwhile, return its manifest and write nothing.

    Args:
        folder: The dataset.
        facts: The manifest without its number and parent.

    Raises:
        StorageUnavailableError: Other runs took every number for a minute, or the store fails.
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
        found=f"that other runs took every number tried, most recently {version}",
        remedy="run again when fewer runs are publishing to this dataset",
        values={"last": version},
    )
