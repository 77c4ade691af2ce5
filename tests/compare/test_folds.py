from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from counterpoise.compare._rounds.folds import assign_folds
from counterpoise.compare._rounds.prepare import prepare_comparison
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import EvaluationError
from counterpoise.results import Rules
from counterpoise.split import rows_of_partition
from tests.compare.comparisons import comparison_of, signal
from tests.snapshots import engine_config, mixed_table, run_engine

CLASSES = ("no", "yes")


def labels(rows: int, *, share: float = 0.2, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(rows) < share).astype(np.int32)


def test_without_ties_they_are_those_of_scikit_learn() -> None:
    codes = labels(200)
    folds = assign_folds(codes, np.arange(200), classes=CLASSES, folds=5, repeats=1, seed=0)
    expected = StratifiedKFold(5, shuffle=True, random_state=0).split(codes, codes)
    for number, (_, tested) in enumerate(expected):
        assert np.flatnonzero(folds[0] == number).tolist() == tested.tolist()


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1), folds=st.integers(2, 6), largest=st.integers(1, 5))
def test_every_row_is_tested_once_and_tied_rows_together(seed: int, folds: int, largest: int) -> None:
    codes = labels(300, seed=seed % 1000)
    ties = np.repeat(np.arange(300), np.random.default_rng(seed).integers(1, largest + 1, 300))[:300]
    placed = assign_folds(codes, ties, classes=CLASSES, folds=folds, repeats=2, seed=seed)
    assert placed.shape == (2, 300)
    for repeat in placed:
        assert set(repeat.tolist()) == set(range(folds))
        assert all(len(set(repeat[ties == tie].tolist())) == 1 for tie in np.unique(ties))
        sizes = [np.bincount(codes[repeat == fold], minlength=2) for fold in range(folds)]
        assert np.ptp([size[1] for size in sizes]) <= 2 * largest


def test_repeats_divide_the_rows_differently() -> None:
    placed = assign_folds(labels(200), np.arange(200), classes=CLASSES, folds=3, repeats=2, seed=0)
    assert (placed[0] != placed[1]).any()


def test_too_few_rows_for_the_folds_are_refused_with_what_would_do() -> None:
    codes = np.array([0] * 50 + [1] * 3, np.int32)
    with pytest.raises(EvaluationError, match=r"set tournament\.folds to 3"):
        assign_folds(codes, np.arange(53), classes=CLASSES, folds=5, repeats=1, seed=0)
    with pytest.raises(EvaluationError, match="get more rows"):
        assign_folds(np.zeros(50, np.int32), np.arange(50), classes=("no",), folds=5, repeats=1, seed=0)


def test_a_round_trains_on_none_of_the_rows_that_it_tests(tmp_path: Path) -> None:
    comparison = comparison_of(signal(), tmp_path, folds=4, repeats=2)
    field = TrainingRows(comparison)
    for number in range(comparison.rounds):
        tested = np.flatnonzero(field.tested(number))
        assert not np.intersect1d(tested, field.train_rows(number).rows).size
        assert len(tested) + len(field.train_rows(number).rows) == comparison.snapshot.rows
        assert len(field.features("test", number)) == len(tested)


@pytest.mark.slow
def test_only_train_rows_of_the_split_take_part_and_equal_ones_in_one_fold(tmp_path: Path) -> None:
    table = mixed_table(300, share=0.3)
    twice = pa.concat_tables([table, table])
    columns = {"target": "label", "ids": ["id"]}
    run = run_engine(twice, tmp_path, columns=columns)
    config = engine_config(tmp_path, columns=columns, tournament={"folds": 3})
    comparison = prepare_comparison(Rules.of(config), run.snapshot, run.split, folder=tmp_path / "comparison")
    train = rows_of_partition(run.split, "train")
    assert comparison.snapshot.rows == len(train)
    field = TrainingRows(comparison)
    assert field.source.schema.names == [name for name in twice.column_names if name != "id"]
    folds = dict(zip(train.tolist(), field.folds[0].tolist(), strict=True))
    assert all(folds[row] == folds[row + 300] for row in folds if row < 300)


def test_rows_of_one_group_are_in_one_fold_and_a_sample_is_told(tmp_path: Path) -> None:
    table = mixed_table(1_000, share=0.3).set_column(0, "id", pa.array([number // 4 for number in range(1_000)]))
    columns = {"target": "label", "group": "id"}
    run = run_engine(table, tmp_path, columns=columns)
    config = engine_config(tmp_path, columns=columns, tournament={"folds": 3, "max_train_rows": 500})
    comparison = prepare_comparison(Rules.of(config), run.snapshot, run.split, folder=tmp_path / "comparison")
    assert comparison.snapshot.rows == pytest.approx(500, abs=2)
    assert any("a stratified sample of" in note for note in comparison.notes)
