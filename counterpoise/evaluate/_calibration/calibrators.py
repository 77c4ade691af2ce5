"""Calibrators: map a probability at natural prevalence to the share of positives observed on validation.

Scikit-learn fits them; the published form is plain numbers, so that applying them takes a few lines and no pickle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from counterpoise.typing import Floats, Mask

CalibratorName = Literal["auto", "sigmoid", "isotonic", "none"]

FEWEST_ROWS = 20
"""The validation rows of the rarer class that a calibrator needs: a sigmoid has two parameters, and ten events per
parameter are the customary minimum (Peduzzi et al., 1996)."""
FEWEST_FOR_ISOTONIC = 1_000
"""The validation rows of the rarer class from which `auto` tries isotonic regression. Scikit-learn's documentation
advises against it with far fewer than 1,000 rows, and Niculescu-Mizil and Caruana (2005) found it no better below that,
on nearly balanced tables; on imbalanced tables the rarer class determines the steps. Even with more rows it is worse
than a sigmoid where a sigmoid is about right (`docs/evaluation.md`), so it has to win on held-out parts."""
_PARTS = 3
_LEAST = 1e-8
"""Probabilities are clipped this far from 0 and 1: log-odds must be finite, and no table is large enough to show a
smaller share."""
_SIGMOID = """\
import numpy as np
k = c['learners'][learner]['calibrated']
z = np.clip(p, {least}, 1 - {least})
z = k['parameters']['slope'] * np.log(z / (1 - z)) + k['parameters']['intercept']
calibrated = 1 / (1 + np.exp(-z))
positive = calibrated >= k['threshold_calibrated_scale']"""
_ISOTONIC = """\
import numpy as np
k = c['learners'][learner]['calibrated']
calibrated = np.interp(p, k['parameters']['probability'], k['parameters']['share'])
positive = calibrated >= k['threshold_calibrated_scale']"""


@dataclass(frozen=True)
class SigmoidCalibrator:
    """A linear function of the log-odds (Platt, 1999; Cox, 1958).

    Attributes:
        slope: The factor for log-odds, above 0: 1 leaves them unchanged, a smaller one moves them together.
        intercept: The constant added to them.
    """

    slope: float
    intercept: float

    @property
    def rises(self) -> bool:
        """Whether the calibrator preserves the ranking."""
        return self.slope > 0

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> SigmoidCalibrator(slope=1.0, intercept=0.0).apply(np.array([0.25]))
        array([0.25])
        """
        from scipy.special import expit

        return np.asarray(expit(self.slope * log_odds(probability) + self.intercept))

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as a record, with a code snippet for the probability `p` at natural prevalence."""
        return {
            "method": "sigmoid",
            "parameters": {"slope": self.slope, "intercept": self.intercept},
            "snippet": _SIGMOID.format(least=_LEAST),
        }


@dataclass(frozen=True)
class IsotonicCalibrator:
    """A piecewise linear, non-decreasing function, constant before its first point and after its last.

    Attributes:
        probability: The points' probabilities at natural prevalence, increasing.
        share: The calibrated probabilities of the points, non-decreasing.
    """

    probability: tuple[float, ...]
    share: tuple[float, ...]

    @property
    def rises(self) -> bool:
        """Whether the calibrator preserves the ranking, apart from ties."""
        return self.share[0] < self.share[-1]

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> IsotonicCalibrator((0.1, 0.3), (0.0, 0.5)).apply(np.array([0.0, 0.2, 0.9]))
        array([0.  , 0.25, 0.5 ])
        """
        return np.interp(probability, self.probability, self.share)

    def as_dict(self) -> dict[str, Any]:
        """Return the points as a record, with a code snippet for the probability `p` at natural prevalence."""
        return {
            "method": "isotonic",
            "parameters": {"probability": list(self.probability), "share": list(self.share)},
            "snippet": _ISOTONIC,
        }


Calibrator = SigmoidCalibrator | IsotonicCalibrator
Fit = Callable[[Floats, Mask], Calibrator]


def fit_calibrator(probability: Floats, positive: Mask, *, method: CalibratorName) -> tuple[Calibrator | None, str]:
    """Fit a calibrator on rows at natural prevalence that no learner was trained on.

    Args:
        probability: One per row, at natural prevalence.
        positive: Which rows are positive.
        method: `auto` uses a sigmoid; from `FEWEST_FOR_ISOTONIC` rows of the rarer class on, it uses isotonic
            regression if its log loss on held-out parts of these rows is smaller.

    Returns:
        The calibrator, or None with the reason: `none` is configured, there are too few rows, or the probabilities do
        not increase with the share of positives, so that a calibrator would reverse the ranking.
    """
    rarer = int(min(positive.sum(), (~positive).sum()))
    if method == "none":
        return None, "calibration is switched off (evaluation.calibration)"
    if rarer < FEWEST_ROWS:
        return None, f"a calibrator needs {FEWEST_ROWS} validation rows of the rarer class, and there are {rarer}"
    fit: Fit = _isotonic if method == "isotonic" else _sigmoid
    if method == "auto" and rarer >= FEWEST_FOR_ISOTONIC:
        fits: tuple[Fit, ...] = (_sigmoid, _isotonic)
        fit = min(fits, key=lambda one: _log_loss_elsewhere(one, probability, positive))
    calibrator = fit(probability, positive)
    if probability.min() == probability.max() or not calibrator.rises:
        return None, "no calibrator: on validation, higher probabilities do not go with more positives"
    return calibrator, ""


def log_odds(probability: Floats) -> Floats:
    """Return the log-odds of probabilities, clipped to at least 1e-8 from 0 and 1."""
    from scipy.special import logit

    return np.asarray(logit(np.clip(probability, _LEAST, 1 - _LEAST)))


def _log_loss_elsewhere(fit: Fit, probability: Floats, positive: Mask) -> float:
    """Return the cross-validated log loss of a calibrator: each part is scored by a fit on the other parts."""
    part = np.arange(len(positive)) % _PARTS
    answered = np.zeros(len(positive))
    for number in range(_PARTS):
        here = part == number
        calibrated = fit(probability[~here], positive[~here]).apply(probability[here])
        answered[here] = np.where(positive[here], calibrated, 1 - calibrated)
    return float(-np.log(answered).mean())


def _sigmoid(probability: Floats, positive: Mask) -> SigmoidCalibrator:
    """Fit Platt's sigmoid to the log-odds, with his targets slightly inside 0 and 1."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    model = CalibratedClassifierCV(FrozenEstimator(_identity()), method="sigmoid")
    model.fit(log_odds(probability)[:, None], positive)
    (line,) = model.calibrated_classifiers_[0].calibrators
    return SigmoidCalibrator(slope=-float(line.a_), intercept=-float(line.b_))


def _identity() -> Any:
    """Return a fitted classifier whose decision function is its one feature, the log-odds."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression()
    model.classes_, model.coef_, model.intercept_ = np.array([False, True]), np.ones((1, 1)), np.zeros(1)
    return model


def _isotonic(probability: Floats, positive: Mask) -> IsotonicCalibrator:
    """Fit an isotonic regression; shares are bounded away from 0 and 1 like Platt's targets."""
    from sklearn.isotonic import IsotonicRegression

    least, most = 1 / ((~positive).sum() + 2), 1 - 1 / (positive.sum() + 2)
    steps = IsotonicRegression(y_min=least, y_max=most, out_of_bounds="clip").fit(probability, positive)
    return IsotonicCalibrator(tuple(map(float, steps.X_thresholds_)), tuple(map(float, steps.y_thresholds_)))
