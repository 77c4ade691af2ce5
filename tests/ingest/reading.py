"""Sources written, ingested and read back, for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import SourceConfig
from counterpoise.ingest._stage import ingest_source
from counterpoise.records import Snapshot
from counterpoise.table import SnapshotReader


@dataclass(frozen=True)
class Reading:
    """A snapshot with its rows and its rejected lines."""

    snapshot: Snapshot
    table: pa.Table
    rejected: list[dict[str, Any]]

    @property
    def types(self) -> dict[str, str]:
        return {column.name: column.type for column in self.snapshot.columns}

    def column(self, name: str) -> list[Any]:
        return list(self.table[name].to_pylist())


def ingest(source: SourceConfig, folder: Path, *, target: str = "label") -> Reading:
    """Ingest a source and read everything back."""
    snapshot = ingest_source(source, target=target, folder=folder)
    table = SnapshotReader(snapshot).read_columns([column.name for column in snapshot.columns])
    assert table.num_rows == snapshot.rows
    rejected = pq.read_table(snapshot.rejected_file).to_pylist() if snapshot.rejected_file else []
    assert len(rejected) == snapshot.rejected_lines
    return Reading(snapshot, table, rejected)


def ingest_text(
    folder: Path, text: str | bytes, *, name: str = "table.csv", target: str = "label", **options: Any
) -> Reading:
    """Write a text to a file and ingest it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ingest(SourceConfig(path=str(path), **options), folder / "work", target=target)
