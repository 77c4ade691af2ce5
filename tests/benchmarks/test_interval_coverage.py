from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.interval_coverage import FIGURES, Setting, coverage, true_average_precision, true_values

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("distance", "prevalence"), [(0.0, 0.1), (1.0, 0.01), (3.5, 0.1)])
def test_the_truth_is_that_of_a_very_large_sample(distance: float, prevalence: float) -> None:
    rng = np.random.default_rng(0)
    positive = np.arange(1_000_000) < round(1_000_000 * prevalence)
    scores = rng.normal(size=len(positive)) + distance * positive
    truth = true_values(Setting(1_000, prevalence, distance, 0, free=False))
    assert true_average_precision(distance, prevalence) == pytest.approx(truth["ap"])
    assert average_precision_score(positive, scores) == pytest.approx(truth["ap"], rel=0.02)
    assert roc_auc_score(positive, scores) == pytest.approx(truth["auc"], abs=0.005)


def test_most_intervals_cover_and_each_table_is_counted_once() -> None:
    found = coverage(Setting(50, 0.1, 1.0, 200, free=False), 20)
    for figure in FIGURES:
        assert sum(number for (name, _), number in found.items() if name == figure) == 20
        assert found[figure, "covers"] >= 16
