"""Verify a published version: its files and, if given, its source, from which it recounts the version's statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.drift import SourceProfile, profile_source
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source
from counterpoise.persist import PROFILE_FILE, DatasetFolder, Manifest, checked_out, parse_address, rebuild_train
from counterpoise.records import PARTITIONS, Snapshot, parse_stored
from counterpoise.runtime import names_refusals
from counterpoise.storage import scratch_folder
from counterpoise.table import Hashes, Labels, SnapshotReader, read_labels, read_parquet, row_hashes
from counterpoise.verify._comparisons import comparison_differences
from counterpoise.verify._evaluation import evaluation_differences
from counterpoise.verify._promotions import promotion_differences
from counterpoise.verify._recount import classes_of_source, real_rows, with_rows
from counterpoise.verify._version import Verification, check_version
from counterpoise.versions import open_version, trusted_source


@names_refusals("verify")
def verify_address(address: str | Path, *, source: str = "", trusted: bool = False) -> tuple[str, Verification]:
    """Verify a version and return its name with the result.

    Args:
        address: `root/name` for the newest version, `root/name@7` for a specific version.
        source: The current location of the source, to compare every row; empty to skip this.
        trusted: Whether to read the source wherever the manifest says.

    Raises:
        VersionNotFoundError: There is no such version.
        ConfigError: The manifest names a source that only the user may name.
        InputError: The source cannot be read.
        IntegrityError: The manifest cannot be read.
    """
    version = open_version(address)
    root, dataset, _ = parse_address(address)
    found = check_version(root, dataset, version.number)
    folder = DatasetFolder(root, dataset)
    recorded = (
        *evaluation_differences(folder, version.number), *promotion_differences(folder), *comparison_differences(folder)
    )  # fmt: skip
    found = replace(found, differences=(*found.differences, *recorded))
    if found.holds and (source or trusted):
        differences = _compare(folder, version.manifest, source=source, trusted=trusted)
        found = replace(found, differences=differences, left_to_the_source=())
    return f"{dataset} version {version.number}", found


def _compare(folder: DatasetFolder, manifest: Manifest, *, source: str, trusted: bool) -> tuple[str, ...]:
    """Ingest the source again and return how the version differs from it."""
    config = manifest.settings
    read = trusted_source(config.source, given=source, trusted=trusted)
    with scratch_folder() as scratch:
        snapshot = ingest_source(
            read, target=config.columns.target, columns=config.columns.named(), folder=scratch / "snapshot"
        )
        if snapshot.digest != manifest.source.digest:
            return (f"source: its digest is {snapshot.digest[:16]}… instead of {manifest.source.digest[:16]}…",)
        with checked_out(folder, [manifest.data], expected=[file.path for file in manifest.files]) as base:
            data = base / manifest.data
            differences = (*source_differences(data, manifest, snapshot), *_row_differences(data, manifest, snapshot))
        try:
            rebuild_train(folder, manifest, snapshot, out=scratch / "rebuilt")
        except CounterpoiseError as error:
            differences += (f"train, rebuilt from source and recipe: {error.found}",)
    return differences


def _row_differences(data: Path, manifest: Manifest, snapshot: Snapshot) -> Iterator[str]:
    """Yield the partitions whose rows differ from the source."""
    published = [column.name for column in manifest.columns]
    keys = list(manifest.settings.columns.key_columns())
    hashes = _source_hashes(snapshot, [*published, *keys])
    for name in PARTITIONS:
        wrong = sum(_wrong_rows(data, name, path, keys, hashes) for path in sorted((data / name).glob("*.parquet")))
        if wrong:
            yield f"{name}: {wrong:,} rows differ from the source"
    rejected = data / "rejected" / "rows.parquet"
    if rejected.exists():
        table = read_parquet(rejected)
        rows = table.column(0).to_numpy()
        if not np.array_equal(row_hashes(table.select([*published, *keys])), hashes[rows]):
            yield "rejected: rows differ from the source"


def _source_hashes(snapshot: Snapshot, columns: list[str]) -> Hashes:
    groups = [row_hashes(table.select(columns)) for _, table in SnapshotReader(snapshot).iter_groups(columns)]
    return np.concatenate([np.zeros(0, np.uint64), *groups])


def _wrong_rows(data: Path, name: str, path: Path, keys: list[str], hashes: Hashes) -> int:
    """Count the original rows of a part file that differ from the source."""
    sources, found = real_rows(data, name, path, keys)
    return int((found != hashes[sources]).sum())


_ELSEWHERE = {"parts"}
"""Profile fields that name files, which may have moved."""


def source_differences(data: Path, manifest: Manifest, snapshot: Snapshot) -> Iterator[str]:
    """Yield the statements about the source that are wrong, as sentences.

    Args:
        data: The version's data folder; its files match the manifest.
        manifest: The manifest.
        snapshot: The version's source, ingested again.
    """
    for name in ("rows", "watermark", "rejected_lines"):
        stated, found = getattr(manifest.source, name), getattr(snapshot, name)
        if stated != found:
            yield f"manifest: source.{name} is {stated!r}, but the source has {found!r}"
    if _table(data / "rejected" / "lines.parquet") != _table(Path(snapshot.rejected_file or data / "none")):
        yield "rejected: lines differ from the unreadable lines of the source"
    labels = read_labels(SnapshotReader(snapshot), manifest.settings.columns.target)
    yield from _class_differences(data, manifest, labels)
    path = data / PROFILE_FILE
    if path.exists():
        stored = parse_stored(SourceProfile, path.read_bytes(), place=str(path))
        found = profile_source(snapshot, manifest.settings.columns, manifest.settings.split)
        unknown = _ELSEWHERE if "units" in stored.model_fields_set else _ELSEWHERE | {"units"}
        if stored.model_dump_json(exclude=unknown) != found.model_dump_json(exclude=unknown):
            yield f"{PROFILE_FILE}: does not match the source"


def _class_differences(data: Path, manifest: Manifest, labels: Labels) -> Iterator[str]:
    """Check the classes of rows against the source."""
    kept = np.ones(len(labels.codes), dtype=bool)
    if (rejected := _table(data / "rejected" / "rows.parquet")) is not None:
        kept[rejected.column(0).to_numpy()] = False
    if (found := with_rows(labels.counts(kept))) != (stated := classes_of_source(manifest)):
        yield f"manifest: rows by class are {stated}, but the source has {found}"
    changed = read_parquet(data / "recipe" / "copies.parquet")
    codes = labels.codes[changed["source_row"].to_numpy()]
    if changed["class"].cast(pa.string()).to_pylist() != [labels.classes[code] for code in codes]:
        yield "recipe: classes of rows differ from the source"


def _table(path: Path) -> pa.Table | None:
    return read_parquet(path) if path.is_file() else None
