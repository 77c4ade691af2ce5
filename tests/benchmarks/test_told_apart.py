"""The benchmark of told-apart rows on its generated tables, in short."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.told_apart import GENERATED, bias, measure, tasks


@pytest.mark.slow
@pytest.mark.parametrize("table", GENERATED)
def test_no_rule_on_digits_tells_synthetic_rows_and_a_classifier_less_than_imbalanced_learns(
    table: str, tmp_path: Path
) -> None:
    ((_, task),) = tasks([table], None, tmp_path, rows=8_000)
    ours, theirs = measure(task, "smote")
    assert ours.format is None or ours.format.auc <= 0.55
    assert ours.classifier is not None
    assert theirs.classifier is not None
    assert ours.classifier.low <= theirs.classifier.auc
    assert not any(rule.tells for rule in ours.rules)


@pytest.mark.slow
def test_grids_move_neither_mean_nor_deviation_nor_correlations_beyond_noise(tmp_path: Path) -> None:
    ((_, task),) = tasks(["cents"], None, tmp_path, rows=4_000)
    found = bias(task, "smote", seeds=5)
    for moved in (found.mean, found.deviation, found.correlation):
        assert np.abs(moved.mean(axis=0)).max() < 1
