from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score

from counterpoise.evaluate._metrics.curves import MOST_POINTS, pr_curve, reliability_bins, roc_curve, simplified


def _case(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.1
    positive[:2] = True, False
    return 1 / (1 + np.exp(-(rng.normal(size=rows) + 2 * positive))), positive


def test_a_short_precision_recall_curve_is_the_one_of_scikit_learn() -> None:
    scores, positive = _case(60)
    precision, recall, _ = precision_recall_curve(positive, scores)
    expected = {(round(x, 9), round(y, 9)) for x, y in zip(recall[:-1], precision[:-1], strict=True)}
    found = {(round(x, 9), round(y, 9)) for x, y in pr_curve(scores, positive)}
    assert found - {(0.0, round(pr_curve(scores, positive)[0][1], 9))} <= expected


def test_long_curves_are_reduced_without_distorting_their_area() -> None:
    scores, positive = _case(50_000)
    roc, pr = np.array(roc_curve(scores, positive)), np.array(pr_curve(scores, positive))
    assert len(roc) <= MOST_POINTS
    assert len(pr) <= MOST_POINTS
    assert auc(roc[:, 0], roc[:, 1]) == pytest.approx(roc_auc_score(positive, scores), abs=0.002)
    assert auc(pr[:, 0], pr[:, 1]) == pytest.approx(average_precision_score(positive, scores), abs=0.005)


def test_curves_begin_and_end_where_they_must() -> None:
    scores, positive = _case(3_000)
    roc, pr = roc_curve(scores, positive), pr_curve(scores, positive)
    assert (roc[0], roc[-1]) == ([0.0, 0.0], [1.0, 1.0])
    assert pr[0][0] == 0
    assert pr[-1] == [1.0, pytest.approx(positive.mean())]


@pytest.mark.parametrize("positive", [np.zeros(3, bool), np.ones(3, bool)])
def test_a_roc_curve_of_one_class_has_no_points(positive: np.ndarray) -> None:
    assert roc_curve(np.arange(3.0), positive) == []


def test_a_precision_recall_curve_without_positives_has_no_points() -> None:
    assert pr_curve(np.arange(3.0), np.zeros(3, bool)) == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1_000), size=st.integers(2, 80), most=st.integers(2, 40))
def test_a_simplified_line_keeps_ends_order_and_only_given_points(seed: int, size: int, most: int) -> None:
    points = np.random.default_rng(seed).random((size, 2)).cumsum(axis=0)
    kept = np.array(simplified(points, most))
    assert len(kept) <= most
    assert (kept[0] == points[0]).all()
    assert (kept[-1] == points[-1]).all()
    rows = [int(np.flatnonzero((points == point).all(axis=1))[0]) for point in kept]
    assert rows == sorted(rows)


def test_points_on_a_straight_line_are_dropped() -> None:
    points = np.column_stack([np.linspace(0, 1, 50), np.linspace(0, 2, 50)])
    assert simplified(points) == [[0.0, 0.0], [1.0, 2.0]]


def test_a_closed_line_keeps_its_far_end() -> None:
    assert simplified(np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])) == [[0, 0], [1, 1], [0, 0]]


def test_reliability_bins_agree_with_scikit_learn() -> None:
    scores, positive = _case(2_000)
    observed, predicted = calibration_curve(positive, scores, n_bins=10)
    bins = reliability_bins(scores, positive)
    assert [part["observed"] for part in bins] == pytest.approx(observed)
    assert [part["mean_predicted"] for part in bins] == pytest.approx(predicted)
    assert sum(part["rows"] for part in bins) == 2_000


def test_certain_predictions_fall_in_the_outer_bins() -> None:
    bins = reliability_bins(np.array([0.0, 1.0]), np.array([False, True]))
    assert [(part["lower"], part["upper"]) for part in bins] == [(0.0, 0.1), (0.9, 1.0)]
