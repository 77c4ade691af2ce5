"""The scale of a time column: lengths and instants in its unit, and back in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from counterpoise.errors import SplitError

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_UNITS = {"millisecond": Fraction(1, 1000), **{name: Fraction(seconds) for name, seconds in _SECONDS.items()}}
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_IN_WORDS = ("day", "hour", "minute", "second")
_DAY_MS = 86_400_000
_LENGTH = re.compile(r"([\d.]+) ?([a-z]*?)s?")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?", flags=re.IGNORECASE
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TimeScale:
    """What one step of a time column means.

    Attributes:
        kind: The column's type.
        unit: The declared unit of a numeric column; empty if it is unknown, and for timestamps and dates.
        zone: The time zone of dates without an offset; empty if they need one.
    """

    kind: pa.DataType
    unit: str = ""
    zone: str = ""

    @property
    def in_calendar(self) -> bool:
        """Whether the column holds timestamps or dates."""
        return bool(pa.types.is_temporal(self.kind))

    @property
    def seconds(self) -> Fraction | None:
        """The length of one step in seconds; None for numbers of unknown unit."""
        if pa.types.is_date32(self.kind):
            return Fraction(_SECONDS["day"])
        if self.in_calendar:
            return Fraction(1, _PER_SECOND["ms" if pa.types.is_date64(self.kind) else self.kind.unit])
        return _UNITS[self.unit] if self.unit else None

    @property
    def day(self) -> Fraction | None:
        """The steps in a day; None for numbers of unknown unit."""
        return None if self.seconds is None else _SECONDS["day"] / self.seconds

    def length(self, text: str, *, field: str, exact: bool = False) -> float:
        """Return a length in steps: a whole number, rounded up, unless the column holds floats.

        Args:
            text: A length such as `7 days`, or a plain number for a numeric column; empty for 0.
            field: The setting, for the error.
            exact: Whether to refuse a length that is no whole number of steps.

        Raises:
            SplitError: It is a duration for numbers of unknown unit, or a number for timestamps or dates.
        """
        if not text:
            return 0
        number, unit = _LENGTH.fullmatch(text).groups()  # type: ignore[union-attr]  # SplitConfig has checked it
        if (self.seconds is None) if unit else self.in_calendar:
            raise self._wrong_unit(text, field)
        steps = Fraction(number)
        if unit and self.seconds is not None:
            steps *= _SECONDS[unit] / self.seconds
        if pa.types.is_floating(self.kind):
            return float(steps)
        if exact and steps.denominator > 1:
            raise self._wrong_unit(text, field)
        return ceil(steps)

    def _wrong_unit(self, text: str, field: str) -> SplitError:
        if self.in_calendar:
            expected = f"a duration such as 7 days as {field}" + (", in whole days" * pa.types.is_date(self.kind))
        elif self.seconds is None:
            expected = f"a plain number as {field}, or the unit of the numbers as columns.time_unit"
        else:
            expected = f"whole {self.unit}s as {field}"
        return SplitError(
            "gap_unit" if field == "split.gap" else "length_unit",
            expected=expected,
            found=f"{text!r} for a column of type {self.kind}",
            remedy=f"correct {field}",
            values={field.rpartition(".")[2]: text, "type": str(self.kind)},
        )

    def quantum(self, lengths: list[float]) -> float:
        """Return the longest of day, hour, minute and second of which all lengths are multiples; else 1 step."""
        for name in _IN_WORDS if self.seconds is not None else ():
            steps = Fraction(_SECONDS[name]) / Fraction(self.seconds or 1)
            if steps.denominator == 1 and all(Fraction(length) % steps == 0 for length in lengths):
                return int(steps)
        return 1

    def words(self, steps: float) -> str:
        """Return a length in words, such as `7 days`, or a plain number if the unit is unknown."""
        if self.seconds is None:
            return f"{steps:,}"
        seconds = Fraction(steps) * self.seconds
        for name in _IN_WORDS:
            number = seconds / _SECONDS[name]
            if number.denominator == 1:
                return f"{int(number):,} {name}{'s' if number != 1 else ''}"
        return f"{float(seconds):,g} seconds"

    def text(self, value: float) -> str:
        """Return an instant in readable form: ISO 8601 with `Z` for UTC, or the plain number."""
        if not self.in_calendar:
            return str(value)
        if pa.types.is_date64(self.kind):
            value //= _DAY_MS
        unit = "D" if pa.types.is_date(self.kind) else self.kind.unit
        text = str(np.array([int(value)]).view(f"M8[{unit}]")[0])
        return (text.rstrip("0").rstrip(".") if "." in text else text) + ("Z" if self._aware else "")

    @property
    def _aware(self) -> bool:
        return bool(pa.types.is_timestamp(self.kind) and self.kind.tz)

    def instant(self, text: str, *, field: str) -> float:
        """Return an instant in steps, as the column's numbers count them.

        Args:
            text: A date, or a date and time, with an offset only if the column has a time zone; for a numeric column
                a number, or with a known unit a length since 0.
            field: The setting, for the error.

        Raises:
            SplitError: The text is no instant of this column, or says too little or too much about the time zone.
        """
        if not self.in_calendar:
            return self._number(text, field)
        found = _MOMENT.fullmatch(text)
        if found is None:
            raise self._no_instant(text, field)
        day, time, fraction, offset = found.groups()
        if self._aware != bool(offset) and not (self._aware and self.zone):
            raise self._wrong_zone(text, field)
        try:
            clock = datetime.fromisoformat(f"{day}T{time or '00:00'}{(offset or '').upper()}")
            moment = (clock if offset else clock.replace(tzinfo=ZoneInfo(self.zone or "UTC"))) - _EPOCH
        except ValueError:
            raise self._no_instant(text, field) from None
        seconds = moment.days * _SECONDS["day"] + moment.seconds + Fraction(f"0.{fraction or 0}")
        steps = seconds / Fraction(self.seconds or 1)
        if steps.denominator > 1:
            raise self._no_instant(text, field)
        return int(steps)

    def _number(self, text: str, field: str) -> float:
        if re.fullmatch(r"-?\d+(\.\d+)?", text):
            value = Fraction(text)
            if pa.types.is_floating(self.kind):
                return float(value)
            if value.denominator == 1:
                return int(value)
        elif _LENGTH.fullmatch(text):
            return self.length(text, field=field, exact=True)
        raise self._no_instant(text, field)

    def _no_instant(self, text: str, field: str) -> SplitError:
        wanted = "a number" if not self.in_calendar else self._example
        return SplitError(
            "not_an_instant",
            expected=f"an instant of columns.time in {field}, such as {wanted}",
            found=f"{text!r} for a column of type {self.kind}",
            remedy=f"correct {field}",
            values={"instant": text, "type": str(self.kind)},
        )

    @property
    def _example(self) -> str:
        if pa.types.is_date(self.kind):
            return "2025-03-01"
        return "2025-03-01T00:00Z or 2025-03-01T00:00+01:00" if self._aware else "2025-03-01 or 2025-03-01T06:00"

    def _wrong_zone(self, text: str, field: str) -> SplitError:
        zone = f"the times have a zone ({self.kind.tz})" if self._aware else "the times have no zone"
        return SplitError(
            "instant_without_zone" if self._aware else "instant_with_zone",
            expected=f"instants {'with' if self._aware else 'without'} an offset in {field}, because {zone}",
            found=repr(text),
            remedy=f"write {self._example}",
            values={"instant": text, "type": str(self.kind)},
        )
