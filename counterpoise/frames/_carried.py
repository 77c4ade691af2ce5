"""Carry columns of pandas into Arrow: the values that a Parquet file of the frame would hold, or a refusal by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from counterpoise.errors import InputError

_AS_TEXT = "convert it, for example by .astype(str)"
_SHOWN = 100


@dataclass(frozen=True)
class Carried:
    """A column as the engine reads it.

    Attributes:
        values: The values in Arrow.
        voted: Whether they are categories, whatever their type: synthetic rows take one of them.
    """

    values: pa.ChunkedArray
    voted: bool = False


def carry_column(column: pd.Series[Any], name: str) -> Carried:
    """Return a column of any dtype as Arrow values.

    >>> carry_column(pd.Series([10**20, None], dtype=object), "wide").values.type
    Decimal128Type(decimal128(21, 0))

    Args:
        column: The column.
        name: Its name in errors.

    Raises:
        InputError: Arrow has no exact type for the values.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        return carry_column(pd.Series(column.array.to_dense()), name)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(column, name)
    if dtype.kind == "O" and isinstance(dtype, np.dtype):
        _check_families(column, name)
    values = _chunked(_exact(column, name))
    voted = isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype) or pa.types.is_dictionary(values.type)
    return Carried(_stored(values), voted)


def without_values(rows: int) -> Carried:
    """Return a column whose values nobody uses."""
    return Carried(_chunked(pa.nulls(rows, pa.int8())))


def labels_do_not_fit(rows: int, found: str) -> InputError:
    """Return the error for labels that are not one for each row."""
    return InputError(
        "labels_do_not_fit",
        expected=f"one label for each of the {rows:,} rows",
        found=found,
        remedy="pass features and labels of the same rows",
    )


def unsupported_column(name: str, found: str, remedy: str = _AS_TEXT) -> InputError:
    """Return the error for a column whose values the engine cannot carry."""
    return InputError(
        "unsupported_column",
        expected=f"values of one kind in column {name!r}, which Arrow holds exactly",
        found=found,
        remedy=remedy,
        values={"column": name},
    )


def _exact(column: pd.Series[Any], name: str) -> Any:
    dtype: Any = column.dtype
    if dtype.kind == "c":
        parts = "replace it by two columns, its .to_numpy().real and .to_numpy().imag, or convert it by .astype(str)"
        raise unsupported_column(name, f"complex numbers ({dtype})", parts)
    if dtype == np.longdouble and dtype != np.float64:
        raise unsupported_column(name, f"numbers of {dtype}", "convert it by .astype('float64')")
    try:
        return pa.array(column, from_pandas=True)
    except OverflowError:
        return _wide_integers(column, name)
    except (pa.ArrowException, ValueError, TypeError) as error:
        if isinstance(dtype, pd.DatetimeTZDtype):  # an offset that Arrow has no name for
            return pa.array(column.dt.tz_convert("UTC"), from_pandas=True)
        if isinstance(error, UnicodeEncodeError):
            broken = "replace them by .map(lambda text: text.encode('utf-8', 'replace').decode(), na_action='ignore')"
            raise unsupported_column(name, "texts with surrogates, which are no characters", broken) from None
        raise unsupported_column(name, str(error.args[0] if error.args else error)[:_SHOWN]) from None


def _wide_integers(column: pd.Series[Any], name: str) -> pa.Array:
    """Return integers beyond 64 bits as decimals without fraction."""
    missing = column.isna()
    values = [None if gone else value for value, gone in zip(column, missing, strict=True)]
    if not all(value is None or isinstance(value, int | np.integer) for value in values):
        raise unsupported_column(name, "integers beyond 64 bits among other numbers")
    try:
        return pa.array([None if value is None else Decimal(int(value)) for value in values])
    except (pa.ArrowException, ValueError):
        raise unsupported_column(name, "integers of more than 76 digits") from None


def _categories(column: pd.Series[Any], name: str) -> Carried:
    """Return the categories of rows: texts as a dictionary, other values as they are, or their codes."""
    codes = column.cat.codes.to_numpy().astype(np.int64)
    index = pa.array(codes, mask=codes < 0)
    try:
        values = carry_column(column.cat.categories.to_series().reset_index(drop=True), name).values.combine_chunks()
    except InputError:
        values = None
    if values is None or pa.types.is_nested(values.type):  # no values that could be compared, such as bins
        return Carried(_chunked(index), voted=True)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return Carried(_chunked(pa.DictionaryArray.from_arrays(index.cast(pa.int32()), values)), voted=True)
    return Carried(_chunked(values.take(index)), voted=True)


def _chunked(values: Any) -> pa.ChunkedArray:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def _stored(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the values without extension type, such as those of periods and intervals."""
    if not isinstance(values.type, pa.BaseExtensionType):
        return values
    return pa.chunked_array([chunk.storage for chunk in values.chunks], values.type.storage_type)


def _check_families(column: pd.Series[Any], name: str) -> None:
    """Check that objects are of one family: pyarrow would take a text for bytes, or a day for a time."""
    kinds = {family_of(value): type(value).__name__ for value in column.dropna()}
    if len(kinds) > 1:
        shown = kinds if len(set(kinds.values())) < len(kinds) else kinds.values()
        raise unsupported_column(name, f"objects of several types: {', '.join(sorted(shown))}")
    if kinds.keys() & {"set", "frozenset"}:
        raise unsupported_column(name, "sets, which have no order", "convert it by .map(sorted) or .astype(str)")


_FAMILIES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("bool", (bool, np.bool_)),
    ("number", (Real, Decimal)),
    ("str", (str,)),
    ("timedelta", (timedelta, np.timedelta64)),
    ("list", (list, tuple, np.ndarray)),
)


def family_of(value: object) -> str:
    """Return the family of types that a value belongs to; values of one family can stand in one column.

    >>> family_of(1), family_of(2.5), family_of("a"), family_of(True)
    ('number', 'number', 'str', 'bool')
    """
    if isinstance(value, datetime):
        return "datetime" if value.tzinfo is None else "datetime with time zone"
    if isinstance(value, date):
        return "date"
    return next((name for name, kinds in _FAMILIES if isinstance(value, kinds)), type(value).__name__)
