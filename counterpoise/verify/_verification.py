"""Verify a published version: its files and, if given, its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source
from counterpoise.persist import DatasetFolder, Manifest, checked_out, parse_address, rebuild_train
from counterpoise.records import PARTITIONS, Snapshot
from counterpoise.runtime import names_refusals
from counterpoise.storage import scratch_folder
from counterpoise.table import Hashes, SnapshotReader, read_parquet, row_hashes
from counterpoise.verify._evaluation import evaluation_differences
from counterpoise.verify._promotions import promotion_differences
from counterpoise.verify._recount import real_rows
from counterpoise.verify._source_facts import source_differences
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
    recorded = (*evaluation_differences(folder, version.number), *promotion_differences(folder))
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
        snapshot = ingest_source(read, target=config.columns.target, folder=scratch / "snapshot")
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
