"""Folds that roll forward day by day, against the Fraud Detection Handbook's `prequentialSplit` written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoise.compare._ranking import rank_candidates
from counterpoise.compare._ranking_text import render_leaderboard
from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._rounds.folds_in_time import NEVER_TESTED, Roll, Timeline, assign_folds_in_time
from counterpoise.compare._rounds.prepare import prepare_comparison
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import ConfigError, EvaluationError
from counterpoise.results import Comparison, Rules
from counterpoise.split import rows_of_partition
from tests.compare.comparisons import candidate
from tests.snapshots import engine_config, run_engine
from tests.split.transactions import transactions

CLASSES = ("no", "yes")


@given(
    seed=st.integers(0, 1_000), folds=st.integers(2, 4), gap=st.integers(0, 4), train=st.integers(2, 6),
    lengths=st.tuples(st.integers(1, 2), st.integers(0, 1)),
)  # fmt: skip
def test_folds_are_those_of_the_handbook(seed: int, folds: int, gap: int, train: int, lengths: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    day = rng.integers(0, 30, 3_000)
    codes = np.asarray(rng.random(3_000) < 0.3, np.int32)
    test, further = lengths
    roll = Roll(end=30, test=test, train=train, step=test + further)
    made = assign_folds_in_time(codes, np.arange(3_000), Timeline(day, gap, roll=roll), classes=CLASSES, folds=folds)
    assert len(made.trained) == folds
    start_date_training = 30 - test - gap - train
    for fold in range(folds):
        start = start_date_training - fold * (test + further)  # as prequentialSplit, the newest first
        wanted_train = (day >= start) & (day < start + train)
        wanted_test = (day >= start + train + gap) & (day < start + train + gap + test)
        assert np.array_equal(made.trained[folds - 1 - fold], wanted_train)
        assert np.array_equal(made.tested == folds - 1 - fold, wanted_test)
    assert made.skipped == made.known == 0


def test_windows_of_a_single_class_are_skipped_and_counted() -> None:
    day = np.repeat(np.arange(20), 10)
    codes = np.asarray((np.arange(200) % 3 == 0) & (day != 18) & (day != 16), np.int32)
    timeline = Timeline(day, 1, roll=Roll(20, 1, 5, 1))
    made = assign_folds_in_time(codes, np.arange(200), timeline, classes=CLASSES, folds=3)
    assert [np.unique(day[made.tested == fold]).tolist() for fold in range(3)] == [[15], [17], [19]]
    assert made.skipped == 2
    assert set(day[made.tested == NEVER_TESTED]) == {*range(15), 16, 18}


def test_rows_tied_to_tested_ones_are_not_trained_on() -> None:
    day, codes = np.repeat(np.arange(20), 10), np.asarray(np.arange(200) % 3 == 0, np.int32)
    ties = np.arange(200) % 150  # the newest fifty equal the oldest fifty
    made = assign_folds_in_time(codes, ties, Timeline(day, roll=Roll(20, 1, np.inf, 1)), classes=CLASSES, folds=2)
    for fold, trained in enumerate(made.trained):
        assert not np.intersect1d(ties[trained], ties[made.tested == fold]).size


def test_too_few_windows_are_refused_with_the_number_that_would_do() -> None:
    day, codes = np.repeat(np.arange(10), 10), np.asarray(np.arange(100) % 3 == 0, np.int32)
    timeline = Timeline(day, 3, "3 days", roll=Roll(10, 1, np.inf, 1))
    with pytest.raises(EvaluationError, match=r"beyond a delay of 3 days.*set tournament\.folds to 6") as caught:
        assign_folds_in_time(codes, np.arange(100), timeline, classes=CLASSES, folds=9)
    assert caught.value.values["gap"] == "3 days"


SPLIT = {"method": "time", "train": "12 days", "validation": "2 days", "delay": "2 days", "test": "5 days"}


def rolled(
    folder: Path, *, columns: dict[str, Any] | None = None, split: dict[str, Any] | None = None, **tournament: Any
) -> tuple[Comparison, pa.Table]:
    """Return a comparison, and its rows of the source."""
    roles = {"target": "label", "time": "at", "drop": ["day", "second", "customer"]}
    sections: dict[str, Any] = {
        "columns": {**roles, **(columns or {})},
        "split": {**SPLIT, **(split or {})},
        "tournament": {"folds": 4, "test_window": "1 day", "train_window": "5 days", **tournament},
    }
    table = transactions()
    run = run_engine(table, folder, **sections)
    rules = Rules.of(engine_config(folder, **sections))
    comparison = prepare_comparison(rules, run.snapshot, run.split, folder=folder / "comparison")
    return comparison, table.take(rows_of_partition(run.split, "train"))


def days(comparison: Comparison, table: pa.Table) -> list[tuple[list[int], list[int]]]:
    """Return the days that each fold trains on and tests."""
    rows, day = TrainingRows(comparison), table["day"].to_numpy()
    return [
        (np.unique(day[rows.trained(fold)]).tolist(), np.unique(day[rows.tested(fold)]).tolist())
        for fold in range(comparison.rounds)
    ]


def test_three_weeks_are_compared_day_by_day_from_a_configuration(tmp_path: Path) -> None:
    comparison, table = rolled(tmp_path)
    assert days(comparison, table) == [(list(range(day - 7, day - 2)), [day]) for day in (8, 9, 10, 11)]
    assert any(
        "folds roll forward through time by 1 day: each tests 1 day and trains on the 5 days of rows that are older by "
        "2 days at least" in note
        for note in comparison.notes
    )
    leaderboard = rank_candidates(comparison, [cross_validate(comparison, candidate("none"))])
    entry = leaderboard.entries[0]
    assert len(entry.folds) == 4
    values = [fold["average_precision"] or 0.0 for fold in entry.folds]
    assert entry.deviation["average_precision"] == pytest.approx(np.std(values, ddof=1))
    assert "4 folds in time order" in render_leaderboard(leaderboard)


@pytest.mark.parametrize(
    ("tournament", "wanted"),
    [
        ({"delay": "4 days", "folds": 2}, [([1, 2, 3, 4, 5], [10]), ([2, 3, 4, 5, 6], [11])]),
        ({"train_window": "", "folds": 2}, [([*range(8)], [10]), ([*range(9)], [11])]),
        ({"test_window": "2 days", "folds": 2}, [([1, 2, 3, 4, 5], [8, 9]), ([3, 4, 5, 6, 7], [10, 11])]),
        ({"step": "3 days", "folds": 2}, [([1, 2, 3, 4, 5], [8]), ([4, 5, 6, 7, 8], [11])]),
    ],
)
def test_window_step_and_delay_are_kept(
    tmp_path: Path, tournament: dict[str, Any], wanted: list[tuple[list[int], list[int]]]
) -> None:
    comparison, table = rolled(tmp_path, **tournament)
    assert days(comparison, table) == wanted


def test_folds_do_not_test_groups_that_they_know_as_positive(tmp_path: Path) -> None:
    comparison, table = rolled(
        tmp_path, columns={"group": "customer", "drop": ["day", "second"]}, split={"known_positives": "drop"}
    )
    rows, day = TrainingRows(comparison), np.asarray(table["day"])
    label, customer = np.asarray(table["label"]), np.asarray(table["customer"])
    left = 0
    for fold, tested_day in enumerate((8, 9, 10, 11)):
        start = tested_day - 7
        known = set(customer[(label == 1) & (day >= start) & (day < tested_day - 2)])
        of_the_day = day == tested_day
        wanted = of_the_day & ~np.isin(customer, list(known))
        assert np.array_equal(rows.tested(fold), wanted)
        left += int((of_the_day & ~wanted).sum())
    assert comparison.in_time is not None
    assert comparison.in_time.known == left > 0
    assert any(f"{left:,} rows of groups known as positive by then are not tested" in note for note in comparison.notes)


def test_folds_of_intervals_do_not_test_them_either(tmp_path: Path) -> None:
    groups: dict[str, Any] = {"columns": {"group": "customer", "drop": ["day", "second"]}}
    comparison, table = rolled(
        tmp_path, **groups, split={"known_positives": "drop"}, test_window="", train_window="", folds=3
    )
    free, _ = rolled(tmp_path / "free", test_window="", train_window="", folds=3)
    rows = TrainingRows(comparison)
    label, customer = np.asarray(table["label"]), np.asarray(table["customer"])
    left = 0
    for fold in range(3):
        in_train = rows.trained(fold) & (label == 1)
        assert in_train.any()
        assert not np.isin(customer[rows.tested(fold)], customer[in_train]).any()
        left += int(TrainingRows(free).tested(fold).sum() - rows.tested(fold).sum())
    assert comparison.in_time is not None
    assert comparison.in_time.known == left > 0
    assert any(f"{left:,} rows of groups known as positive by then are not tested" in note for note in comparison.notes)


def test_folds_of_intervals_keep_the_delay_of_windows(tmp_path: Path) -> None:
    comparison, table = rolled(tmp_path, test_window="", train_window="", folds=3)
    second, rows = np.asarray(table["second"]), TrainingRows(comparison)
    for fold in range(3):
        assert second[rows.trained(fold)].max() <= second[rows.tested(fold)].min() - 2 * 86_400
    assert any("each trains on older rows by 2 days at least" in note for note in comparison.notes)


def test_folds_that_overlap_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no row is tested twice.*1 day for windows of 2 days"):
        rolled(tmp_path, test_window="2 days", step="1 day")


@pytest.mark.parametrize(
    ("tournament", "said"),
    [
        ({"train_window": "7 days"}, "train_window needs test_window"),
        ({"step": "7 days"}, "step needs test_window"),
        ({"test_window": "1 day"}, r"tournament\.test_window needs split\.method time"),
        ({"delay": "1 day"}, r"tournament\.delay needs split\.method time"),
    ],
)
def test_settings_of_folds_that_do_not_fit_are_refused(tmp_path: Path, tournament: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        engine_config(tmp_path, tournament=tournament)
