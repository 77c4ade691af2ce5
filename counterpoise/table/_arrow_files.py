"""Store plans on disk as Arrow files of narrow columns, and read small Parquet files whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.records import ColumnSchema, Snapshot, SnapshotFile
from counterpoise.runtime import file_sha256


def write_arrow(path: Path, table: pa.Table) -> None:
    """Write a table as an Arrow file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_arrow(path: str | Path) -> pa.Table:
    """Read an Arrow file into memory."""
    with pa.OSFile(str(path), "rb") as source:
        return pa.ipc.open_file(source).read_all()


def read_parquet(path: str | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file into memory on this thread; Arrow's own threads wait for good if none may start.

    Args:
        path: The file.
        columns: The columns to read; all by default.
    """
    with pq.ParquetFile(path) as file:
        return file.read(None if columns is None else list(columns), use_threads=False)


def write_snapshot(path: Path, table: pa.Table) -> Snapshot:
    """Write a table as an Arrow file, creating its folder, and return it as a snapshot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrow(path, table)
    digest = file_sha256(path)
    file = SnapshotFile(path=str(path), format="arrow", rows=len(table), bytes=path.stat().st_size, sha256=digest)
    columns = tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in table.schema)
    return Snapshot(files=(file,), rows=len(table), columns=columns, digest=digest)
