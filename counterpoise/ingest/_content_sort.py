"""Write a snapshot again with its rows in the order of their content, for `source.order: content`.

Then the number of a row, and with it every byte of a version, depends on the rows alone. Rows are spread over files by
their hash; each file is then sorted in memory, so that a large table is never held as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.ingest._snapshot_files import batch_rows, write_snapshot_file
from counterpoise.records import Snapshot
from counterpoise.storage import scratch_folder
from counterpoise.table import SnapshotReader, row_bytes, row_hashes
from counterpoise.typing import Ints

_PART_BYTES = 256 * 2**20


def sort_by_content(snapshot: Snapshot, folder: Path) -> Snapshot:
    """Return a snapshot of the same rows in the order of a hash of all their columns.

    Args:
        snapshot: The rows in any order.
        folder: The folder to write to.
    """
    reader = SnapshotReader(snapshot)
    with scratch_folder() as scratch:
        parts = _spread(reader, scratch, number=_number_of_parts(snapshot.rows, row_bytes(reader.schema)))
        batches = _sorted(parts, reader.schema)
        file = write_snapshot_file(folder / "by-content.parquet", reader.schema, batches)
    return snapshot.model_copy(update={"files": (file,), "parts": ()})


def _number_of_parts(rows: int, width: int) -> int:
    """Return the number of parts, a power of two, so that each fits in memory."""
    return 1 << max(0, int(np.ceil(np.log2(max(1, rows * width / _PART_BYTES)))))


def _spread(reader: SnapshotReader, folder: Path, *, number: int) -> list[Path]:
    """Write the rows to files by the first bits of their hash, and return the files in the order of these bits."""
    paths = [folder / f"part-{part:05d}.arrows" for part in range(number)]
    shift, schema = np.uint64(64 - (number.bit_length() - 1)), _plain(reader.schema)
    with ExitStack() as stack:
        writers = [stack.enter_context(pa.ipc.new_stream(path, schema)) for path in paths]
        for _, group in reader.iter_groups():
            table = group.cast(schema)
            own = np.zeros(len(table), np.uint64) if number == 1 else row_hashes(table) >> shift
            for part, writer in enumerate(writers):
                if (inside := np.flatnonzero(own == part)).size:
                    writer.write_table(table if number == 1 else table.take(pa.array(inside)))
    return paths


def _sorted(paths: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of all files in order, in batches; codes of categories follow this order, too."""
    rows = batch_rows(len(schema))
    for path in paths:
        with pa.memory_map(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
            table = reader.read_all()
            table = table.take(pa.array(_order(table))).combine_chunks()
        for start in range(0, len(table), rows):
            yield from table.slice(start, rows).cast(schema).combine_chunks().to_batches()


def _order(table: pa.Table) -> Ints:
    """Return the rows by their hash; rows that differ only in the sign of a zero or the bits of a NaN by these."""
    return np.lexsort((row_hashes(_bits(table)), row_hashes(table)))


def _bits(table: pa.Table) -> pa.Table:
    """Return the table with the bits of fractional numbers as integers."""
    whole = {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}
    columns = [
        pa.chunked_array(
            [chunk.view(whole[chunk.type.bit_width]) for chunk in column.chunks], whole[column.type.bit_width]
        )
        if pa.types.is_floating(column.type)
        else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.schema.names)


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema with values instead of codes, whose order is that of the source, unless it has a meaning."""
    fields = [
        field.with_type(field.type.value_type)
        if pa.types.is_dictionary(field.type) and not field.type.ordered
        else field
        for field in schema
    ]
    return pa.schema(fields)
