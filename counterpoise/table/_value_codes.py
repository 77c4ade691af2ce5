"""Convert columns of any type to NumPy arrays: numbers if they have an order, otherwise codes of distinct values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_ORDERED = (Real, Decimal, date, time, timedelta)


@dataclass(frozen=True)
class Coded:
    """The distinct values of a column.

    Attributes:
        codes: The position in `values` of each row; -1 if the value is missing.
        values: The distinct values in order of appearance, without missing ones; nested values as text.
    """

    codes: npt.NDArray[np.intp]
    values: Sequence[Any]


@dataclass(frozen=True)
class Numbers:
    """An ordered column as numbers.

    Attributes:
        values: One number per row; arbitrary where missing.
        missing: Whether each value is missing.
    """

    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]


def encode_values(column: pd.Series[Any]) -> Coded:
    """Return the distinct values of a column of any type; None, NaN, NaT and NA are all missing.

    >>> coded = encode_values(pd.Series(["b", None, "a", "b"]))
    >>> coded.codes.tolist(), list(coded.values)
    ([0, -1, 1, 0], ['b', 'a'])
    """
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # nested values are not hashable
        codes, values = pd.factorize(column.astype(object).map(content_text, na_action="ignore"))
    return Coded(codes, values.tolist())


def content_text(value: Any) -> str:
    """Return a nested value as complete text, equal for equal contents in any container.

    >>> content_text([1, np.array([2, 3])]), content_text({"b": 1, "a": None})
    ('[1, [2, 3]]', "{'a': None, 'b': 1}")
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(content_text, value))}]"
    if isinstance(value, dict):
        pairs = sorted((content_text(key), content_text(each)) for key, each in value.items())
        return "{" + ", ".join(f"{key}: {each}" for key, each in pairs) + "}"
    return repr(value)


def as_numbers(column: pd.Series[Any]) -> Numbers | None:
    """Return a column of numbers, booleans, times or durations as numbers without rounding; None for other types.

    >>> as_numbers(pd.Series([3, None, 5], dtype="Int64"))
    Numbers(values=array([3, 0, 5]), missing=array([False,  True, False]))
    """
    dtype: Any = column.dtype
    if isinstance(dtype, np.dtype):
        values = column.to_numpy()
    elif isinstance(dtype, pd.DatetimeTZDtype):
        values = column.to_numpy(dtype=f"datetime64[{dtype.unit}]")
    elif getattr(getattr(dtype, "numpy_dtype", None), "kind", "O") in "biuf":
        values = column.to_numpy(dtype=dtype.numpy_dtype, na_value=0)
    else:
        return None
    if values.dtype.kind not in "biufmM":
        return None
    missing = column.isna().to_numpy(dtype=bool)
    if values.dtype.kind == "f":
        missing = missing | np.isnan(values)
    plain = values.view({"b": np.uint8, "m": np.int64, "M": np.int64}.get(values.dtype.kind, values.dtype))
    return Numbers(plain, missing)


def as_ordered(coded: Coded) -> Numbers | None:
    """Return the ranks of values that are all numbers, dates or times; None otherwise.

    >>> as_ordered(Coded(np.array([0, 1, -1]), [date(2024, 5, 1), date(2023, 5, 1)]))
    Numbers(values=array([1, 0, 0]), missing=array([False, False,  True]))
    """
    if not all(isinstance(value, _ORDERED) for value in coded.values):
        return None
    try:
        order = sorted(range(len(coded.values)), key=coded.values.__getitem__)
    except (TypeError, ArithmeticError):  # the values are of kinds that cannot be compared
        return None
    ranks = np.zeros(len(order) + 1, dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return Numbers(ranks[coded.codes], coded.codes < 0)
