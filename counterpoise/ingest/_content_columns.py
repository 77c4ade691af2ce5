"""Add the columns that the names of folders give to the rows of their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.errors import InputError
from counterpoise.ingest._folders import FolderColumns
from counterpoise.ingest._names import check_names
from counterpoise.ingest._snapshot_files import Content, batch_rows, write_snapshot_file
from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._text.value_shapes import guess_shape
from counterpoise.ingest._values.spool import cast_declared, declared_type
from counterpoise.records import SnapshotFile
from counterpoise.typing import Ints

_TYPES = {"int64": pa.int64(), "float64": pa.float64(), "date": pa.date32(), "bool_lower": pa.bool_()}
_FLOAT_DIGITS = 15


def with_folder_columns(content: Content, columns: FolderColumns, job: ReadJob) -> Content:
    """Return content with the columns that folder names give; the type is the narrowest that holds all their texts.

    Raises:
        InputError: A column stands in the files too, with other values, or a text does not fit its declared type.
    """
    if not columns.names:
        return content
    own = [name for name in columns.names if name not in content.schema.names]
    check_names([*content.schema.names, *own])
    arrays = {
        name: _typed(name, [row[place] for row in columns.values], job) for place, name in enumerate(columns.names)
    }
    schema = pa.schema([*content.schema, *(pa.field(name, arrays[name].type) for name in own)])
    counts = content.rows_read or tuple(file.rows for file in content.files)
    owners = np.repeat(np.arange(len(counts)), counts)
    start, files = 0, []
    for number, file in enumerate(content.files):
        batches = _extended(file, schema, arrays, owners[start : start + file.rows])
        files.append(write_snapshot_file(job.folder / f"folders-{number:05}.parquet", schema, batches))
        start += file.rows
        _drop_copy(file, job)
    note = f"columns of folder names: {', '.join(f'{name} ({arrays[name].type})' for name in columns.names)}"
    return replace(content, files=tuple(files), schema=schema, rows_read=counts, notes=(*content.notes, note))


def _extended(
    file: SnapshotFile, schema: pa.Schema, arrays: dict[str, pa.Array], owners: Ints
) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in _batches(file):
        part = pa.array(owners[start : start + batch.num_rows])
        start += batch.num_rows
        named = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name, values in arrays.items():
            column = values.take(part)
            _check_equal(name, named.setdefault(name, column), column, file)
        yield pa.RecordBatch.from_arrays([named[field.name] for field in schema], schema=schema)


def _check_equal(name: str, inside: pa.Array, column: pa.Array, file: SnapshotFile) -> None:
    """Check that a column of the file, if it is one, has the values of the folder's name."""
    if inside is column:
        return
    plain = inside.cast(inside.type.value_type) if pa.types.is_dictionary(inside.type) else inside
    if [str(value) for value in plain.to_pylist()] != [str(value) for value in column.to_pylist()]:
        raise InputError(
            "folder_column_differs",
            expected=f"the column {name!r} in the folders' names or in the files, or the same values in both",
            found=f"other values in {Path(file.path).name} than in the name of its folder",
            remedy="rename the column in the files, or the folders",
            values={"column": name, "file": Path(file.path).name},
        )


def _typed(name: str, texts: Sequence[str | None], job: ReadJob) -> pa.Array:
    """Return a column's texts with the declared type, or the narrowest that writes them as they are."""
    plain = pa.array(texts, pa.string())
    if declared := job.source.types_to_read().get(name):
        return cast_declared(plain, pa.field(name, declared_type(name, declared)), 0)
    present = [text for text in texts if text is not None]
    shape = guess_shape(present, frozenset())
    kind = _TYPES.get(shape or "", pa.string())
    if shape == "float64" and any(len(re.sub(r"\D", "", text)) > _FLOAT_DIGITS for text in present):
        return plain
    try:
        return plain.cast(kind)
    except pa.ArrowInvalid:
        return plain


def _batches(file: SnapshotFile) -> Iterator[pa.RecordBatch]:
    if file.format == "parquet":
        with pq.ParquetFile(file.path) as parquet:
            yield from parquet.iter_batches(batch_rows(len(parquet.schema_arrow)))
        return
    with pa.memory_map(file.path) as memory, pa.ipc.open_file(memory) as reader:
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


def _drop_copy(file: SnapshotFile, job: ReadJob) -> None:
    """Delete a file that the reader wrote; the source's own files stay."""
    if Path(file.path).is_relative_to(job.folder) and Path(file.path) not in job.paths:
        Path(file.path).unlink()
