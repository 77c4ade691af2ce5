"""The file of rejected rows: their numbers, the reasons and the values that caused them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from counterpoise.table._arrow_files import read_parquet

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
        text = pa.chunked_array([_python_texts(column.to_pylist())], pa.string())
    return pc.utf8_slice_codeunits(text, 0, _VALUE)


def _python_texts(values: Sequence[object]) -> list[str | None]:
    return [None if value is None else repr(value) for value in values]
