"""Recount statements about the source from the source itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.drift import SourceProfile, profile_source
from counterpoise.persist import PROFILE_FILE, Manifest
from counterpoise.records import Snapshot, parse_stored
from counterpoise.table import Labels, SnapshotReader, read_labels, read_parquet
from counterpoise.verify._recount import classes_of_source, with_rows

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
        found = profile_source(snapshot, manifest.settings.columns)
        if stored.model_dump_json(exclude=_ELSEWHERE) != found.model_dump_json(exclude=_ELSEWHERE):
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
