"""Convert times to numbers: columns of timestamps, dates or numbers, and gaps in a column's unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import ColumnsConfig
from counterpoise.errors import SplitError
from counterpoise.split._time_scale import TimeScale

TimeValues = npt.NDArray[np.int64 | np.float64]

_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Moments:
    """The times of rows.

    Attributes:
        values: One number per row in the unit of the column; integers unless the column holds floats, and UTC if it has
            a time zone. Undefined where missing.
        missing: Whether each row has no time; infinite and NaN values count as missing.
        kind: The column's type.
        unit: The declared unit of a numeric column; empty if unknown.
        zone: The declared time zone; empty for that of the column's type.
    """

    values: TimeValues
    missing: npt.NDArray[np.bool_]
    kind: pa.DataType
    unit: str = ""
    zone: str = ""

    @property
    def scale(self) -> TimeScale:
        """What one step of the times means."""
        return TimeScale(self.kind, self.unit, self.zone)

    def days(self) -> npt.NDArray[np.int64] | None:
        """Return the day of each row in its zone, counted from 1970 or from 0; None if the unit of times is unknown."""
        day = self.scale.day
        if day is None:
            return None
        zone = self.zone or (pa.types.is_timestamp(self.kind) and self.kind.tz)
        if zone and zone != "UTC":
            return self._local_seconds(_DAY_SECONDS / day, zone) // _DAY_SECONDS
        if day.denominator == 1 and self.values.dtype.kind == "i":
            return np.asarray(self.values // int(day), dtype=np.int64)
        return np.asarray(np.floor(self.values / float(day)), dtype=np.int64)

    def _local_seconds(self, step: Fraction, zone: str) -> npt.NDArray[np.int64]:
        """Return the whole seconds since 1970 on the clocks of a zone; `step` is the length of a step in seconds."""
        if self.values.dtype.kind == "i":
            seconds = self.values * step.numerator // step.denominator
        else:
            seconds = np.floor(self.values * float(step)).astype(np.int64)
        local = pc.local_timestamp(pa.array(seconds).cast(pa.timestamp("s", zone)))
        return np.asarray(local.cast(pa.int64()).to_numpy())

    def text(self, value: float) -> str:
        """Return a time in readable form: ISO 8601 with `Z` for UTC, or the plain number."""
        return self.scale.text(value)


def read_moments(column: pa.ChunkedArray, columns: ColumnsConfig) -> Moments:
    """Return the times of a column.

    Args:
        column: Timestamps with or without a time zone, dates, or numbers.
        columns: The roles of columns; `time`, `time_unit` and `time_zone` describe the column.

    Raises:
        SplitError: The column's type has no chronological order: texts, booleans, times of day and the like.
    """
    kind, name, unit, zone = column.type, columns.time, columns.time_unit, columns.time_zone
    if zone and not unit and not (pa.types.is_timestamp(kind) and kind.tz):
        raise _has_no_zone(columns, kind)
    missing = np.asarray(column.is_null().to_numpy())
    if pa.types.is_floating(kind):
        floats = np.asarray(column.cast(pa.float64()).fill_null(0.0).to_numpy())
        return Moments(floats, missing | ~np.isfinite(floats), kind, unit, zone)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind)):
        raise _no_time(name, kind)
    if unit and pa.types.is_temporal(kind):
        raise _has_a_unit(name, kind, unit)
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    try:
        return Moments(np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy()), missing, kind, unit, zone)
    except pa.ArrowInvalid:
        raise _no_time(name, kind) from None


def _has_no_zone(columns: ColumnsConfig, kind: pa.DataType) -> SplitError:
    return SplitError(
        "time_zone",
        expected=f"times with a zone in columns.time, {columns.time!r}, because columns.time_zone is "
        f"{columns.time_zone}",
        found=f"the type {kind}, whose days are those of the values as they stand",
        remedy="leave columns.time_zone empty; for numbers since 1970 name their columns.time_unit as well",
        values={"column": columns.time, "type": str(kind)},
    )


def _no_time(name: str, kind: pa.DataType) -> SplitError:
    return SplitError(
        "not_a_time",
        expected=f"timestamps, dates or 64-bit numbers in columns.time, {name!r}",
        found=f"the type {kind}",
        remedy=f"declare it in source.types, such as {name}=timestamp, or choose another column",
        values={"column": name, "type": str(kind)},
    )


def _has_a_unit(name: str, kind: pa.DataType, unit: str) -> SplitError:
    return SplitError(
        "time_unit",
        expected=f"numbers in columns.time, {name!r}, because columns.time_unit is {unit}",
        found=f"the type {kind}, which has its own unit",
        remedy="leave columns.time_unit empty",
        values={"column": name, "type": str(kind)},
    )
