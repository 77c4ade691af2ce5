from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from counterpoise.evaluate._inference.bootstrap import Interval, interval_of, iter_weights
from counterpoise.evaluate._inference.intervals import (
    difference_interval,
    least_auc,
    ranking_interval,
    share_interval,
    shortfall_interval,
)
from counterpoise.metrics import Ranking


def binormal(distance: float, *, positives: int, negatives: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = np.arange(positives + negatives) < positives
    return rng.normal(size=len(positive)) + distance * positive, positive


def resampled(scores: np.ndarray, positive: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return average precisions and ROC-AUCs of resamples, and those of the rows themselves."""
    ranking = Ranking.from_scores(scores, positive)
    parts = [
        ranking.weigh(part)
        for part in iter_weights(positive.astype(np.int32), resamples=300, rng=np.random.default_rng(seed))
    ]
    once = ranking.weigh(np.ones((1, len(scores)), np.int32))
    return (
        np.concatenate([part.average_precision for part in parts]),
        np.concatenate([part.roc_auc for part in parts]),
        float(once.average_precision[0]),
        float(once.roc_auc[0]),
    )


@pytest.mark.slow
def test_near_perfect_rankings_are_covered_where_plain_percentiles_fail() -> None:
    truth = {"average_precision": 0.9592, "roc_auc": 0.99333}
    covered, plainly = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    for seed in range(100):
        scores, positive = binormal(3.5, positives=30, negatives=270, seed=seed)
        aps, aucs, ap, auc = resampled(scores, positive, seed)
        for metric, values, value in (("average_precision", aps, ap), ("roc_auc", aucs, auc)):
            interval = ranking_interval(metric, values, value, positives=30, negatives=270)
            plain = interval_of(values, value, within=(0.0, 1.0))
            assert interval is not None
            assert plain is not None
            covered[metric] += interval.low <= truth[metric] <= interval.high
            plainly[metric] += plain.low <= truth[metric] <= plain.high
    assert min(covered.values()) >= 92
    assert plainly["roc_auc"] < 90
    assert plainly["average_precision"] < covered["average_precision"]


def test_small_average_precisions_have_the_interval_of_moved_percentiles() -> None:
    scores, positive = binormal(0.0, positives=100, negatives=9_900, seed=0)
    aps, _, ap, _ = resampled(scores, positive, 0)
    found, plain = shortfall_interval(aps, ap), interval_of(aps, ap)
    assert found is not None
    assert plain is not None
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=2e-4)


@given(values=st.lists(st.floats(0, 1), min_size=2, max_size=30), estimate=st.floats(0, 1))
@example(values=[1.0, 1.0], estimate=0.0)
def test_an_interval_holds_its_estimate_and_stays_within_0_and_1(values: list[float], estimate: float) -> None:
    for metric in ("average_precision", "roc_auc"):
        found = ranking_interval(metric, np.array(values), estimate, positives=30, negatives=300)
        assert found is not None
        assert 0 <= found.low <= estimate <= found.high <= 1


def test_a_perfect_ranking_is_not_said_to_be_certain() -> None:
    ones = np.ones(100)
    ap = ranking_interval("average_precision", ones, 1.0, positives=30, negatives=300)
    auc = ranking_interval("roc_auc", ones, 1.0, positives=30, negatives=300)
    assert ap is not None
    assert auc is not None
    assert (ap.low, ap.high) == pytest.approx((0.025 ** (1 / 30), 1.0))
    assert 0.9 < auc.low < auc.high == 1.0
    assert ranking_interval("average_precision", ones, 1.0) is None


@pytest.mark.parametrize("values", [np.zeros(0), np.array([0.5, np.nan])])
def test_without_values_there_is_no_interval(values: np.ndarray) -> None:
    assert ranking_interval("average_precision", values, 0.5, positives=30, negatives=300) is None
    assert difference_interval(values, 0.5) is None


@pytest.mark.parametrize("auc", [0.5, 0.8, 0.95, 1.0])
def test_at_the_least_auc_the_one_found_is_1_96_standard_errors_away(auc: float) -> None:
    least = least_auc(auc, positives=40, negatives=160)
    half = 99
    spread = 1 + half * ((1 - least) / (2 - least) + least / (1 + least))
    error = np.sqrt(least * (1 - least) * spread / (40 * 160))
    assert (auc - least) / error == pytest.approx(1.959964, abs=1e-4)


def test_a_difference_lies_in_the_middle_of_its_interval() -> None:
    values = np.array([0.0, 0.1, 0.2, 0.3])
    error = 1.959964 * values.std(ddof=1)
    found = difference_interval(values, 0.1)
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx((0.1 - error, 0.1 + error), abs=1e-6)


@pytest.mark.parametrize(("hits", "number"), [(0, 10), (10, 10), (1, 3), (250, 1_000)])
def test_a_share_has_the_interval_of_wilson_as_scipy_has_it_and_holds_its_estimate(hits: int, number: int) -> None:
    found = share_interval(hits / number, number)
    expected = stats.binomtest(hits, number).proportion_ci(method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.low <= hits / number <= found.high
    assert share_interval(0.0, 0) is None
