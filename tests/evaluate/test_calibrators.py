from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from counterpoise.evaluate._calibration.calibrators import (
    FEWEST_FOR_ISOTONIC,
    FEWEST_ROWS,
    IsotonicCalibrator,
    SigmoidCalibrator,
    fit_calibrator,
)


def judged(rows: int, *, slope: float = 0.6, shift: float = -0.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities whose true log-odds are a straight line of theirs, and labels."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.5, 1.5, rows)
    return expit(odds), rng.random(rows) < expit(slope * odds + shift)


def bent(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2.5, 1.5, rows)
    return expit(odds), rng.random(rows) < expit(np.where(odds < -3, 0.5 * (odds + 3), 1.4 * (odds + 3)) - 3)


def test_a_sigmoid_finds_the_line_that_was_bent_away() -> None:
    calibrator, note = fit_calibrator(*judged(100_000), method="sigmoid")
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
    ours, _ = fit_calibrator(probability[1_000:], labels[1_000:], method="sigmoid")
    assert ours is not None
    assert ours.apply(probability) == pytest.approx(theirs.predict_proba(features)[:, 1], abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000), levels=st.sampled_from([3, 20, 10**6]), method=st.sampled_from(["sigmoid", "isotonic"])
)
def test_a_calibrator_never_turns_two_rows_round_and_is_never_certain(seed: int, levels: int, method: str) -> None:
    probability, positive = judged(600, seed=seed)
    probability = np.round(probability * levels) / levels
    calibrator, note = fit_calibrator(probability, positive, method=method)  # type: ignore[arg-type]
    if calibrator is None:
        assert "higher probabilities" in note
        return
    everything = np.sort(np.concatenate([probability, [0.0, 1e-12, 0.5, 1.0]]))
    calibrated = calibrator.apply(everything)
    assert (np.diff(calibrated) >= 0).all()
    assert calibrated[0] > 0
    assert calibrated[-1] < 1


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_the_published_snippet_gives_the_same_numbers(method: str) -> None:
    probability, positive = judged(5_000)
    calibrator, _ = fit_calibrator(probability, positive, method=method)  # type: ignore[arg-type]
    assert calibrator is not None
    record = json.loads(json.dumps({**calibrator.as_dict(), "threshold_calibrated_scale": 0.3}))
    names: dict[str, object] = {"c": {"learners": {"it": {"calibrated": record}}}, "learner": "it", "p": probability}
    exec(record["snippet"], names)  # noqa: S102  # our own lines, which users will paste
    assert names["calibrated"] == pytest.approx(calibrator.apply(probability), abs=1e-12)
    assert (names["positive"] == (calibrator.apply(probability) >= 0.3)).all()


def test_with_few_rows_of_the_rarer_class_nothing_is_fitted() -> None:
    probability, _ = judged(500)
    few = np.arange(500) < FEWEST_ROWS - 1
    for positive in (few, ~few):
        calibrator, note = fit_calibrator(probability, positive, method="isotonic")
        assert calibrator is None
        assert note == "a calibrator needs 20 validation rows of the rarer class, and there are 19"


def test_nothing_is_fitted_where_nobody_asks_for_it() -> None:
    assert fit_calibrator(*judged(1_000), method="none")[0] is None


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_ranking_upside_down_or_of_one_value_is_not_calibrated(method: str) -> None:
    probability, positive = judged(2_000)
    for useless in (1 - probability, np.full(2_000, 0.1)):
        calibrator, note = fit_calibrator(useless, positive, method=method)  # type: ignore[arg-type]
        assert calibrator is None
        assert "do not go with more positives" in note


def test_auto_takes_isotonic_regression_only_where_it_is_better_and_rows_are_many() -> None:
    many = 12 * FEWEST_FOR_ISOTONIC
    assert isinstance(fit_calibrator(*bent(many), method="auto")[0], IsotonicCalibrator)
    assert isinstance(fit_calibrator(*judged(many), method="auto")[0], SigmoidCalibrator)
    probability, positive = bent(many)
    few = ~positive | (np.cumsum(positive) < FEWEST_FOR_ISOTONIC)
    assert isinstance(fit_calibrator(probability[few], positive[few], method="auto")[0], SigmoidCalibrator)


def test_probabilities_of_0_and_1_are_calibrated_with_finite_numbers() -> None:
    positive = np.arange(400) < 60
    probability = np.where(positive, 1.0, 0.0)
    probability[:10], probability[-10:] = 0.0, 1.0
    for method in ("sigmoid", "isotonic"):
        calibrator, _ = fit_calibrator(probability, positive, method=method)
        assert calibrator is not None
        low, high = calibrator.apply(np.array([0.0, 1.0]))
        assert low == pytest.approx(10 / 340, abs=0.02)
        assert high == pytest.approx(50 / 60, abs=0.03)
