"""Declared types for values that are already typed."""

from __future__ import annotations

import re

import pyarrow as pa

from counterpoise.errors import InputError
from counterpoise.ingest._text.column_types import declared_rule

_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
} | {f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)}


def declared_type(column: str, declared: str) -> pa.DataType:
    """Return the Arrow type that `source.types` declares for a column.

    Raises:
        ConfigError: The type does not exist.

    >>> declared_type("price", "decimal(10, 2)")
    Decimal128Type(decimal128(10, 2))
    """
    rule = declared_rule(column, declared)
    match = re.fullmatch(r"DECIMAL\((\d+), (\d+)\)", rule.sql)
    return pa.decimal128(int(match[1]), int(match[2])) if match else _ARROW[declared.strip().lower()]


def cast_declared(array: pa.Array, column: pa.Field, first_row: int) -> pa.Array:
    """Cast values to the declared type.

    Args:
        array: The values.
        column: The column's name and declared type.
        first_row: The 0-based row number of the first value.

    Raises:
        InputError: A value does not fit.
    """
    try:
        return array.cast(column.type)
    except pa.ArrowInvalid:
        position = next(number for number in range(len(array)) if not _fits(array[number], column.type))
        row, value = first_row + position + 1, str(array[position].as_py())
        raise InputError(
            "value_does_not_fit",
            expected=f"only values of type {column.type} in column {column.name!r}, as declared in source.types",
            found=f"{value[:120]!r} in row {row:,}",
            remedy=f"add it to source.missing_values if it means missing, or correct {column.name} in source.types",
            values={"column": column.name, "row": row, "value": value[:2_000]},
        ) from None


def _fits(value: pa.Scalar, kind: pa.DataType) -> bool:
    try:
        value.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True
