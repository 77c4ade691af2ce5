"""Fit calibrators on rows at natural prevalence that no learner was trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from counterpoise.evaluate._calibration.calibrators import (
    LEAST,
    BetaCalibrator,
    Calibrator,
    IsotonicCalibrator,
    Method,
    SigmoidCalibrator,
    TemperatureCalibrator,
    log_odds,
)
from counterpoise.typing import Floats, Mask, Matrix

_FLATTEST = 1e-6


@dataclass(frozen=True)
class Bounds:
    """What the learner can tell from 0 and from 1, at natural prevalence."""

    least: float = LEAST
    most: float = 1 - LEAST


def _sigmoid(probability: Floats, positive: Mask, bounds: Bounds) -> SigmoidCalibrator:
    """Fit Platt's sigmoid to the log-odds, with his targets slightly inside 0 and 1."""
    odds = log_odds(probability, bounds.least, bounds.most)
    centre, spread = float(odds.mean()), max(float(odds.std()), 1e-12)
    slope, level = _line(np.column_stack([(odds - centre) / spread, np.ones(len(odds))]), positive, least=-np.inf)
    return SigmoidCalibrator(slope / spread, level - slope * centre / spread, bounds.least, bounds.most)


def _temperature(probability: Floats, positive: Mask, bounds: Bounds) -> TemperatureCalibrator:
    odds = log_odds(probability, bounds.least, bounds.most)[:, None]
    (slope,) = _line(odds, positive)
    return TemperatureCalibrator(1 / max(slope, _FLATTEST), bounds.least, bounds.most)


def _beta(probability: Floats, positive: Mask, bounds: Bounds) -> BetaCalibrator:
    """Fit both weights at once, neither below 0; Kull et al. drop a negative one and fit again.

    Far from 0 and 1 the weights are nearly free, so nothing is extrapolated beyond the probabilities of validation.
    """
    least, most = max(bounds.least, float(probability.min())), min(bounds.most, float(probability.max()))
    inside = np.clip(probability, min(least, most), max(least, most))
    features = np.column_stack([np.log(inside), -np.log1p(-inside)])
    centre, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-12)
    *weights, level = _line(np.column_stack([(features - centre) / spread, np.ones(len(inside))]), positive)
    a, b = np.array(weights) / spread
    return BetaCalibrator(float(a), float(b), float(level - a * centre[0] - b * centre[1]), least, most)


def _isotonic(probability: Floats, positive: Mask, _: Bounds) -> IsotonicCalibrator:
    """Fit an isotonic regression; shares are bounded away from 0 and 1 like Platt's targets."""
    from sklearn.isotonic import IsotonicRegression

    least, most = _targets(positive)
    steps = IsotonicRegression(y_min=least, y_max=most, out_of_bounds="clip").fit(probability, positive)
    return IsotonicCalibrator(tuple(map(float, steps.X_thresholds_)), tuple(map(float, steps.y_thresholds_)))


Fit = Callable[[Floats, Mask, Bounds], Calibrator]
FITS: dict[Method, Fit] = {"temperature": _temperature, "sigmoid": _sigmoid, "beta": _beta, "isotonic": _isotonic}
"""How to fit each calibrator that validation determines, simplest first."""


def _targets(positive: Mask) -> tuple[float, float]:
    """Return Platt's targets for negatives and positives."""
    return float(1 / ((~positive).sum() + 2)), float(1 - 1 / (positive.sum() + 2))


def _line(features: Matrix, positive: Mask, *, least: float = 0.0) -> list[float]:
    """Return the weights of a logistic regression on Platt's targets.

    Args:
        features: Shape (rows, weights); a last column of ones has the constant.
        positive: Which rows are positive.
        least: The smallest weight of the other columns.
    """
    from scipy import optimize, special

    targets = np.where(positive, *reversed(_targets(positive)))
    constant = (features == 1).all(axis=0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = features @ weights
        lost = float((np.logaddexp(0, odds) - targets * odds).mean())
        return lost, features.T @ (special.expit(odds) - targets) / len(odds)

    limits = optimize.Bounds(np.where(constant, -np.inf, least), np.inf)
    start = np.where(constant, 0.0, 0.5)
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"ftol": 1e-13, "gtol": 1e-9}
    )
    return [float(weight) for weight in found.x]
