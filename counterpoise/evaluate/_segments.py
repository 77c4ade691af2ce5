"""Segments of rows by the values of one column: levels, quartiles of numbers and dates, missing values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from counterpoise.table import class_name, to_series
from counterpoise.typing import Mask

_LEVELS = 20
_PARTS = 4


def segments(column: pa.Table) -> Iterator[tuple[str, Mask]]:
    """Yield the segments of a column as names and row masks.

    A segment is a value of a text or boolean column (the twenty most frequent), a quarter of a number, date or time
    column by quartiles, or the rows with a missing value. Nested columns only have the last.

    Args:
        column: A table of one column.
    """
    kind, values = column.schema[0].type, to_series(column.column(0))
    missing = values.isna().to_numpy(dtype=np.bool_)
    if missing.any():
        yield "missing", missing
    if pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        yield from _quarters_of_time(column.column(0), missing)
    elif pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        yield from _quarters_of_numbers(values, missing)
    elif not pa.types.is_nested(kind):
        texts = values.map(class_name, na_action="ignore").astype("str")
        for level in texts[~missing].value_counts().index[:_LEVELS]:
            yield str(level), (texts == level).to_numpy(dtype=np.bool_) & ~missing


def _quarters_of_numbers(values: pd.Series[Any], missing: Mask) -> Iterator[tuple[str, Mask]]:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    for low, high, members in _quarters(numbers, np.isfinite(numbers)):
        names = _number_names(low, high)
        yield _range_name(*names, first=members[numbers == low].any()), members & ~missing


def _quarters_of_time(column: pa.ChunkedArray, missing: Mask) -> Iterator[tuple[str, Mask]]:
    """Yield the quarters of dates, times or durations, computed exactly on their integer counts."""
    counted = pa.int32() if column.type.bit_width == 32 else pa.int64()
    ticks = column.cast(counted).fill_null(0).to_numpy().astype(np.int64)

    def text(tick: Any) -> str:
        moment = pa.array([tick], counted).cast(column.type)
        return str(moment[0]) if pa.types.is_duration(column.type) else str(moment.cast(pa.string())[0])

    for low, high, members in _quarters(ticks, ~missing):
        yield _range_name(text(low), text(high), first=members[ticks == low].any()), members & ~missing


def _quarters(values: npt.NDArray[Any], known: Mask) -> Iterator[tuple[Any, Any, Mask]]:
    """Yield lower bound, upper bound and members of the parts between the quartiles; equal values stay together."""
    present = values[known]
    if not len(present):
        return
    inner = np.linspace(0, 1, _PARTS + 1)[1:-1]
    edges = np.unique(np.quantile(present, inner, method="inverted_cdf"))
    edges = edges[edges < present.max()]
    parts = np.searchsorted(edges, values, side="left")
    bounds = [present.min(), *edges, present.max()]
    for part in range(len(edges) + 1):
        yield bounds[part], bounds[part + 1], parts == part


def _number_names(low: float, high: float) -> tuple[str, str]:
    """Return two bounds with six significant digits, or as many as it takes to distinguish them.

    >>> _number_names(0.5, 123456789.0), _number_names(9007199254740992, 9007199254740998)
    (('0.5', '1.23457e+08'), ('9007199254740992', '9007199254740998'))
    """
    low, high = low + 0.0, high + 0.0  # -0 is 0
    names = [(f"{low:.{digits}g}", f"{high:.{digits}g}") for digits in (6, 9, 12, 17)]
    return next((pair for pair in names if pair[0] != pair[1]), names[0])


def _range_name(low: str, high: str, *, first: bool) -> str:
    """Return the name of a range; only the first range includes its lower bound.

    >>> _range_name("0", "0", first=True), _range_name("0", "5", first=True), _range_name("5", "9", first=False)
    ('0', '0 to 5', 'above 5 to 9')
    """
    if first:
        return low if low == high else f"{low} to {high}"
    return f"above {low} to {high}"
