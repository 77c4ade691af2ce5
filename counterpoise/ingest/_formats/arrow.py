"""Arrow IPC files (Feather version 2): the snapshot refers to them in place after checking them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from counterpoise.ingest._interpretation import with_missing_values
from counterpoise.ingest._snapshot_files import batch_rows
from counterpoise.ingest._source_format import SourceFormat
from counterpoise.ingest._tables.budget import check_arrow
from counterpoise.ingest._tables.referenced import TableFiles, reference_tables


def _batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as memory, pa.ipc.open_file(memory) as reader:
        most = batch_rows(len(reader.schema))
        for number in range(reader.num_record_batches):
            whole = reader.get_batch(number)
            batch = whole if columns is None else whole.select(columns)
            for start in range(0, batch.num_rows, most):
                yield batch.slice(start, most)


_FILES = TableFiles("arrow", check_arrow, _batches)

FORMAT = SourceFormat(
    name="arrow",
    label="Arrow",
    suffixes=(".arrow", ".feather", ".ipc"),
    magic=b"ARROW1",
    options=frozenset({"missing_values"}),
    read=lambda job: with_missing_values(reference_tables(job, _FILES), job),
)
