"""A comparison knows what missing each row costs, as an evaluation does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from counterpoise.compare._final.held_out import hold_out
from counterpoise.compare._rounds.prepare import prepare_comparison
from counterpoise.compare._rounds.rows import choose_rows
from counterpoise.compare._rounds.thresholds import ThresholdLearner
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.compare._run import run_comparison
from counterpoise.compare._store import write_leaderboard
from counterpoise.config import EvaluationConfig
from counterpoise.errors import EvaluationError
from counterpoise.report import render_comparison
from counterpoise.results import Rules
from counterpoise.split import read_partition, rows_of_partition
from counterpoise.table import SnapshotReader
from tests.compare.comparisons import signal
from tests.snapshots import EngineRun, run_engine

AMOUNT = {"threshold": "amount", "cost_column": "amount", "cost_false_positive": 3.0, "bootstrap": 20}


def run_with_amounts(folder: Path, *, wrong: float | None = None, **columns: Any) -> EngineRun:
    table = signal(900, seed=3)
    amount = np.random.default_rng(0).lognormal(2.5, 1, 900)
    if wrong is not None:
        amount[np.flatnonzero(np.array(table["label"].to_pylist()) == "yes")] = wrong
    tournament = {"folds": 2, "strategies": ["threshold"], "learners": ["logistic_regression"], "workers": 1}
    return run_engine(
        table.append_column("amount", pa.array(amount)), folder, evaluation=AMOUNT, tournament=tournament,
        columns={"target": "label", **columns}, split={"duplicates": "ignore"},
    )  # fmt: skip


@pytest.mark.parametrize("columns", [{}, {"ids": ["amount"]}])
def test_every_stage_of_a_comparison_knows_amounts(tmp_path: Path, columns: dict[str, Any]) -> None:
    run = run_with_amounts(tmp_path, **columns)
    comparison = prepare_comparison(Rules.of(run.config), run.snapshot, run.split, folder=tmp_path / "comparison")
    held = hold_out(comparison.rules, run.snapshot, run.split, folder=tmp_path / "comparison")
    board = run_comparison(comparison, dataset="tested", held_out=held, subprocesses=False)
    assert board.final is not None
    table = SnapshotReader(run.snapshot).read_columns(["amount", "label"])
    partition, amount = read_partition(run.split), table["amount"].to_numpy()
    known = TrainingRows(comparison).amounts
    assert known is not None
    assert np.array_equal(known, amount[rows_of_partition(run.split, "train")])
    positive = np.array(table["label"].to_pylist()) == "yes"
    total = amount[(partition == 2) & positive].sum()
    for one in board.final.finalists:
        if one.learner == "dummy":
            continue
        (point,) = (each for each in one.arm["operating_points"] if each["rule"] == "amount")
        assert point["money"]["never"] == pytest.approx(1000 * total / (partition == 2).sum())
        assert one.arm["threshold_rule"] == "amount"
        assert one.arm["threshold"] == point["threshold"]
    page = render_comparison(write_leaderboard(run.config, run.snapshot.digest, board))
    assert "if missing a row costs its amount, errors at" in page
    assert "is unknown here" not in page


def test_a_tuned_threshold_has_the_least_cost_out_of_fold() -> None:
    rng = np.random.default_rng(1)
    targets = np.asarray(rng.random(400) < 0.3, np.int64)
    features, amounts = rng.normal(targets[:, None], size=(400, 2)), rng.lognormal(1, 1.5, 400)
    half = np.arange(400) % 2 == 0
    folds = tuple((np.flatnonzero(~one), np.flatnonzero(one)) for one in (half, ~half))
    config = EvaluationConfig.model_validate(AMOUNT)
    learner = ThresholdLearner(LogisticRegression(), folds, config, amounts).fit(features, targets)
    scores = np.zeros(400)
    for trained, tested in folds:
        fitted = LogisticRegression().fit(features[trained], targets[trained])
        scores[tested] = fitted.predict_proba(features[tested])[:, 1]

    def spent(threshold: float) -> float:
        called = scores >= threshold
        return float(3.0 * (called & (targets == 0)).sum() + amounts[~called & (targets == 1)].sum())

    assert spent(learner.best_threshold_) == pytest.approx(min(spent(value) for value in (*scores, 1.1)))


def test_a_positive_of_train_without_a_cost_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    run = run_with_amounts(tmp_path, wrong=-1.0)
    with pytest.raises(EvaluationError, match="positives of train"):
        choose_rows(Rules.of(run.config), run.snapshot, run.split, folder=tmp_path / "comparison")
