"""Writing what ingest leaves behind: the snapshot's Parquet files and the lines that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.records import ColumnSchema, SnapshotFile
from counterpoise.runtime import file_sha256

__all__ = ["Content", "RejectedLine", "batch_rows", "column_schemas", "write_rejected_lines", "write_snapshot_file"]

_GROUP_ROWS = 131_072
_GROUP_CELLS = 8_000_000
_REJECTED_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)


@dataclass(frozen=True)
class RejectedLine:
    """A line (or record of several lines) that is no row: its file, 1-based number, why, and its text."""

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Content:
    """What reading a source gave: data files, their common schema, lines set apart, and what the reader should know.

    `rows_read` is how many rows each of the source's files gave, where the data files are not one each. `digest` is the
    SHA-256 of the rows in the order read, where the source has no files.
    """

    files: tuple[SnapshotFile, ...]
    schema: pa.Schema
    rejected: tuple[RejectedLine, ...] = ()
    notes: tuple[str, ...] = ()
    rows_read: tuple[int, ...] = ()
    digest: str = ""


def batch_rows(columns: int) -> int:
    """Return how many rows a batch, and a row group, of so many columns has: bounded in cells.

    >>> batch_rows(31), batch_rows(10_000)
    (131072, 1024)
    """
    return max(1_024, min(_GROUP_ROWS, _GROUP_CELLS // max(columns, 1)))


def write_snapshot_file(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> SnapshotFile:
    """Write batches of rows as one Parquet file, a row group a batch, with page checksums.

    Args:
        path: The file to make.
        schema: Its columns.
        batches: The rows, in order, each batch with that schema.
    """
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        write_page_checksum=True,
        use_dictionary=[field.name for field in schema if not pa.types.is_floating(field.type)],
        store_schema=True,
    ) as writer:
        rows = 0
        for batch in batches:
            writer.write_batch(batch, row_group_size=max(batch.num_rows, 1))
            rows += batch.num_rows
    return SnapshotFile(
        path=str(path), format="parquet", rows=rows, bytes=path.stat().st_size, sha256=file_sha256(path)
    )


def write_rejected_lines(path: Path, lines: Sequence[RejectedLine]) -> str:
    """Write rejected lines as Parquet and return the path as text; nothing and empty text where there are none."""
    if not lines:
        return ""
    columns = [[getattr(line, field.name) for line in lines] for field in _REJECTED_SCHEMA]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _REJECTED_SCHEMA, strict=True)]
    pq.write_table(pa.table(arrays, schema=_REJECTED_SCHEMA), path, compression="zstd", write_page_checksum=True)
    return str(path)


def column_schemas(schema: pa.Schema) -> tuple[ColumnSchema, ...]:
    """Return the record of a schema: names and types as text."""
    return tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in schema)
