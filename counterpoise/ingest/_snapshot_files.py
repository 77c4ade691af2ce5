"""Write the output of ingest: the snapshot's Parquet files and the lines that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.records import ColumnSchema, SnapshotFile, UnreadColumn
from counterpoise.runtime import file_sha256

_GROUP_ROWS = 131_072
_GROUP_CELLS = 8_000_000
_REJECTED_SCHEMA = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)


@dataclass(frozen=True)
class RejectedLine:
    """A line (or multi-line record) that is not a row: its file, 1-based line number, rejection reason and text."""

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Content:
    """The result of reading a source.

    Attributes:
        files: The data files.
        schema: Their common schema.
        rejected: The lines that are not rows.
        notes: Notes for the user.
        rows_read: The number of rows from each of the source's files, if the data files do not correspond to them.
        digest: The SHA-256 of the rows in reading order, if the source has no files.
        unread: The columns whose texts look like other values than those that were read.
    """

    files: tuple[SnapshotFile, ...]
    schema: pa.Schema
    rejected: tuple[RejectedLine, ...] = ()
    notes: tuple[str, ...] = ()
    rows_read: tuple[int, ...] = ()
    digest: str = ""
    unread: tuple[UnreadColumn, ...] = ()


def batch_rows(columns: int) -> int:
    """Return the number of rows per batch and row group for a number of columns; the number of cells is bounded.

    >>> batch_rows(31), batch_rows(10_000)
    (131072, 1024)
    """
    return max(1_024, min(_GROUP_ROWS, _GROUP_CELLS // max(columns, 1)))


def write_snapshot_file(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> SnapshotFile:
    """Write batches of rows to one Parquet file, with one row group per batch and page checksums.

    Args:
        path: The file to create.
        schema: Its columns.
        batches: The rows in order; every batch has that schema.
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
    """Write rejected lines as Parquet and return the path; without lines write nothing and return an empty string."""
    if not lines:
        return ""
    columns = [[getattr(line, field.name) for line in lines] for field in _REJECTED_SCHEMA]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _REJECTED_SCHEMA, strict=True)]
    pq.write_table(pa.table(arrays, schema=_REJECTED_SCHEMA), path, compression="zstd", write_page_checksum=True)
    return str(path)


def column_schemas(schema: pa.Schema) -> tuple[ColumnSchema, ...]:
    """Return a schema's column names and types as records."""
    return tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in schema)
