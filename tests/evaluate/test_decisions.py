from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.metrics import geometric_mean_score
from sklearn import metrics

from counterpoise.evaluate._metrics.decisions import choose_threshold
from counterpoise.metrics import Confusion, decision_metrics

_EXPECTED = {
    "precision": lambda truth, called: metrics.precision_score(truth, called, zero_division=0),
    "recall": lambda truth, called: metrics.recall_score(truth, called, zero_division=0),
    "f1": lambda truth, called: metrics.f1_score(truth, called, zero_division=0),
    "f2": lambda truth, called: metrics.fbeta_score(truth, called, beta=2, zero_division=0),
    "mcc": metrics.matthews_corrcoef,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "g_mean": geometric_mean_score,
    "accuracy": metrics.accuracy_score,
}


@settings(max_examples=30, deadline=None)
@given(cells=st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(lambda c: c[0] + c[2] > 0 and c[1] + c[3] > 0))
def test_decision_metrics_equal_those_of_the_libraries(cells: list[int]) -> None:
    truth = np.repeat([1, 0, 1, 0], cells)
    called = np.repeat([1, 1, 0, 0], cells)
    found = decision_metrics(Confusion(*(np.array([float(cell)]) for cell in cells)))
    for name, expected in _EXPECTED.items():
        assert found[name][0] == pytest.approx(expected(truth, called), abs=1e-12), name


def test_matthews_correlation_of_a_billion_rows_does_not_overflow() -> None:
    counts = Confusion(*(np.array([value]) for value in (1e9, 0.0, 0.0, 1e9)))
    assert decision_metrics(counts)["mcc"][0] == 1.0


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    levels=st.sampled_from([2, 7, 1_000]),
    metric=st.sampled_from(["f1", "f2", "mcc", "balanced_accuracy"]),
)
def test_no_threshold_reaches_more_than_the_chosen_one(seed: int, levels: int, metric: str) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(60) < 0.3
    positive[:2] = True, False
    scores = rng.integers(0, levels, 60) / levels
    choice = choose_threshold(scores, positive, metric=metric)
    reached = _EXPECTED[metric](positive, scores >= choice.value)
    best = max(_EXPECTED[metric](positive, scores >= threshold) for threshold in np.unique(scores))
    assert choice.score == pytest.approx(reached, abs=1e-12)
    assert reached == pytest.approx(best, abs=1e-12)


def test_the_threshold_lies_halfway_between_two_scores() -> None:
    choice = choose_threshold(np.array([0.9, 0.5, 0.1]), np.array([True, True, False]), metric="f1")
    assert choice.value == pytest.approx(0.3)


def test_neighbouring_scores_without_a_number_between_them_are_kept_apart() -> None:
    high = 0.5
    low = np.nextafter(high, 0)
    choice = choose_threshold(np.array([high, low]), np.array([True, False]), metric="f1")
    assert low < choice.value <= high


def test_without_both_classes_the_threshold_is_one_half() -> None:
    choice = choose_threshold(np.array([0.9, 0.1]), np.array([False, False]), metric="f1")
    assert choice.value == 0.5
    assert np.isnan(choice.score)
