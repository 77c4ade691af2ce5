from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from counterpoise.evaluate._calibration.calibration import calibration_line, evaluate_probabilities, line_intervals
from counterpoise.evaluate._calibration.scores import ProbabilityScores, equal_bins
from counterpoise.evaluate._inference.bootstrap import iter_weights


def drawn(rows: int, *, slope: float = 1.0, shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, and labels whose true log-odds are a line of theirs."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.5, 1.2, rows)
    return expit(odds), rng.random(rows) < expit(slope * odds + shift)


def test_right_probabilities_have_slope_1_and_intercepts_0() -> None:
    line = calibration_line(*drawn(200_000))
    assert (line.slope, line.intercept, line.in_the_large) == pytest.approx((1, 0, 0), abs=0.04)


@pytest.mark.parametrize(("slope", "shift"), [(0.5, -1.0), (1.6, 0.7)])
def test_the_line_is_the_one_that_labels_were_drawn_by(slope: float, shift: float) -> None:
    line = calibration_line(*drawn(200_000, slope=slope, shift=shift))
    assert (line.slope, line.intercept) == pytest.approx((slope, shift), abs=0.05)


def test_in_the_large_makes_the_mean_probability_the_prevalence() -> None:
    probability, positive = drawn(5_000, slope=0.5, shift=-0.3)
    shift = calibration_line(probability, positive).in_the_large
    assert expit(logit(probability) + shift).mean() == pytest.approx(positive.mean(), abs=1e-9)


def test_multiplied_odds_move_the_level_and_leave_the_slope() -> None:
    probability, positive = drawn(20_000)
    line, moved = calibration_line(probability, positive), calibration_line(expit(logit(probability) + 2), positive)
    assert moved.slope == pytest.approx(line.slope, abs=1e-4)
    assert moved.in_the_large == pytest.approx(line.in_the_large - 2, abs=1e-6)


def test_what_rows_do_not_determine_is_undefined() -> None:
    positive = np.arange(100) < 10
    constant = calibration_line(np.full(100, 0.2), positive)
    assert np.isnan(constant.slope)
    assert constant.in_the_large == pytest.approx(logit(0.1) - logit(0.2))
    apart = calibration_line(np.where(positive, 0.9, 0.1), positive)
    assert np.isnan([apart.slope, apart.intercept]).all()
    assert np.isfinite(apart.in_the_large)
    assert np.isnan(calibration_line(np.full(100, 0.2), np.zeros(100, bool)).in_the_large)


@pytest.mark.slow
def test_one_newton_step_has_the_spread_of_lines_fitted_anew() -> None:
    probability, positive = drawn(1_500, slope=0.7)
    weights = list(iter_weights(np.zeros(1_500, np.int32), resamples=150, rng=np.random.default_rng(1)))
    line = calibration_line(probability, positive)
    found = line_intervals(probability, positive, line, weights=weights)
    again = [np.repeat(np.arange(1_500), row) for part in weights for row in part]
    lines = [calibration_line(probability[rows], positive[rows]).as_dict() for rows in again]
    for figure, interval in found.items():
        spread = np.std([one[figure] for one in lines])
        assert (interval.high - interval.low) / 2 / 1.96 == pytest.approx(spread, rel=0.1), figure
    assert set(found) == {"slope", "intercept", "in_the_large"}


@pytest.mark.slow
def test_intervals_cover_the_truth_of_right_probabilities() -> None:
    covered = dict.fromkeys(("slope", "intercept", "in_the_large"), 0)
    for seed in range(60):
        probability, positive = drawn(1_200, seed=seed)
        rng = np.random.default_rng(seed)
        judged = evaluate_probabilities({"it": probability}, positive, resamples=200, rng=rng)["it"]
        for figure, truth in (("slope", 1), ("intercept", 0), ("in_the_large", 0)):
            covered[figure] += judged["intervals"][figure]["low"] <= truth <= judged["intervals"][figure]["high"]
    assert min(covered.values()) >= 52


def test_without_resamples_or_for_undefined_figures_there_are_no_intervals() -> None:
    probability, positive = drawn(500)
    rng = np.random.default_rng(0)
    assert evaluate_probabilities({"it": probability}, positive, resamples=0, rng=rng)["it"]["intervals"] == {}
    constant = evaluate_probabilities({"it": np.full(500, 0.1)}, positive, resamples=50, rng=rng)["it"]
    assert set(constant["intervals"]) == {"in_the_large", "brier", "log_loss", "expected_calibration_error"}


def test_the_calibration_error_is_the_mean_distance_in_ten_bins_with_equally_many_rows() -> None:
    probability, positive = drawn(5_000)
    bins = np.array_split(np.argsort(probability, kind="stable"), 10)
    wanted = sum(abs((probability[rows] - positive[rows]).sum()) for rows in bins) / 5_000
    scores = ProbabilityScores.of(probability, positive)
    assert scores.values["expected_calibration_error"] == pytest.approx(wanted, rel=1e-9)
    assert scores.values["brier"] == pytest.approx(brier_score_loss(positive, probability))


def test_equal_probabilities_are_in_one_bin() -> None:
    probability = np.repeat([0.0, 0.01, 0.5, 1.0], [6_000, 2_000, 1_500, 500])
    bins = equal_bins(probability)
    assert [len(np.unique(bins[probability == one])) for one in np.unique(probability)] == [1, 1, 1, 1]
    assert (np.diff(bins) >= 0).all()
    assert equal_bins(np.full(50, 0.3)).max() == 0
    assert equal_bins(np.array([0.3])).tolist() == [0]


def test_paired_intervals_against_the_own_probabilities_tell_worse_ones_and_equal_ones() -> None:
    probability, positive = drawn(4_000)
    stages = {"before": probability, "after": np.clip(2 * probability, 0, 1), "calibrated": probability.copy()}
    found = evaluate_probabilities(stages, positive, resamples=100, rng=np.random.default_rng(0))
    assert found["before"]["against_own"] == {}
    for score, change in found["after"]["against_own"].items():
        assert change["low"] > 0, score
        assert change["difference"] == pytest.approx(found["after"][score] - found["before"][score])
    for change in found["calibrated"]["against_own"].values():
        assert change == {"difference": 0, "low": 0, "high": 0}
