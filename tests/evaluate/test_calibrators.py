from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from counterpoise.evaluate._calibration.calibrators import (
    BetaCalibrator,
    Calibrator,
    Method,
    SigmoidCalibrator,
    TemperatureCalibrator,
    snippet_of,
)
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._calibration.fitting import FITS
from counterpoise.evaluate._calibration.selection import FEWEST_ROWS, ValidationScores, fit_calibrator

FITTED: tuple[Method, ...] = tuple(FITS)
UNRESAMPLED = PriorCorrection(natural=0.1, training=0.1)


def judged(rows: int, *, slope: float = 0.6, shift: float = -0.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities whose true log-odds are a straight line of theirs, and labels."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.5, 1.5, rows)
    return expit(odds), rng.random(rows) < expit(slope * odds + shift)


def scores_of(
    probability: np.ndarray, positive: np.ndarray, *, resolution: float = 1e-8, groups: np.ndarray | None = None
) -> ValidationScores:
    return ValidationScores(probability, positive, UNRESAMPLED, resampled=False, resolution=resolution, groups=groups)


def fitted(probability: np.ndarray, positive: np.ndarray, method: Method) -> tuple[Calibrator | None, str]:
    return fit_calibrator(scores_of(probability, positive), method=method)


def test_a_sigmoid_finds_the_line_that_was_bent_away() -> None:
    calibrator, note = fitted(*judged(100_000), "sigmoid")
    assert isinstance(calibrator, SigmoidCalibrator)
    assert note == ""
    assert (calibrator.slope, calibrator.intercept) == pytest.approx((0.6, -0.5), abs=0.05)


def test_a_sigmoid_is_that_of_scikit_learn_on_the_log_odds() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3_000, 2))
    labels = rng.random(3_000) < expit(features[:, 0] - 2)
    model = LogisticRegression().fit(features[:1_000], labels[:1_000])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid").fit(features[1_000:], labels[1_000:])
    probability = model.predict_proba(features)[:, 1]
    ours, _ = fitted(probability[1_000:], labels[1_000:], "sigmoid")
    assert ours is not None
    assert ours.apply(probability) == pytest.approx(theirs.predict_proba(features)[:, 1], abs=1e-6)


def test_a_temperature_is_found_again() -> None:
    calibrator, _ = fitted(*judged(100_000, slope=0.5, shift=0.0), "temperature")
    assert isinstance(calibrator, TemperatureCalibrator)
    assert calibrator.temperature == pytest.approx(2, rel=0.03)


def test_beta_calibration_is_the_logistic_regression_of_kull_and_others() -> None:
    rng = np.random.default_rng(2)
    probability = rng.beta(0.7, 1.5, 60_000)
    odds = 1.6 * np.log(probability) - 0.4 * np.log1p(-probability) + 0.3
    positive = rng.random(len(probability)) < expit(odds)
    calibrator, _ = fitted(probability, positive, "beta")
    assert isinstance(calibrator, BetaCalibrator)
    assert (calibrator.a, calibrator.b, calibrator.c) == pytest.approx((1.6, 0.4, 0.3), abs=0.08)
    features = np.column_stack([np.log(probability), -np.log1p(-probability)])
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky").fit(features, positive).predict_proba(features)
    assert calibrator.apply(probability) == pytest.approx(theirs[:, 1], abs=1e-3)


def test_isotonic_regression_is_that_of_scikit_learn() -> None:
    probability, positive = judged(4_000)
    calibrator, _ = fitted(probability, positive, "isotonic")
    assert calibrator is not None
    theirs = IsotonicRegression(out_of_bounds="clip").fit(probability, positive).predict(probability)
    assert calibrator.apply(probability) == pytest.approx(theirs, abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.sampled_from([3, 20, 10**6]), method=st.sampled_from(FITTED))
def test_a_calibrator_never_turns_two_rows_round_and_is_never_certain(seed: int, levels: int, method: Method) -> None:
    probability, positive = judged(600, seed=seed)
    probability = np.round(probability * levels) / levels
    calibrator, note = fitted(probability, positive, method)
    if calibrator is None:
        assert "higher probabilities" in note
        return
    everything = np.sort(np.concatenate([probability, [0.0, 1e-12, 0.5, 1.0]]))
    calibrated = calibrator.apply(everything)
    assert (np.diff(calibrated) >= 0).all()
    assert calibrated[0] > 0
    assert calibrated[-1] < 1


@pytest.mark.parametrize("method", get_args(Method))
def test_the_published_snippet_gives_the_same_numbers_from_the_published_parameters(method: Method) -> None:
    own, positive = judged(5_000)
    own[:5] = 0.0, 1e-12, 0.3, 1 - 1e-12, 1.0
    correction = PriorCorrection(natural=0.1, training=0.5)
    scores = ValidationScores(own, positive, correction, resampled=True, resolution=0.005)
    calibrator, _ = fit_calibrator(scores, method=method)
    assert calibrator is not None
    record = json.loads(json.dumps({**calibrator.as_dict(), "threshold_calibrated_scale": 0.3}))
    names: dict[str, object] = {"c": {"learners": {"it": {"calibrated": record}}}, "learner": "it", "q": own}
    names["p"] = correction.apply(own)
    exec(record["snippet"], names)  # noqa: S102  # our own lines, which users will paste
    expected = own if method == "own" else calibrator.apply(correction.apply(own))
    assert names["calibrated"] == pytest.approx(expected, abs=1e-12)
    assert (names["positive"] == (expected >= 0.3)).all()
    assert record["snippet"] == snippet_of(method, record["parameters"])


def test_the_snippet_of_an_earlier_version_gives_the_numbers_of_that_version() -> None:
    parameters = {"slope": 0.6, "intercept": -0.5}
    record = {"parameters": parameters, "threshold_calibrated_scale": 0.3}
    probability = np.array([0.0, 0.2, 1.0])
    names = {"c": {"learners": {"it": {"calibrated": record}}}, "learner": "it", "p": probability}
    exec(snippet_of("sigmoid", parameters), names)  # noqa: S102  # our own lines
    odds = np.log(np.clip(probability, 1e-8, 1 - 1e-8) / (1 - np.clip(probability, 1e-8, 1 - 1e-8)))
    assert names["calibrated"] == pytest.approx(expit(0.6 * odds - 0.5), abs=1e-12)


@pytest.mark.parametrize("grouped", [False, True])
def test_with_few_rows_or_groups_of_the_rarer_class_nothing_is_fitted(grouped: bool) -> None:
    probability, _ = judged(500)
    few = np.arange(500) < FEWEST_ROWS - 1
    groups = np.arange(500, dtype=np.int32) if grouped else None
    for positive in (few, ~few):
        calibrator, note = fit_calibrator(scores_of(probability, positive, groups=groups), method="isotonic")
        assert calibrator is None
        rows = "groups" if grouped else "rows"
        assert note == f"a calibrator needs 20 validation {rows} of the rarer class, and there are 19"


@pytest.mark.parametrize("method", FITTED)
def test_a_ranking_upside_down_or_of_one_value_is_not_calibrated(method: Method) -> None:
    probability, positive = judged(2_000)
    for useless in (1 - probability, np.full(2_000, 0.1)):
        calibrator, note = fitted(useless, positive, method)
        assert calibrator is None
        assert "do not go with more positives" in note


@pytest.mark.parametrize("method", ["sigmoid", "beta", "isotonic"])
def test_probabilities_of_0_and_1_are_calibrated_with_finite_numbers(method: Method) -> None:
    positive = np.arange(400) < 60
    probability = np.where(positive, 1.0, 0.0)
    probability[:10], probability[-10:] = 0.0, 1.0
    calibrator, _ = fitted(probability, positive, method)
    assert calibrator is not None
    low, high = calibrator.apply(np.array([0.0, 1.0]))
    assert low == pytest.approx(10 / 340, abs=0.02)
    assert high == pytest.approx(50 / 60, abs=0.03)
