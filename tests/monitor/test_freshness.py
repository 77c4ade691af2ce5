from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.monitor._freshness import hours_between, measure_freshness, too_old
from tests.snapshots import engine_config, snapshot_of

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEWEST = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)


def freshness(folder: Path, times: pa.Array, **columns: Any) -> Any:
    table = pa.table({"at": times, "label": [0, 1] * (len(times) // 2)})
    config = engine_config(folder, columns={"target": "label", "time": "at"} | columns, source={"path": "absent.csv"})
    return measure_freshness(config, snapshot_of(table, folder, group_rows=2), now=NOW)


def moments(kind: pa.DataType) -> pa.Array:
    naive = [NEWEST.replace(tzinfo=None) - timedelta(hours=hours) for hours in (5, 0, 3, 8)]
    return pa.array(naive, pa.timestamp("us")).cast(kind)


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("s", "UTC"), pa.timestamp("ms", "Europe/Berlin")]
)
def test_the_newest_row_is_that_of_the_time_column_whatever_its_unit_and_zone(
    tmp_path: Path, kind: pa.DataType
) -> None:
    found = freshness(tmp_path, moments(kind))
    assert (found.newest, found.by) == (NEWEST, "at")


def test_a_day_begins_at_midnight(tmp_path: Path) -> None:
    days = pa.array([date(2026, 5, 30), date(2026, 5, 31)], pa.date32())
    assert freshness(tmp_path, days).newest == datetime(2026, 5, 31, tzinfo=UTC)


def test_rows_in_the_future_do_not_make_a_source_look_fresh(tmp_path: Path) -> None:
    times = pa.array([NEWEST, NOW + timedelta(days=900), None, NEWEST - timedelta(days=1)], pa.timestamp("us", "UTC"))
    assert freshness(tmp_path, times).newest == NEWEST


@pytest.mark.parametrize("times", [pa.array([1, 2]), pa.array(["2026-01-01", "x"]), pa.nulls(2, pa.timestamp("us"))])
def test_where_the_column_says_nothing_the_newest_file_does(tmp_path: Path, times: pa.Array) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, moment in (("a.csv", NEWEST - timedelta(days=2)), ("b.csv", NEWEST)):
        (folder / name).write_text("x\n1\n")
        os.utime(folder / name, (moment.timestamp(), moment.timestamp()))
    table = pa.table({"at": times, "label": [0, 1]})
    config = engine_config(tmp_path, columns={"target": "label", "time": "at"}, source={"path": str(folder)})
    found = measure_freshness(config, snapshot_of(table, tmp_path), now=NOW)
    assert (found.newest, found.by) == (NEWEST, "file")


@pytest.mark.parametrize("kind", ["database", "table with versions", "web"])
def test_of_sources_without_files_of_their_own_nothing_is_known(tmp_path: Path, kind: str) -> None:
    (tmp_path / "lake" / "_delta_log").mkdir(parents=True)
    (tmp_path / "lake" / "part.parquet").touch()
    source = {
        "database": {"url": "sqlite:///shop.db", "table": "sales"},
        "table with versions": {"path": str(tmp_path / "lake"), "version": "3"},
        "web": {"path": "https://host.example/t.csv", "sha256": "0" * 64},
    }[kind]
    config = engine_config(tmp_path, columns={"target": "label"}, source=source)
    found = measure_freshness(config, snapshot_of(pa.table({"label": [0, 1]}), tmp_path), now=NOW)
    assert (found.newest, found.by) == (None, "")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4_000)))
def test_hours_are_the_same_in_every_zone(passed: timedelta) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert hours_between(NOW - passed, elsewhere) == pytest.approx(passed.total_seconds() / 3600)


def test_only_what_is_older_than_it_may_be_is_told() -> None:
    assert too_old("it", 24.0, 24) == []
    assert too_old("it", 24.1, 24) == ["it is 24.1 hours old, more than 24"]
    assert too_old("it", 9_999.0, 0) == []
