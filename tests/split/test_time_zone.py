"""Days and instants in a declared time zone, checked against Python's own clocks."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoise.config import ColumnsConfig
from counterpoise.errors import SplitError
from counterpoise.split import read_moments

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "")
MOMENTS = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 12, 31))  # noqa: DTZ001  # clocks of UTC
_EPOCH = dt.date(1970, 1, 1)


def columns(zone: str, unit: str = "") -> ColumnsConfig:
    return ColumnsConfig(target="y", time="at", time_zone=zone, time_unit=unit)


def days_of(moments: list[dt.datetime], zone: str) -> list[int]:
    """Return the days since 1970 of moments in UTC on the clocks of a zone."""
    clocks = [each.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone or "UTC")) for each in moments]
    return [(each.date() - _EPOCH).days for each in clocks]


@given(
    moments=st.lists(MOMENTS, min_size=1), zone=st.sampled_from(ZONES), unit=st.sampled_from(["s", "ms", "us", "ns"])
)
def test_days_are_those_of_the_clocks_of_the_zone(moments: list[dt.datetime], zone: str, unit: str) -> None:
    declared = pa.array(moments, pa.timestamp("us")).cast(pa.timestamp(unit, "UTC"), safe=False)
    found = read_moments(pa.chunked_array([declared]), columns(zone)).days()
    assert found is not None
    assert found.tolist() == days_of(moments, zone)
    typed = declared.cast(pa.timestamp(unit, zone or "UTC"))
    of_the_type = read_moments(pa.chunked_array([typed]), columns("")).days()
    assert of_the_type is not None
    assert of_the_type.tolist() == found.tolist()


@pytest.mark.parametrize(
    ("unit", "steps"), [("second", 1.0), ("millisecond", 1000.0), ("minute", 1 / 60), ("hour", 1 / 3600)]
)
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64()], ids=str)
def test_days_of_numbers_are_those_of_the_zone_as_well(unit: str, steps: float, kind: pa.DataType) -> None:
    hours = [dt.datetime(2025, 3, 30) + dt.timedelta(hours=number) for number in range(-30, 30)]  # noqa: DTZ001
    seconds = [each.replace(tzinfo=dt.UTC).timestamp() for each in hours]
    numbers = pa.array(np.array(seconds) * steps).cast(kind)
    found = read_moments(pa.chunked_array([numbers]), columns("Europe/Berlin", unit)).days()
    assert found is not None
    assert found.tolist() == days_of(hours, "Europe/Berlin")


def test_the_day_of_the_change_to_summer_time_has_23_hours() -> None:
    first = dt.datetime(2025, 3, 28, tzinfo=dt.UTC)
    hours = pa.array([first + dt.timedelta(hours=number) for number in range(96)], pa.timestamp("us", "UTC"))
    days = read_moments(pa.chunked_array([hours]), columns("Europe/Berlin")).days()
    assert days is not None
    assert np.unique(days, return_counts=True)[1].tolist() == [23, 24, 23, 24, 2]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-03-30", "2025-03-29T23:00+00:00"),
        ("2025-03-31", "2025-03-30T22:00+00:00"),
        ("2025-03-31T06:30", "2025-03-31T04:30+00:00"),
        ("2025-03-31T00:00Z", "2025-03-31T00:00+00:00"),
        ("2025-03-31T00:00-05:00", "2025-03-31T05:00+00:00"),
    ],
)
def test_an_instant_without_offset_is_one_of_the_zone(text: str, utc: str) -> None:
    empty = pa.chunked_array([pa.array([], pa.timestamp("us", "UTC"))])
    found = read_moments(empty, columns("Europe/Berlin")).scale.instant(text, field="split.test")
    assert found == dt.datetime.fromisoformat(utc).timestamp() * 1_000_000


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.date32(), pa.int64(), pa.float64()], ids=str)
def test_a_zone_of_times_that_have_none_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(SplitError, match=r"leave columns\.time_zone empty") as caught:
        read_moments(pa.chunked_array([pa.array([], kind)]), columns("Europe/Berlin"))
    assert caught.value.reason == "time_zone"


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "CEST+2", " "])
def test_what_is_no_time_zone_is_refused_by_name(zone: str) -> None:
    with pytest.raises(ValidationError, match="is no time zone"):
        columns(zone)


def test_a_week_is_168_hours_in_a_week_of_a_change_too() -> None:
    empty = pa.chunked_array([pa.array([], pa.timestamp("s", "UTC"))])
    assert read_moments(empty, columns("Europe/Berlin")).scale.length("7 days", field="split.test") == 168 * 3600
