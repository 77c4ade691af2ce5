from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoise.config import BalanceConfig, ColumnsConfig, SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import SplitPlan
from counterpoise.split import REJECTED, read_partition
from counterpoise.split._cuts import cut_in_time
from counterpoise.split._moments import read_moments
from counterpoise.split._time_scale import TimeScale
from counterpoise.table import read_rejects
from tests.split.splitting import split

TRAIN, VALIDATION, TEST = range(3)
START = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


def timed(times: Any, *, seed: int = 0, **columns: Any) -> pa.Table:
    """Return a table with a time, distinct features and labels of two classes."""
    number = len(times)
    labels = np.random.default_rng(seed).integers(0, 2, number)
    return pa.table({"at": times, "a": np.arange(number) * 0.5, **columns, "label": labels})


def split_in_time(table: pa.Table, folder: Path, *, columns: dict[str, Any] | None = None, **config: Any) -> SplitPlan:
    return split(table, folder, columns={"time": "at", **(columns or {})}, method="time", **config)


@pytest.mark.slow
@given(
    st.lists(st.integers(-50, 50), min_size=12, max_size=200),
    st.integers(0, 12),
    st.floats(0.05, 0.4),
    st.floats(0.05, 0.4),
)
@settings(max_examples=300, deadline=None)
def test_partitions_follow_each_other_by_the_gap_with_shares_as_near_as_ties_allow(
    times: list[int], gap: int, test: float, validation: float
) -> None:
    values = np.array(times, dtype=np.int64)
    try:
        cuts = cut_in_time(values, config=SplitConfig(test_size=test, validation_size=validation), gap=gap)
    except SplitError:
        reject()
    placed = cuts.partition(values)
    train, middle, newest = (values[placed == part] for part in (TRAIN, VALIDATION, TEST))
    for older, newer in ((train, middle), (middle, newest)):
        assert older.max() < newer.min()
        assert older.max() + gap <= newer.min()
    for value in values[placed == REJECTED]:
        assert cuts.test - gap < value < cuts.test or cuts.validation - gap < value < cuts.validation
    ties = np.bincount(values + 50)
    assert abs(len(newest) - max(1, round(test * len(values)))) <= ties.max()
    if not gap:
        assert REJECTED not in placed
        assert abs(len(middle) - max(1, round(validation * len(values)))) <= ties.max()


@given(st.permutations(list(range(60))), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_the_order_of_rows_makes_no_difference(order: list[int], gap: int) -> None:
    values = np.repeat(np.arange(20), 3)
    config = SplitConfig()
    assert cut_in_time(values, config=config, gap=gap) == cut_in_time(values[order], config=config, gap=gap)


KINDS = {
    "seconds": pa.timestamp("s"),
    "microseconds with a zone": pa.timestamp("us", "Europe/Berlin"),
    "nanoseconds": pa.timestamp("ns"),
    "dates": pa.date32(),
    "long dates": pa.date64(),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_timestamps_and_dates_of_every_kind_are_cut_with_a_gap_in_days(tmp_path: Path, kind: pa.DataType) -> None:
    days = [START.replace(tzinfo=None) + dt.timedelta(days=number) for number in range(100)]
    times = pa.array(days, pa.timestamp("us")).cast(kind)
    where = read_partition(split_in_time(timed(times), tmp_path, gap="3 days"))
    assert where.tolist() == [TRAIN] * 56 + [REJECTED] * 2 + [VALIDATION] * 20 + [REJECTED] * 2 + [TEST] * 20


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint32(), pa.float64()])
def test_numbers_are_times_whose_gap_is_in_their_own_unit(tmp_path: Path, kind: pa.DataType) -> None:
    where = read_partition(split_in_time(timed(pa.array(range(100), kind)), tmp_path, gap="3"))
    assert where.tolist() == [TRAIN] * 56 + [REJECTED] * 2 + [VALIDATION] * 20 + [REJECTED] * 2 + [TEST] * 20


def test_rows_of_one_moment_are_never_parted(tmp_path: Path) -> None:
    table = timed(pa.array(np.repeat(np.arange(7), 60)))
    where = read_partition(split_in_time(table, tmp_path))
    assert where[::60].tolist() == [TRAIN] * 5 + [VALIDATION, TEST]
    assert np.array_equal(where, np.repeat(where[::60], 60))


def test_rows_within_the_gap_are_set_apart_with_their_time_and_counted(tmp_path: Path) -> None:
    times = [START + dt.timedelta(hours=number) for number in range(240)]
    plan = split_in_time(timed(pa.array(times, pa.timestamp("us", "UTC"))), tmp_path, gap="12 hours")
    rejects = read_rejects(plan.rejects_file)
    assert plan.apart == {"gap": 22} == {rejects["reason"][0].as_py(): rejects.num_rows}
    assert (rejects["column"][0].as_py(), rejects["value"][0].as_py()) == ("at", "2025-03-06 02:00:00.000000Z")
    assert plan.spans["test"] == ("2025-03-09T00:00:00Z", "2025-03-10T23:00:00Z")
    assert plan.notes[0].startswith("cut in time: train 2025-03-01")
    assert "22 rows fall in the gap of 12 hours" in plan.notes[1]


def test_rows_without_a_time_are_set_apart(tmp_path: Path) -> None:
    times = pa.array([None if number % 10 == 0 else float(number) for number in range(200)])
    times = pa.array([float("nan") if number == 5 else value for number, value in enumerate(times.to_pylist())])
    plan = split_in_time(timed(times), tmp_path)
    assert plan.apart == {"no_time": 21}
    assert set(np.flatnonzero(read_partition(plan) == REJECTED).tolist()) == {5, *range(0, 200, 10)}
    assert "21 rows have no time and are excluded" in plan.notes


def test_groups_that_straddle_a_cut_stay_in_the_newest_partition_alone(tmp_path: Path) -> None:
    who = np.array([f"c{number // 7}" for number in range(200)])
    table = timed(pa.array(range(200)), who=who)
    plan = split_in_time(table, tmp_path, columns={"group": "who"})
    where = read_partition(plan)
    free = read_partition(split_in_time(table, tmp_path / "free", columns={"drop": ["who"]}))
    assert (where == TEST).tolist() == (free == TEST).tolist()
    for name in np.unique(who):
        assert set(where[who == name].tolist()) - {REJECTED} == {int(free[who == name].max())}
    assert plan.apart == {"group_elsewhere": int((where == REJECTED).sum())}
    assert plan.apart["group_elsewhere"] > 0


def test_groups_that_are_all_in_test_leave_nothing_to_train_on(tmp_path: Path) -> None:
    table = timed(pa.array(range(200)), who=[f"c{number % 30}" for number in range(200)])
    with pytest.raises(SplitError, match=r"every class in the train partition\. .* or they were excluded"):
        split_in_time(table, tmp_path, columns={"group": "who"})


def test_older_rows_that_equal_newer_ones_are_left_out_unless_duplicates_are_ignored(tmp_path: Path) -> None:
    features = [float(number) for number in range(200)]
    features[3], features[4], features[150] = features[190], features[150], features[190]
    table = timed(pa.array(range(200))).set_column(1, "a", pa.array(features))
    plan = split_in_time(table, tmp_path)
    assert np.flatnonzero(read_partition(plan) == REJECTED).tolist() == [3, 150]
    assert read_partition(plan)[4] == TRAIN
    assert plan.apart == {"equal_elsewhere": 2}
    assert split_in_time(table, tmp_path / "free", duplicates="ignore").apart == {}


def test_texts_are_refused_as_times_with_what_to_do(tmp_path: Path) -> None:
    table = timed([f"2025-01-{day:02d}" for day in range(1, 29)])
    with pytest.raises(SplitError, match=r"the type string\. What to do: declare it in source.types, such as at=time"):
        split_in_time(table, tmp_path)


@pytest.mark.parametrize(
    "times", [[True] * 30, [dt.time(3)] * 30, [dt.timedelta(1)] * 30, pa.array([2**63] * 30, pa.uint64())]
)
def test_what_has_no_order_in_time_is_refused(tmp_path: Path, times: Any) -> None:
    with pytest.raises(SplitError, match="timestamps, dates or 64-bit numbers"):
        split_in_time(timed(times), tmp_path)


@pytest.mark.parametrize(
    ("times", "gap", "said"),
    [
        ([7] * 100, "", "or only one distinct time"),
        ([1, 2] * 50, "", "or only one distinct time"),
        (list(range(100)), "90", "outside a gap of 90"),
        (list(range(100)), "70", "outside a gap of 70"),
        (list(range(100)), "45", "outside a gap of 45"),
        ([None] * 100, "", "0 rows to choose from"),
    ],
)
def test_times_that_leave_a_partition_empty_are_refused(
    tmp_path: Path, times: list[int | None], gap: str, said: str
) -> None:
    with pytest.raises(SplitError, match=said) as caught:
        split_in_time(timed(pa.array(times, pa.int64())), tmp_path, gap=gap)
    assert caught.value.reason == "no_room_in_time"


@pytest.mark.parametrize(
    ("gap", "kind", "said"),
    [
        ("7", pa.date32(), "a duration such as 7 days"),
        ("7 days", pa.int64(), "a plain number"),
        ("1", pa.timestamp("s"), "such as 7 days"),
    ],
)
def test_a_gap_in_the_wrong_unit_is_refused(gap: str, kind: pa.DataType, said: str) -> None:
    with pytest.raises(SplitError, match=said) as caught:
        TimeScale(kind).length(gap, field="split.gap")
    assert caught.value.reason == "gap_unit"


@pytest.mark.parametrize(
    ("gap", "kind", "units"),
    [
        ("1.5 days", pa.timestamp("s"), 129_600),
        ("90 minutes", pa.timestamp("ms"), 5_400_000),
        ("1 second", pa.timestamp("ns", "UTC"), 10**9),
        ("25 hours", pa.date32(), 2),
        ("2 weeks", pa.date64(), 1_209_600_000),
        ("0.5", pa.float32(), 0.5),
        ("2.5", pa.int16(), 3),
        ("", pa.timestamp("us"), 0),
    ],
)
def test_a_gap_is_rounded_up_to_the_unit_of_the_column(gap: str, kind: pa.DataType, units: float) -> None:
    assert SplitConfig(method="time", gap=gap).gap == gap
    assert TimeScale(kind).length(gap, field="split.gap") == units


def test_a_class_that_comes_up_late_is_refused_or_set_apart(tmp_path: Path) -> None:
    table = timed(pa.array(range(200))).set_column(2, "label", pa.array([0, 1] * 95 + [0, 2] * 5))
    with pytest.raises(SplitError, match="none of '2': it has no rows in that period"):
        split_in_time(table, tmp_path)
    plan = split_in_time(table, tmp_path / "rejecting", rare_classes="reject")
    assert plan.apart == {"rare_class": 5}
    assert all(plan.counts[part]["2"] == 0 for part in plan.counts)


def test_times_are_shown_as_people_write_them() -> None:
    shown = {
        "2025-03-01T12:30:05Z": pa.array([START.replace(hour=12, minute=30, second=5)], pa.timestamp("us", "CET")),
        "2025-03-01": pa.array([START.date()], pa.date64()),
        "2025-03-02": pa.array([START.date() + dt.timedelta(1)], pa.date32()),
        "-5": pa.array([-5], pa.int8()),
        "0.25": pa.array([0.25]),
    }
    for text, array in shown.items():
        moments = read_moments(pa.chunked_array([array]), ColumnsConfig(target="y", time="at"))
        assert moments.text(moments.values[0].item()) == text


def test_time_needs_a_column() -> None:
    with pytest.raises(ValidationError, match=r"split\.method time needs columns\.time"):
        BalanceConfig(name="x", source={"path": "x"}, columns={"target": "y"}, split={"method": "time"})
