"""Windows of the calendar: what is written is what is kept, to the second."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoise.config import ColumnsConfig, SplitConfig, build_config
from counterpoise.errors import ConfigError, SplitError
from counterpoise.persist import DatasetFolder
from counterpoise.records import PARTITIONS, SplitPlan
from counterpoise.split import REJECTED, Span, SplitPromise, read_partition, resolve_windows
from counterpoise.split._time_scale import TimeScale
from counterpoise.table import read_rejects
from counterpoise.verify._version import verify_version
from tests.manifests import forge
from tests.snapshots import run_engine
from tests.split.splitting import split
from tests.split.transactions import START, transactions

MICROSECONDS = TimeScale(pa.timestamp("us"))
DROPPED = ["day", "second", "customer"]


def in_windows(
    table: pa.Table, folder: Path, *, time: str = "at", columns: dict[str, Any] | None = None, **config: Any
) -> SplitPlan:
    others = [name for name in ("at", "day", "second", "customer") if name != time]
    roles = {"time": time, "drop": others, **(columns or {})}
    return split(table, folder, columns=roles, method="time", duplicates="ignore", **config)


def days_of(plan: SplitPlan, table: pa.Table) -> dict[str, list[int]]:
    """Return the days of each partition's rows."""
    where, day = read_partition(plan), table["day"].to_numpy()
    return {name: np.unique(day[where == number]).tolist() for number, name in enumerate(PARTITIONS)}


def days(first: int, end: int) -> list[int]:
    return list(range(first, end))


def test_three_weeks_are_split_into_a_week_each_of_train_delay_and_test(tmp_path: Path) -> None:
    table = transactions()
    plan = in_windows(table, tmp_path, train="7 days", delay="7 days", test="7 days", validation_size=0.3)
    found = days_of(plan, table)
    assert sorted({*found["train"], *found["validation"]}) == days(0, 7)
    assert found["test"] == days(14, 21)
    rejects = read_rejects(plan.rejects_file)
    assert plan.apart == {"delay": int(np.isin(table["day"], days(7, 14)).sum())} == {"delay": rejects.num_rows}
    assert set(rejects["reason"].to_pylist()) == {"delay"}
    where, second = read_partition(plan), table["second"].to_numpy()
    assert second[where == 0].max() < second[where == 1].min()
    assert (where == 1).sum() == pytest.approx(0.3 * (second < 7 * 86_400).sum(), abs=1)
    assert plan.windows["test"] == ("2025-03-15T00:00:00", "2025-03-22T00:00:00")
    assert any("in the delay of 7 days before test" in note for note in plan.notes)


def test_the_delay_lies_between_train_and_a_validation_with_its_own_window(tmp_path: Path) -> None:
    table = transactions()
    plan = in_windows(table, tmp_path, train="7 days", delay="7 days", validation="48 hours", test="5 days")
    assert days_of(plan, table) == {"train": days(0, 7), "validation": days(14, 16), "test": days(16, 21)}
    assert any("its labels would not be known" in note for note in plan.notes)


def test_a_gap_keeps_validation_away_from_test_as_well(tmp_path: Path) -> None:
    table = transactions(days=35, rows=9_000)
    plan = in_windows(table, tmp_path, train="7 days", gap="7 days", validation="7 days", test="7 days")
    assert days_of(plan, table) == {"train": days(0, 7), "validation": days(14, 21), "test": days(28, 35)}
    assert set(plan.apart) == {"gap"}
    assert not any("would not be known" in note for note in plan.notes)


def test_from_is_in_the_window_and_to_is_not(tmp_path: Path) -> None:
    times = [START + dt.timedelta(hours=hour) for hour in range(96)]
    table = pa.table({"at": times, "a": np.arange(96.0), "label": [0, 1] * 48})
    plan = split(
        table, tmp_path, columns={"time": "at"}, method="time",
        train="from 2025-03-01T01:00 to 2025-03-02", validation={"from": "2025-03-02", "to": "2025-03-03"},
        test={"from": "2025-03-03T12:00:00", "length": "12 hours"},
    )  # fmt: skip
    where = read_partition(plan)
    wanted = [REJECTED] + [0] * 23 + [1] * 24 + [REJECTED] * 12 + [2] * 12 + [REJECTED] * 24
    assert where.tolist() == wanted
    assert plan.apart == {"outside_window": 37}


def test_fixed_windows_stay_where_they_are_as_rows_arrive(tmp_path: Path) -> None:
    fixed: dict[str, Any] = {
        "train": {"from": "2025-03-01", "to": "2025-03-08"}, "validation": {"from": "2025-03-10", "to": "2025-03-12"},
        "test": {"from": "2025-03-12", "to": "2025-03-17"}, "delay": "2 days",
    }  # fmt: skip
    table = transactions(days=30, rows=6_000)
    early = table.filter(pc.less(table["day"], 17))
    first = read_partition(in_windows(early, tmp_path / "first", **fixed))
    second = read_partition(in_windows(table, tmp_path / "second", **fixed))
    assert second[np.asarray(table["day"]) < 17].tolist() == first.tolist()
    assert set(second[np.asarray(table["day"]) >= 17].tolist()) == {REJECTED}


@pytest.mark.parametrize(
    ("time", "unit", "lengths"),
    [
        ("day", "", {"train": "7", "delay": "7", "test": "7"}),
        ("day", "day", {"train": "7 days", "delay": "1 week", "test": "7"}),
        ("second", "second", {"train": "7 days", "delay": "168 hours", "test": "7 days"}),
        ("second", "", {"train": "604800", "delay": "604800", "test": "604800"}),
    ],
)
def test_numbers_are_times_in_their_own_or_a_declared_unit(
    tmp_path: Path, time: str, unit: str, lengths: dict[str, str]
) -> None:
    table = transactions()
    plan = in_windows(table, tmp_path, time=time, columns={"time_unit": unit}, **lengths)
    found = days_of(plan, table)
    assert sorted({*found["train"], *found["validation"]}) == days(0, 7)
    assert found["test"] == days(14, 21)


def test_floats_are_times_too(tmp_path: Path) -> None:
    table = transactions()
    hours = pc.divide(table["second"].cast(pa.float64()), 3600.0)
    table = table.set_column(1, "hour", hours).append_column("day", table["day"])
    plan = split(
        table, tmp_path, columns={"time": "hour", "time_unit": "hour", "drop": ["at", "second", "customer", "day"]},
        method="time", train="7 days", delay="7 days", test="7 days",
    )  # fmt: skip
    assert days_of(plan, table)["test"] == days(14, 21)


def resolved(last: dt.datetime, **config: Any) -> dict[str, tuple[str, str]]:
    value = int(np.datetime64(last, "us").astype(np.int64))
    spans = resolve_windows(SplitConfig(method="time", **config), MICROSECONDS, value)
    return {name: span.texts(MICROSECONDS) for name, span in spans.items()}


LAST = dt.datetime(2025, 3, 21, 17, 30, 5)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("config", "test"),
    [
        ({"test": "7 days"}, ("2025-03-15T00:00:00", "2025-03-22T00:00:00")),
        ({"test": "36 hours"}, ("2025-03-20T06:00:00", "2025-03-21T18:00:00")),
        ({"test": "7 days", "delay": "90 minutes"}, ("2025-03-14T17:31:00", "2025-03-21T17:31:00")),
        ({"test": "from 2025-03-15"}, ("2025-03-15T00:00:00", "")),
        ({"train": "from 2025-03-01", "test": "3 days"}, ("2025-03-19T00:00:00", "2025-03-22T00:00:00")),
        ({"test": "to 2025-03-20 for 2 days"}, ("2025-03-18T00:00:00", "2025-03-20T00:00:00")),
        (
            {"train": {"from": "2025-03-01", "length": "1 week"}, "delay": "2 days", "test": "3 days"},
            ("2025-03-10T00:00:00", "2025-03-13T00:00:00"),
        ),
        (
            {"train": "from 2025-03-01 to 2025-03-08", "validation": "1 day", "test": "to 2025-03-12"},
            ("2025-03-09T00:00:00", "2025-03-12T00:00:00"),
        ),
    ],
)
def test_the_rest_follows_from_what_is_written(config: dict[str, Any], test: tuple[str, str]) -> None:
    assert resolved(LAST, **config)["test"] == test


@given(
    lengths=st.tuples(st.integers(1, 30), st.integers(0, 9), st.integers(1, 20)), delay=st.integers(0, 20),
    gap=st.integers(0, 20), last=st.integers(-400, 400),
)  # fmt: skip
def test_lengths_and_distances_are_kept_for_all_numbers(
    lengths: tuple[int, int, int], delay: int, gap: int, last: int
) -> None:
    train, validation, test = lengths
    texts = {"train": str(train), "validation": str(validation or ""), "test": str(test)}
    config = SplitConfig(method="time", delay=str(delay), gap=str(gap), **texts)
    spans = list(resolve_windows(config, TimeScale(pa.int64()), last).values())
    assert spans[-1] == Span(last + 1 - test, last + 1)
    assert [span.end - span.start for span in spans] == [train, *([validation] if validation else []), test]
    between = [later.start - span.end for span, later in pairwise(spans)]
    assert between == ([max(delay, gap), gap] if validation else [max(delay, gap)])


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (pa.timestamp("us", "Europe/Berlin"), "2025-03-01", "instant_without_zone"),
        (pa.timestamp("us", "UTC"), "2025-03-01T12:00", "instant_without_zone"),
        (pa.timestamp("us"), "2025-03-01T12:00Z", "instant_with_zone"),
        (pa.timestamp("us"), "2025-03-01T12:00+02:00", "instant_with_zone"),
        (pa.timestamp("s"), "2025-03-01T12:00:00.5", "not_an_instant"),
        (pa.timestamp("us"), "2025-02-30", "not_an_instant"),
        (pa.timestamp("us"), "March", "not_an_instant"),
        (pa.date32(), "2025-03-01T12:00", "not_an_instant"),
        (pa.int64(), "2025-03-01", "not_an_instant"),
        (pa.int64(), "7 days", "length_unit"),
        (pa.int64(), "0.5", "not_an_instant"),
    ],
)
def test_an_instant_that_says_too_little_or_too_much_is_refused_by_name(
    kind: pa.DataType, text: str, reason: str
) -> None:
    with pytest.raises(SplitError, match=r"split\.test") as caught:
        TimeScale(kind).instant(text, field="split.test")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("kind", "unit", "text", "value"),
    [
        (pa.timestamp("s", "Europe/Berlin"), "", "2025-03-01T01:00+01:00", 1_740_787_200),
        (pa.timestamp("ns", "UTC"), "", "2025-03-01 00:00:00.000000001Z", 1_740_787_200_000_000_001),
        (pa.date32(), "", "2025-03-01", 20_148),
        (pa.date64(), "", "2025-03-01T00:00:00", 1_740_787_200_000),
        (pa.int64(), "second", "7 days", 604_800),
        (pa.int32(), "", "-5", -5),
        (pa.float64(), "", "0.25", 0.25),
    ],
)
def test_an_instant_is_exact_and_comes_back_as_the_same_text(
    kind: pa.DataType, unit: str, text: str, value: float
) -> None:
    scale = TimeScale(kind, unit)
    assert scale.instant(text, field="split.test") == value
    assert scale.instant(scale.text(value), field="split.test") == value


@pytest.mark.parametrize(
    ("steps", "kind", "unit", "words"),
    [
        (604_800 * 10**9, pa.timestamp("ns"), "", "7 days"),
        (129_600 * 10**6, pa.timestamp("us", "UTC"), "", "36 hours"),
        (1, pa.date32(), "", "1 day"),
        (86_400_000, pa.date64(), "", "1 day"),
        (90, pa.int64(), "second", "90 seconds"),
        (1, pa.timestamp("ms"), "", "0.001 seconds"),
        (1_500, pa.int64(), "", "1,500"),
    ],
)
def test_lengths_are_told_as_people_write_them(steps: float, kind: pa.DataType, unit: str, words: str) -> None:
    assert TimeScale(kind, unit).words(steps) == words


@pytest.mark.parametrize(
    ("config", "reason", "said"),
    [
        ({"train": "7 days", "validation": "to 2025-03-16 for 3 days", "test": "from 2025-03-15"},
         "windows_impossible", "to end before that of test begins"),
        ({"train": "from 2025-03-01 to 2025-03-08", "delay": "7 days", "test": "from 2025-03-10"},
         "windows_impossible", r"end 7 days \(split\.delay or split\.gap\) before that of test begins"),
        ({"test": "from 2025-03-10 to 2025-03-10"}, "windows_impossible", "begin before it ends"),
        ({"train": "from 2025-03-01", "validation": "from 2025-03-10", "test": "to 2025-03-12"}, "window_unknown",
         "when the window of validation ends"),
        ({"test": "from 2026-01-01"}, "no_room_in_time", r"rows in the window of test.*the rows are from 2025-03-01"),
        ({"train": "from 2024-01-01 to 2024-02-01", "test": "7 days"}, "no_room_in_time", "rows"),
        ({"test": "7"}, "length_unit", "a duration such as 7 days as split.test"),
    ],
)  # fmt: skip
def test_windows_that_cannot_be_are_refused_by_name_in_natural_units(
    tmp_path: Path, config: dict[str, Any], reason: str, said: str
) -> None:
    with pytest.raises(SplitError, match=said) as caught:
        in_windows(transactions(rows=500), tmp_path, **config)
    assert caught.value.reason == reason
    assert "000,000" not in str(caught.value)
    assert "00000000" not in json.dumps(caught.value.values)


def test_a_gap_by_shares_that_leaves_no_rows_is_told_in_days_with_the_windows_that_would_do(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match=r"outside a gap of 7 days.*give windows instead") as caught:
        in_windows(transactions(rows=500), tmp_path, gap="7 days", test_size=1 / 3, validation_size=1 / 3)
    assert caught.value.values["gap"] == "7 days"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "random", "test": "7 days"}, "test needs method time"),
        ({"method": "stable", "known_positives": "drop"}, "known_positives drop needs method time"),
        ({"method": "time", "train": "7 days"}, "train needs a window for test as well"),
        ({"method": "time", "delay": "7 days"}, "delay needs a window for test as well"),
        ({"method": "time", "test": "a week"}, "is no window"),
        ({"method": "time", "test": "from 1 to 2 to 3"}, "is no window"),
        ({"method": "time", "test": {"from": "1", "to": "2", "length": "1"}}, "one or two of from, to, length"),
        ({"method": "time", "test": {"until": "2"}}, "one or two of from, to, length"),
        ({"method": "time", "test": {}}, "one or two of from, to, length"),
        ({"method": "time", "test": "7 days", "known_positives": "drop"}, "drop needs columns.group"),
    ],
)
def test_settings_that_do_not_fit_are_refused_when_they_are_read(settings: dict[str, Any], said: str) -> None:
    config = {"name": "x", "source": {"path": "x"}, "columns": {"target": "y", "time": "t"}, "split": settings}
    with pytest.raises(ConfigError, match=said):
        build_config(config)


def test_a_window_of_train_that_begins_before_the_rows_is_noted(tmp_path: Path) -> None:
    plan = in_windows(transactions(rows=800), tmp_path, train="30 days", test="7 days")
    said = "train's window begins 2025-02-13T00:00:00, but the first row is from 2025-03-01"
    assert any(note.startswith(said) for note in plan.notes)
    full = in_windows(transactions(rows=800), tmp_path / "full", train="14 days", test="7 days")
    assert not any("train's window begins" in note for note in full.notes)


def test_plain_numbers_of_yaml_are_windows() -> None:
    config = SplitConfig.model_validate({"method": "time", "train": 7, "delay": 7, "test": {"from": 14, "to": 21.5}})
    assert (config.train, config.delay, config.test) == ("7", "7", "from 14 to 21.5")


def test_dates_of_python_are_windows(tmp_path: Path) -> None:
    config = SplitConfig(method="time", test={"from": dt.date(2025, 3, 15), "to": dt.date(2025, 3, 22)})
    assert config.test == "from 2025-03-15 to 2025-03-22"
    assert SplitConfig.model_validate(config.model_dump(mode="json")) == config


def test_a_unit_needs_a_column_of_numbers(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"time_unit needs columns\.time"):
        ColumnsConfig(target="y", time_unit="day")
    with pytest.raises(SplitError, match=r"leave columns\.time_unit empty") as caught:
        in_windows(transactions(rows=500), tmp_path, columns={"time_unit": "day"}, test="7 days")
    assert caught.value.reason == "time_unit"


WINDOWS = {"train": "7 days", "delay": "7 days", "test": "7 days"}


@pytest.mark.parametrize("strategy", ["none", "random_under", "smote"])
@pytest.mark.parametrize("more", [{}, {"validation": "2 days", "test": "5 days"}])
def test_verify_recomputes_the_windows_from_the_files(tmp_path: Path, strategy: str, more: dict[str, str]) -> None:
    run = run_engine(
        transactions(), tmp_path, columns={"target": "label", "time": "at", "drop": DROPPED},
        split={"method": "time", **WINDOWS, **more}, resampling={"strategy": strategy},
    )  # fmt: skip
    assert verify_version(run.version.root, run.version.dataset, 1) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content["split"]["windows"].update(test=["2025-03-16T00:00:00", "2025-03-22T00:00:00"]),
         "certificate: partitions_in_time_order does not hold"),
        (lambda content: content["split"]["windows"].update(test=["2025-03-14T00:00:00", "2025-03-22T00:00:00"]),
         "manifest: the window of test is"),
        (lambda content: content["config"]["split"].update(delay="8 days"),
         "certificate: partitions_in_time_order does not hold"),
        (lambda content: content["config"]["split"].update(test="6 days"), "manifest: the window of"),
        (lambda content: content["split"].update(windows={}), "manifest: the window of"),
    ],
)  # fmt: skip
def test_a_manifest_with_other_windows_does_not_verify(tmp_path: Path, change: Any, told: str) -> None:
    run = run_engine(
        transactions(), tmp_path, columns={"target": "label", "time": "at", "drop": DROPPED},
        split={"method": "time", **WINDOWS}, resampling={"strategy": "none"},
    )  # fmt: skip
    forge(DatasetFolder(run.version.root, run.version.dataset), change)
    found = verify_version(run.version.root, run.version.dataset, 1)
    assert any(line.startswith(told) for line in found), found


def test_the_promise_knows_a_row_outside_its_window() -> None:
    windows = {"train": ("0", "7"), "validation": ("7", "9"), "test": ("16", "21")}
    config = SplitConfig(method="time", train="9", delay="7", test="5")
    promise = SplitPromise(ColumnsConfig(target="label", time="at"), config, 0, windows)

    def holds(**times: list[int]) -> bool:
        found = {
            name: [promise.evidence(name, pa.table({"at": values}), lambda: np.zeros(0, np.uint64))]
            for name, values in times.items()
        }
        return promise.checks(found)["partitions_in_time_order"]

    assert holds(train=[0, 6], validation=[7, 8], test=[16, 20])
    assert not holds(train=[0, 7], validation=[8, 8], test=[16, 20])
    assert not holds(train=[0, 6], validation=[7, 8], test=[16, 21])
    assert not holds(train=[-1, 6], validation=[7, 8], test=[16, 20])


def test_key_columns_may_come_in_any_order_in_the_source(tmp_path: Path) -> None:
    """The group comes after the time in the source, while the configuration lists it before."""
    run = run_engine(
        transactions(), tmp_path, columns={"target": "label", "time": "at", "group": "customer", "drop": DROPPED[:2]},
        split={"method": "random"}, resampling={"strategy": "none"},
    )  # fmt: skip
    assert verify_version(run.version.root, run.version.dataset, 1) == []
