"""Column types of Parquet and Arrow files: supported, convertible without loss, or unsupported.

For some Arrow types rows cannot be selected, and some do not survive a round trip through Parquet. If another type
holds the same values, the files are rewritten with it in batches; otherwise the column is rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import pyarrow as pa

from counterpoise.errors import InputError
from counterpoise.ingest._snapshot_files import write_snapshot_file
from counterpoise.records import SnapshotFile

_SHOWN = 10
_SAME_VALUES = {
    pa.string_view(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.time32("s"): pa.time32("ms"),
    pa.time64("ns"): pa.time64("us"),
    pa.date64(): pa.date32(),
}
"""Types without selection kernels, without a Parquet equivalent, or more precise than Python's times."""


def carried_type(kind: pa.DataType) -> pa.DataType | None:
    """Return the type that holds a type's values throughout the run; None if there is none.

    >>> carried_type(pa.string_view()), carried_type(pa.decimal32(7, 2)), carried_type(pa.int8())
    (DataType(string), Decimal128Type(decimal128(7, 2)), DataType(int8))
    """
    if kind in _SAME_VALUES:
        return _SAME_VALUES[kind]
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return pa.decimal128(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind) and kind.unit == "s":
        return pa.timestamp("ms", kind.tz)
    if pa.types.is_dictionary(kind):
        return _carried_dictionary(kind)
    if pa.types.is_run_end_encoded(kind) or pa.types.is_interval(kind) or pa.types.is_union(kind):
        return None
    return _carried_nested(kind) if pa.types.is_nested(kind) else kind


def _carried_dictionary(kind: pa.DataType) -> pa.DataType | None:
    """Return a dictionary type for texts and the plain value type otherwise: Parquet has no other dictionaries."""
    values = kind.value_type
    if pa.types.is_string(values) or pa.types.is_large_string(values):
        return kind
    if pa.types.is_string_view(values):
        return pa.dictionary(kind.index_type, pa.string(), kind.ordered)
    return values if carried_type(values) == values else None


def _carried_nested(kind: pa.DataType) -> pa.DataType | None:
    inner = [kind.field(index).type for index in range(kind.num_fields)]
    return kind if all(carried_type(each) == each for each in inner) else None


def has_null_entry(array: pa.Array) -> bool:
    """Return whether a dictionary in an array has a null entry.

    >>> has_null_entry(pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a", None])))
    True
    """
    if pa.types.is_dictionary(array.type):
        return bool(array.dictionary.null_count)
    if pa.types.is_struct(array.type):
        return any(map(has_null_entry, array.flatten()))
    if pa.types.is_map(array.type):
        return has_null_entry(array.keys) or has_null_entry(array.items)
    return pa.types.is_nested(array.type) and hasattr(array, "values") and has_null_entry(array.values)


def carried_schema(schema: pa.Schema, *, decoded: Collection[str] = ()) -> pa.Schema:
    """Return the schema that a file's columns have throughout the run.

    Args:
        schema: The columns.
        decoded: Those whose dictionaries have a null entry, and become plain values.

    Raises:
        InputError: A column's type is not supported.
    """
    carried = {
        field.name: _decoded_type(field.type) if field.name in decoded else carried_type(field.type) for field in schema
    }
    if refused := [field for field in schema if carried[field.name] is None]:
        raise InputError(
            "unsupported_type",
            expected="columns of numbers, texts, dates, times, booleans, bytes, or plain lists and structures of these",
            found=", ".join(f"{field.name!r} of type {field.type}" for field in refused[:_SHOWN]),
            remedy="write the file again without the column or with another type for it",
            values={"columns": {field.name: str(field.type) for field in refused}},
        )
    return pa.schema([field.with_type(carried[field.name]) for field in schema], schema.metadata)


def _decoded_type(kind: pa.DataType) -> pa.DataType | None:
    """Return the type of a dictionary's values; None inside nested values, which cannot be decoded."""
    return carried_type(kind.value_type) if pa.types.is_dictionary(kind) else None


def retyping_note(schema: pa.Schema, carried: pa.Schema) -> str:
    """Return a note on the columns that were converted to another type."""
    pairs = [(old, new) for old, new in zip(schema, carried, strict=True) if old.type != new.type]
    shown = ", ".join(f"{old.name!r} ({old.type} as {new.type})" for old, new in pairs[:_SHOWN])
    more = f" and {len(pairs) - _SHOWN:,} more" if len(pairs) > _SHOWN else ""
    return f"converted to another type that holds the same values: {shown}{more}"


def write_retyped(batches: Iterable[pa.RecordBatch], schema: pa.Schema, *, name: str, out: Path) -> SnapshotFile:
    """Write the rows of a file as Parquet, with the same values in other types.

    Args:
        batches: The rows.
        schema: The columns to write, from `carried_schema`.
        name: The file's name in errors.
        out: The Parquet file to create.

    Raises:
        InputError: A value cannot be converted without loss.
    """
    return write_snapshot_file(out, schema, (retyped(batch, schema, name) for batch in batches))


def retyped(batch: pa.RecordBatch, schema: pa.Schema, file: str) -> pa.RecordBatch:
    """Return rows with the same values in other types.

    Raises:
        InputError: A value cannot be converted without loss.
    """
    columns = []
    for field in schema:
        column = batch.column(field.name)
        try:
            if column.null_count == len(column) and column.type != field.type:
                column = pa.nulls(len(column), field.type)
            columns.append(column if column.type == field.type else column.cast(field.type))
        except pa.ArrowInvalid as error:
            raise InputError(
                "inexact_type",
                expected=f"values of {field.name!r} that {field.type} holds exactly",
                found=f"{column.type} in {file}: {str(error).splitlines()[0]}",
                remedy="write the file again without the column or with another type for it",
                values={"column": field.name, "type": str(column.type)},
            ) from None
    return pa.RecordBatch.from_arrays(columns, schema=schema)
