from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from counterpoise.compare._ranking import rank_candidates
from counterpoise.compare._ranking_text import render_leaderboard
from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._rounds.folds_in_time import NEVER_TESTED, TimeFolds, Timeline, assign_folds_in_time
from counterpoise.compare._rounds.prepare import prepare_comparison
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import ConfigError, EvaluationError
from counterpoise.results import Comparison, Rules
from counterpoise.split import rows_of_partition
from tests.compare.comparisons import TREE, candidate
from tests.snapshots import engine_config, run_engine

CLASSES = ("no", "yes")
START = datetime(2026, 1, 1, tzinfo=UTC)


def alternating(rows: int) -> npt.NDArray[np.int32]:
    return np.asarray(np.arange(rows) % 3 == 0, dtype=np.int32)


def dealt(times: np.ndarray, *, gap: float = 0, folds: int = 4, ties: np.ndarray | None = None) -> TimeFolds:
    own = np.arange(len(times)) if ties is None else ties
    timeline = Timeline(times, gap, f"{gap} steps")
    return assign_folds_in_time(alternating(len(times)), own, timeline, classes=CLASSES, folds=folds)


@pytest.mark.parametrize(("rows", "folds"), [(100, 4), (103, 5), (31, 2)])
def test_without_ties_they_are_those_of_scikit_learn(rows: int, folds: int) -> None:
    order = np.random.default_rng(0).permutation(rows)
    found = dealt(order, folds=folds)
    for number, (older, tested) in enumerate(TimeSeriesSplit(folds).split(np.zeros(rows))):
        assert sorted(order[found.tested == number]) == tested.tolist()
        assert sorted(order[found.trained[number]]) == older.tolist()


def test_a_gap_in_whole_numbers_is_that_of_scikit_learn() -> None:
    times = np.arange(100)
    expected = TimeSeriesSplit(4, gap=6).split(np.zeros(100))
    found = dealt(times, gap=7)  # older by seven: six rows in between
    assert [np.flatnonzero(rows).tolist() for rows in found.trained] == [older.tolist() for older, _ in expected]


@given(
    seed=st.integers(0, 2**32 - 1), folds=st.integers(2, 5), gap=st.integers(0, 5), moments=st.integers(40, 400),
    tied=st.booleans(),
)  # fmt: skip
def test_no_fold_trains_on_the_future_or_within_the_gap_or_on_rows_tied_to_tested_ones(
    seed: int, folds: int, gap: int, moments: int, tied: bool
) -> None:
    rng = np.random.default_rng(seed)
    times = rng.integers(0, moments, 300)
    ties = rng.integers(0, 250, 300) if tied else np.arange(300)
    codes = (rng.random(300) < 0.4).astype(np.int32)
    found = assign_folds_in_time(codes, ties, Timeline(times, gap), classes=CLASSES, folds=folds)
    last = -1
    for number, trained in enumerate(found.trained):
        tested = found.tested == number
        assert times[trained].max() <= times[tested].min() - max(gap, 1)
        assert times[tested].min() > last
        assert not np.intersect1d(ties[trained], ties[tested]).size
        assert len(np.unique(codes[trained])) == len(np.unique(codes[tested])) == 2
        last = times[tested].max()
    assert times[found.tested == NEVER_TESTED].max() < times[found.tested != NEVER_TESTED].min()


def test_a_fold_without_both_classes_is_refused_with_the_folds_that_would_do() -> None:
    codes = np.array([0] * 50 + [0, 1] * 75, np.int32)
    with pytest.raises(EvaluationError, match=r"in fold 1 .* all of class 'no'.*set tournament\.folds to 2"):
        assign_folds_in_time(codes, np.arange(200), Timeline(np.arange(200)), classes=CLASSES, folds=5)
    late = np.array([0, 1] * 50 + [0] * 100, np.int32)
    with pytest.raises(EvaluationError, match=r"rows to test on, all of class 'no'.*collect rows over a longer time"):
        assign_folds_in_time(late, np.arange(200), Timeline(np.arange(200)), classes=CLASSES, folds=3)


def test_a_gap_that_leaves_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(EvaluationError, match=r"beyond the gap of 500 steps, none.*lower split\.gap"):
        dealt(np.arange(200), gap=500)


def test_too_few_moments_are_refused() -> None:
    with pytest.raises(EvaluationError, match="2 distinct times among 90 rows"):
        dealt(np.arange(90) // 45)


def history(rows: int = 900) -> pa.Table:
    """Return rows in shuffled order, an hour apart, whose first number gives the class away as long as it is old."""
    rng = np.random.default_rng(0)
    hours = rng.permutation(rows)
    label = rng.random(rows) < 0.3
    return pa.table(
        {
            "at": pa.array([START + timedelta(hours=int(hour)) for hour in hours], pa.timestamp("us", "UTC")),
            "a": rng.normal(size=rows) + 2 * label,
            "turns": np.where(hours < 0.4 * rows, 1, -1) * (3.0 * label) + rng.normal(size=rows),
            "label": np.where(label, "yes", "no"),
        }
    )


def comparison_in_time(
    folder: Path, table: pa.Table, *, gap: str = "", **tournament: Any
) -> tuple[Comparison, np.ndarray]:
    """Return a comparison of a split by time, and the hour of each of its rows."""
    sections: dict[str, Any] = {
        "columns": {"target": "label", "time": "at"},
        "split": {"method": "time", "gap": gap},
        "tournament": {"folds": 3, **tournament},
    }
    run = run_engine(table, folder, **sections)
    comparison = prepare_comparison(
        Rules.of(engine_config(folder, **sections)), run.snapshot, run.split, folder=folder / "comparison"
    )
    train = rows_of_partition(run.split, "train")
    hours = np.array([(moment - START) / timedelta(hours=1) for moment in table["at"].to_pylist()])[train]
    return comparison, hours


def test_with_a_split_by_time_every_round_trains_on_the_past_beyond_the_gap(tmp_path: Path) -> None:
    comparison, hours = comparison_in_time(tmp_path, history(), gap="10 hours")
    field = TrainingRows(comparison)
    for number in range(comparison.rounds):
        rows, tested = field.train_rows(number).rows, field.tested(number)
        assert hours[rows].max() <= hours[tested].min() - 10
        assert len(field.features("train", number)) == len(rows)
        assert len(field.features("test", number)) == tested.sum()
    assert len(field.train_rows(comparison.rounds).rows) == comparison.snapshot.rows
    assert any("time order" in note for note in comparison.notes)
    assert comparison.in_time is not None
    leaderboard = rank_candidates(comparison, [cross_validate(comparison, candidate("none"))])
    assert "3 folds in time order" in render_leaderboard(leaderboard)


def test_what_only_the_future_could_teach_does_not_raise_the_ranking(tmp_path: Path) -> None:
    """A column's sense turns within train: folds that mix times learn both, folds in time order meet it unprepared."""
    table, ranked = history(), {}
    comparison, _ = comparison_in_time(tmp_path / "time", table)
    ranked["time"] = cross_validate(comparison, candidate("none")).mean["average_precision"] or 0
    run = run_engine(table, tmp_path / "mixed", columns={"target": "label", "ids": ["at"]})
    config = engine_config(tmp_path, columns={"target": "label", "ids": ["at"]}, tournament={"folds": 3})
    mixed = prepare_comparison(Rules.of(config), run.snapshot, run.split, folder=tmp_path / "mixed/comparison")
    ranked["mixed"] = cross_validate(mixed, candidate("none")).mean["average_precision"] or 0
    assert ranked["time"] < ranked["mixed"]


def test_the_error_of_a_mean_allows_for_the_fewer_rows_that_folds_in_time_train_on(tmp_path: Path) -> None:
    comparison, _ = comparison_in_time(tmp_path, history())
    rows = TrainingRows(comparison)
    sizes = [(rows.tested(number).sum(), len(rows.train_rows(number).rows)) for number in range(3)]
    expected = np.mean([tested / trained for tested, trained in sizes])
    assert comparison.test_to_train == pytest.approx(expected)
    assert comparison.test_to_train > 1 / 2  # that of three stratified folds


def test_the_prevalence_that_stands_for_chance_is_that_of_the_tested_rows(tmp_path: Path) -> None:
    table = history()
    hours = np.array([(moment - START) / timedelta(hours=1) for moment in table["at"].to_pylist()])
    rare_first = np.where(
        (hours < 200) & (np.arange(len(hours)) % 5 > 0), "no", table["label"].to_numpy(zero_copy_only=False)
    )
    comparison, _ = comparison_in_time(tmp_path, table.set_column(3, "label", pa.array(rare_first)))
    field = TrainingRows(comparison)
    shares = [field.truth(number).mean() for number in range(comparison.rounds)]
    assert rank_candidates(comparison, []).chance == pytest.approx(np.mean(shares))


def test_a_threshold_is_tuned_on_older_rows_too(tmp_path: Path) -> None:
    from counterpoise.compare._rounds.thresholds import inner_folds

    comparison, hours = comparison_in_time(tmp_path, history(), gap="10 hours")
    field = TrainingRows(comparison)
    rows = field.train_rows(1).rows
    for trained, tested in inner_folds(field, 1):
        assert hours[rows[trained]].max() <= hours[rows[tested]].min() - 10
    assert cross_validate(comparison, candidate("threshold", TREE)).status == "ok"


def test_folds_in_time_cannot_be_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tournament\.repeats to 1"):
        comparison_in_time(tmp_path, history(), repeats=2)
