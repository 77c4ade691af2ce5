"""Means over folds with few positives are too high: the pooled figure is shown beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from counterpoise.compare import describe_choice, leaderboard_table
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.compare._run import run_comparison
from tests.compare.comparisons import comparison_of

LOGISTIC = "sklearn.linear_model:LogisticRegression"
TABLES = 12


def few_positives(seed: int, *, rows: int = 600, positives: int = 30) -> pa.Table:
    rng = np.random.default_rng(seed)
    label = np.arange(rows) < positives
    columns = {f"x{number}": rng.normal(size=rows) + (number < 2) * label for number in range(5)}
    return pa.table({**columns, "label": np.where(label, "yes", "no")})


def test_the_pooled_figure_is_that_of_all_out_of_fold_scores(tmp_path: Path) -> None:
    comparison = comparison_of(few_positives(0), tmp_path, strategies=["none"], learners=[LOGISTIC], repeats=2)
    result = run_comparison(comparison, subprocesses=False).ranked[0]
    rows, wanted = TrainingRows(comparison), []
    for first in (0, 5):
        scores, truths = [], []
        for fold in range(first, first + 5):
            features = rows.features("train", fold)
            mean, deviation = features.mean(axis=0), features.std(axis=0)
            model = LogisticRegression().fit(
                (features - mean) / deviation, rows.target_codes(rows.train_rows(fold).codes)
            )
            scores.append(model.predict_proba((rows.features("test", fold) - mean) / deviation)[:, 1])
            truths.append(rows.truth(fold))
        wanted.append(average_precision_score(np.concatenate(truths), np.concatenate(scores)))
    assert result.pooled["average_precision"] == pytest.approx(np.mean(wanted))


@pytest.mark.slow
def test_the_pooled_figure_is_nearer_to_the_truth_than_the_mean(tmp_path: Path) -> None:
    fresh = few_positives(99, rows=20_000, positives=1_000)
    mean, pooled, truth = [], [], []
    for seed in range(TABLES):
        table = few_positives(seed)
        comparison = comparison_of(table, tmp_path / str(seed), strategies=["none"], learners=[LOGISTIC])
        result = run_comparison(comparison, subprocesses=False).ranked[0]
        model = LogisticRegression().fit(_features(table), _positive(table))
        truth.append(average_precision_score(_positive(fresh), model.predict_proba(_features(fresh))[:, 1]))
        mean.append(result.mean["average_precision"] or 0)
        pooled.append(result.pooled["average_precision"] or 0)
    assert np.mean(mean) - np.mean(truth) > 0.03
    assert abs(np.mean(pooled) - np.mean(truth)) < 0.03


def _features(table: pa.Table) -> np.ndarray:
    return np.column_stack([table[f"x{number}"].to_numpy() for number in range(5)])


def _positive(table: pa.Table) -> np.ndarray:
    return np.asarray(table["label"].to_numpy(zero_copy_only=False) == "yes")


def test_the_pooled_figure_is_shown_where_folds_have_few_positives(tmp_path: Path) -> None:
    few = run_comparison(
        comparison_of(few_positives(0), tmp_path / "few", strategies=["none"], learners=[LOGISTIC]), subprocesses=False
    )
    assert "pooled" in leaderboard_table(few)[0]
    assert "over all rows together" in describe_choice(few)
    many = run_comparison(
        comparison_of(few_positives(0, positives=200), tmp_path / "many", strategies=["none"], learners=[LOGISTIC]),
        subprocesses=False,
    )
    assert "pooled" not in leaderboard_table(many)[0]
    assert "over all rows together" not in describe_choice(many)
