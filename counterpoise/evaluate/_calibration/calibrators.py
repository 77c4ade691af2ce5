"""Calibrators: from a probability at natural prevalence to the share of positives that validation showed for it.

Scikit-learn fits them; what is published are plain numbers, so that applying them takes a few lines and no pickle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from counterpoise.typing import Floats, Mask

__all__ = [
    "FEWEST_FOR_ISOTONIC",
    "FEWEST_ROWS",
    "Calibrator",
    "CalibratorName",
    "IsotonicCalibrator",
    "SigmoidCalibrator",
    "fit_calibrator",
    "log_odds",
]

CalibratorName = Literal["auto", "sigmoid", "isotonic", "none"]

FEWEST_ROWS = 20
"""Validation rows of the rarer class below which nothing is fitted: a sigmoid has two parameters, and ten events for
each are the customary least (Peduzzi et al., 1996)."""
FEWEST_FOR_ISOTONIC = 1_000
"""Validation rows of the rarer class from which `auto` tries isotonic regression. Scikit-learn's documentation advises
against it with far fewer than 1,000 rows, and Niculescu-Mizil and Caruana (2005) found it no better below that, on
nearly balanced tables; where classes are imbalanced, the rows of the rarer one are what the steps are made of. Even
with more rows it is worse than a sigmoid where a sigmoid is about right (`docs/evaluation.md`), so it has to win."""
_PARTS = 3
_LEAST = 1e-8
"""Probabilities this near to 0 or 1 count as this far from it: log-odds must be finite, and no table is so large that
it could show a smaller share."""
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
    """A straight line through the log-odds (Platt, 1999; Cox, 1958).

    Attributes:
        slope: What log-odds are multiplied by, above 0: 1 leaves them as they are, less draws them together.
        intercept: What is added to them.
    """

    slope: float
    intercept: float

    @property
    def rises(self) -> bool:
        """Whether higher probabilities stay higher."""
        return self.slope > 0

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> SigmoidCalibrator(slope=1.0, intercept=0.0).apply(np.array([0.25]))
        array([0.25])
        """
        from scipy.special import expit

        return np.asarray(expit(self.slope * log_odds(probability) + self.intercept))

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as a record, with a snippet for the probability `p` at natural prevalence."""
        return {
            "method": "sigmoid",
            "parameters": {"slope": self.slope, "intercept": self.intercept},
            "snippet": _SIGMOID.format(least=_LEAST),
        }


@dataclass(frozen=True)
class IsotonicCalibrator:
    """A rising line through points, level before the first and behind the last.

    Attributes:
        probability: The points' probabilities at natural prevalence, rising.
        share: What is answered there, never falling.
    """

    probability: tuple[float, ...]
    share: tuple[float, ...]

    @property
    def rises(self) -> bool:
        """Whether higher probabilities stay higher, or at least as high."""
        return self.share[0] < self.share[-1]

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> IsotonicCalibrator((0.1, 0.3), (0.0, 0.5)).apply(np.array([0.0, 0.2, 0.9]))
        array([0.  , 0.25, 0.5 ])
        """
        return np.interp(probability, self.probability, self.share)

    def as_dict(self) -> dict[str, Any]:
        """Return the points as a record, with a snippet for the probability `p` at natural prevalence."""
        return {
            "method": "isotonic",
            "parameters": {"probability": list(self.probability), "share": list(self.share)},
            "snippet": _ISOTONIC,
        }


Calibrator = SigmoidCalibrator | IsotonicCalibrator
Fit = Callable[[Floats, Mask], Calibrator]


def fit_calibrator(probability: Floats, positive: Mask, *, method: CalibratorName) -> tuple[Calibrator | None, str]:
    """Fit a calibrator on rows that no learner was trained on and that have their natural prevalence.

    Args:
        probability: One a row, at natural prevalence.
        positive: Which rows are positive.
        method: `auto` takes a sigmoid; from `FEWEST_FOR_ISOTONIC` rows of the rarer class on isotonic regression, where
            its log loss is smaller on parts of these rows that it was not fitted on.

    Returns:
        The calibrator, or None with the reason: `none` was asked for, too few rows, or no probability that rises with
        the share of positives, where a calibrator would turn the ranking round.
    """
    rarer = int(min(positive.sum(), (~positive).sum()))
    if method == "none":
        return None, "no calibrator was asked for (evaluation.calibration)"
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
    """Return the logarithm of the odds, of probabilities at least 1e-8 away from 0 and 1."""
    from scipy.special import logit

    return np.asarray(logit(np.clip(probability, _LEAST, 1 - _LEAST)))


def _log_loss_elsewhere(fit: Fit, probability: Floats, positive: Mask) -> float:
    """Return the log loss on each part of the rows of a calibrator that was fitted on the other parts."""
    part = np.arange(len(positive)) % _PARTS
    answered = np.zeros(len(positive))
    for number in range(_PARTS):
        here = part == number
        calibrated = fit(probability[~here], positive[~here]).apply(probability[here])
        answered[here] = np.where(positive[here], calibrated, 1 - calibrated)
    return float(-np.log(answered).mean())


def _sigmoid(probability: Floats, positive: Mask) -> SigmoidCalibrator:
    """Fit Platt's sigmoid, with his targets a little inside 0 and 1, to the log-odds."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    model = CalibratedClassifierCV(FrozenEstimator(_identity()), method="sigmoid")
    model.fit(log_odds(probability)[:, None], positive)
    (line,) = model.calibrated_classifiers_[0].calibrators
    return SigmoidCalibrator(slope=-float(line.a_), intercept=-float(line.b_))


def _identity() -> Any:
    """Return a fitted classifier that takes log-odds for its one feature and answers with them."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression()
    model.classes_, model.coef_, model.intercept_ = np.array([False, True]), np.ones((1, 1)), np.zeros(1)
    return model


def _isotonic(probability: Floats, positive: Mask) -> IsotonicCalibrator:
    """Fit a rising step line; no share is certain, but as far from 0 and 1 as Platt's targets are."""
    from sklearn.isotonic import IsotonicRegression

    least, most = 1 / ((~positive).sum() + 2), 1 - 1 / (positive.sum() + 2)
    steps = IsotonicRegression(y_min=least, y_max=most, out_of_bounds="clip").fit(probability, positive)
    return IsotonicCalibrator(tuple(map(float, steps.X_thresholds_)), tuple(map(float, steps.y_thresholds_)))
