"""Parquet files: the snapshot refers to them in place after checking them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.ingest._interpretation import with_missing_values
from counterpoise.ingest._snapshot_files import batch_rows
from counterpoise.ingest._source_format import SourceFormat
from counterpoise.ingest._tables.budget import check_parquet
from counterpoise.ingest._tables.referenced import TableFiles, reference_tables


def _batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_rows(len(columns or file.schema_arrow)), columns=columns)


_FILES = TableFiles("parquet", check_parquet, _batches)

FORMAT = SourceFormat(
    name="parquet",
    label="Parquet",
    suffixes=(".parquet", ".pq"),
    magic=b"PAR1",
    options=frozenset({"missing_values"}),
    read=lambda job: with_missing_values(reference_tables(job, _FILES), job),
)
