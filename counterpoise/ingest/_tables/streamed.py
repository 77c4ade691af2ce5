"""Tables that a library reads batch by batch: written to one Parquet file, each column with the type that it has.

Such a source is identified by its rows, because its files have other rows, too, or pages in another order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest._interpretation import with_missing_values
from counterpoise.ingest._names import check_names, resolve_column
from counterpoise.ingest._snapshot_files import Content, batch_rows, write_snapshot_file
from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._tables.types import carried_schema, retyped, retyping_note
from counterpoise.ingest._values.spool import cast_declared, declared_type
from counterpoise.table import row_hashes

_GROUP_BYTES = 64 << 20


class _Digest:
    """The SHA-256 of columns and of the hashes of rows: as they come, or summed, in whatever order."""

    def __init__(self, schema: pa.Schema, *, in_order: bool) -> None:
        self._running = hashlib.sha256(repr([(field.name, str(field.type)) for field in schema]).encode())
        self._in_order = in_order
        self._sum = 0

    def add(self, rows: pa.RecordBatch) -> None:
        hashes = row_hashes(pa.Table.from_batches([rows]))
        if self._in_order:
            self._running.update(hashes.astype("<u8").tobytes())
        else:
            self._sum += int(hashes.astype(np.object_).sum())

    def hexdigest(self) -> str:
        if not self._in_order:
            self._running.update(b"%d" % self._sum)
        return self._running.hexdigest()


def write_rows(job: ReadJob, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, name: str) -> Content:
    """Write rows to one Parquet file, with declared types and the texts that mean missing.

    Args:
        job: The job.
        schema: The columns of the rows.
        batches: The rows in order.
        name: What is read, for errors.

    Raises:
        ColumnNotFoundError: There is no such label or typed column.
        InputError: A column has no usable name or type, or a declared type cannot hold a value.
    """
    check_names(schema.names)
    resolve_column(schema.names, job.target)
    plain = pa.schema([pa.field(field.name, field.type) for field in schema])
    declared = {column: declared_type(column, text) for column, text in job.source.types_to_read().items()}
    if unknown := [column for column in job.source.type_overrides() if column not in schema.names]:
        raise ColumnNotFoundError.from_names(unknown, schema.names, field="source.types")
    carried = carried_schema(pa.schema([field for field in plain if field.name not in declared]))
    kept = pa.schema(
        [pa.field(field.name, declared.get(field.name) or carried.field(field.name).type) for field in plain]
    )
    digest = _Digest(kept, in_order=job.source.order != "content")
    typed = _typed(_even(batches, batch_rows(len(kept))), kept, frozenset(declared), name)
    file = write_snapshot_file(job.folder / "snapshot-00000.parquet", kept, _counted(typed, digest))
    job.progress(file.rows, file.rows)
    changed = [field for field in plain if field.name not in declared and kept.field(field.name).type != field.type]
    notes = (retyping_note(pa.schema(changed), pa.schema([kept.field(each.name) for each in changed])),)
    content = Content((file,), kept, notes=notes if changed else (), digest=digest.hexdigest())
    return with_missing_values(content, job)


def _even(batches: Iterable[pa.RecordBatch], most: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of about the same size: not too many rows or bytes, and not too few."""
    kept: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        for start in range(0, batch.num_rows, most):
            part = batch.slice(start, most)
            kept.append(part)
            rows, size = rows + part.num_rows, size + part.nbytes
            if rows >= most or size >= _GROUP_BYTES:
                yield from pa.Table.from_batches(kept).combine_chunks().to_batches()
                kept, rows, size = [], 0, 0
    if kept:
        yield from pa.Table.from_batches(kept).combine_chunks().to_batches()


def _typed(
    batches: Iterable[pa.RecordBatch], kept: pa.Schema, declared: frozenset[str], name: str
) -> Iterator[pa.RecordBatch]:
    first_row = 0
    for batch in batches:
        columns = [
            _declared(column, kept.field(field), first_row) if field in declared else column
            for field, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield retyped(pa.RecordBatch.from_arrays(columns, names=batch.schema.names), kept, name)
        first_row += batch.num_rows


def _declared(column: pa.Array, field: pa.Field, first_row: int) -> pa.Array:
    try:
        return cast_declared(column, field, first_row)
    except pa.ArrowNotImplementedError:
        raise InputError(
            "value_does_not_fit",
            expected=f"values that can be written as {field.type} in column {field.name!r}, as source.types declares",
            found=f"values of type {column.type}",
            remedy=f"correct {field.name} in source.types",
            values={"column": field.name, "type": str(column.type)},
        ) from None


def _counted(batches: Iterable[pa.RecordBatch], digest: _Digest) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        digest.add(batch)
        yield batch


def as_text_note(columns: dict[str, str]) -> str:
    """Return the note on columns that are kept as text, given with the types that they have in the source."""
    shown = ", ".join(f"{name!r} ({kind})" for name, kind in list(columns.items())[:10])
    return f"kept as text, because no type of ours holds the values: {shown}"


def with_note(content: Content, *notes: str) -> Content:
    """Return content with notes before its own."""
    return replace(content, notes=(*filter(None, notes), *content.notes))
