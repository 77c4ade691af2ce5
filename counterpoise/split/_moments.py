"""Convert times to numbers: columns of timestamps, dates or numbers, and gaps in a column's unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.errors import SplitError

TimeValues = npt.NDArray[np.int64 | np.float64]

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_DAY_MS = 86_400_000
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class Moments:
    """The times of rows.

    Attributes:
        values: One number per row in the unit of the column; integers unless the column holds floats, and UTC if it has
            a time zone. Undefined where missing.
        missing: Whether each row has no time; infinite and NaN values count as missing.
        kind: The column's type.
    """

    values: TimeValues
    missing: npt.NDArray[np.bool_]
    kind: pa.DataType

    def text(self, value: float) -> str:
        """Return a time in readable form: ISO 8601 with `Z` for UTC, or the plain number."""
        if not pa.types.is_temporal(self.kind):
            return str(value)
        if pa.types.is_date64(self.kind):
            value //= _DAY_MS
        unit = "D" if pa.types.is_date(self.kind) else self.kind.unit
        zone = "Z" if pa.types.is_timestamp(self.kind) and self.kind.tz else ""
        text = str(np.array([int(value)]).view(f"M8[{unit}]")[0])
        return (text.rstrip("0").rstrip(".") if "." in text else text) + zone


def read_moments(column: pa.ChunkedArray, name: str) -> Moments:
    """Return the times of a column.

    Args:
        column: Timestamps with or without a time zone, dates, or numbers.
        name: The column's name, for the error.

    Raises:
        SplitError: The column's type has no chronological order: texts, booleans, times of day and the like.
    """
    kind = column.type
    missing = np.asarray(column.is_null().to_numpy())
    if pa.types.is_floating(kind):
        floats = np.asarray(column.cast(pa.float64()).fill_null(0.0).to_numpy())
        return Moments(floats, missing | ~np.isfinite(floats), kind)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind)):
        raise _no_time(name, kind)
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    try:
        return Moments(np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy()), missing, kind)
    except pa.ArrowInvalid:
        raise _no_time(name, kind) from None


def _no_time(name: str, kind: pa.DataType) -> SplitError:
    return SplitError(
        "not_a_time",
        expected=f"timestamps, dates or 64-bit numbers in columns.time, {name!r}",
        found=f"the type {kind}",
        remedy=f"declare it in source.types, such as {name}=timestamp, or choose another column",
        values={"column": name, "type": str(kind)},
    )


def gap_units(gap: str, kind: pa.DataType) -> float:
    """Return a gap in the unit of a time column, rounded up.

    >>> gap_units("36 hours", pa.date32()), gap_units("2 days", pa.timestamp("s")), gap_units("7", pa.int64())
    (2, 172800, 7)

    Args:
        gap: A duration such as `7 days`, or a plain number for a numeric column; empty for no gap.
        kind: The column's type.

    Raises:
        SplitError: The gap is a duration for a numeric column, or a number for timestamps or dates.
    """
    number, unit = re.fullmatch(r"([\d.]*) ?([a-z]*?)s?", gap).groups()  # type: ignore[union-attr]  # see SplitConfig
    temporal = pa.types.is_temporal(kind)
    if gap and bool(unit) != temporal:
        raise SplitError(
            "gap_unit",
            expected="a duration such as 7 days as split.gap" if temporal else "a plain number as split.gap",
            found=f"{gap!r} for a column of type {kind}",
            remedy="correct split.gap",
            values={"gap": gap, "type": str(kind)},
        )
    length = Fraction(number or 0) * _SECONDS.get(unit, 1)
    if pa.types.is_floating(kind):
        return float(length)
    if pa.types.is_date32(kind):
        length /= _SECONDS["day"]
    elif temporal:
        length *= _PER_SECOND["ms" if pa.types.is_date64(kind) else kind.unit]
    return ceil(length)
