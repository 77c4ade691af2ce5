"""Store plans on disk as Arrow files of narrow columns, and rejected rows as Parquet, which is read whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
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


_VALUE = 1_000

REJECTS_SCHEMA = pa.schema(
    [("source_row", pa.int64()), ("reason", pa.string()), ("column", pa.string()), ("value", pa.string())]
)
"""Ascending source rows without repetition, each with the reason and the column and value that caused it."""


def read_rejects(path: str) -> pa.Table:
    """Read a rejects file; without a file return an empty table."""
    if not path:
        return REJECTS_SCHEMA.empty_table()
    return read_parquet(path).select(REJECTS_SCHEMA.names).cast(REJECTS_SCHEMA)


def write_rejects(path: Path, rejects: pa.Table) -> str:
    """Write a rejects file and return its path, or an empty string if nothing was rejected."""
    if not rejects.num_rows:
        return ""
    pq.write_table(rejects, path, compression="zstd", write_page_checksum=True)
    return str(path)


def value_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values as texts, with long ones truncated and nulls for missing ones."""
    try:
        text = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = [None if value is None else repr(value) for value in column.to_pylist()]
        text = pa.chunked_array([texts], pa.string())
    return pc.utf8_slice_codeunits(text, 0, _VALUE)
