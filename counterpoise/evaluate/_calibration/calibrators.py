"""Calibrators: map probabilities to the share of positives observed on validation.

The published form is plain numbers, so that applying a calibrator takes a few lines and no pickle. A snippet uses the
published record as `c`, the learner's name as `learner`, its probability as `q` and that at natural prevalence as `p`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np

from counterpoise.typing import Floats

Method = Literal["own", "prior", "temperature", "sigmoid", "beta", "isotonic"]
"""The ways to a published probability, simplest first: none, one, two and three parameters, and many."""
LEAST = 1e-8
"""How far log-odds of version 1 records are clipped from 0 and 1, and how far they are at least."""
_HOTTEST = 1e5
"""The temperature from which on all probabilities are one half."""
_HEAD = "import numpy as np\nk = c['learners'][learner]['calibrated']\n"
_CLIP = "z = np.clip(p, k['parameters']['least'], k['parameters']['most'])\n"
_ODDS = "calibrated = 1 / (1 + np.exp(-np.clip(z, -30, 30)))\n"
_UNCLIPPED_ODDS = "calibrated = 1 / (1 + np.exp(-z))\n"
_DECIDE = "positive = calibrated >= k['threshold_calibrated_scale']"
_SIGMOID = "z = k['parameters']['slope'] * np.log(z / (1 - z)) + k['parameters']['intercept']\n"
_BETA = "z = k['parameters']['a'] * np.log(z) - k['parameters']['b'] * np.log(1 - z) + k['parameters']['c']\n"
_TEMPERATURE = "z = np.log(z / (1 - z)) / k['parameters']['temperature']\n"
_ISOTONIC = "calibrated = np.interp(p, k['parameters']['probability'], k['parameters']['share'])\n"
SNIPPETS: dict[Method, str] = {
    "own": f"k = c['learners'][learner]['calibrated']\ncalibrated = q\n{_DECIDE}",
    "prior": f"k = c['learners'][learner]['calibrated']\ncalibrated = p\n{_DECIDE}",
    "temperature": _HEAD + _CLIP + _TEMPERATURE + _ODDS + _DECIDE,
    "sigmoid": _HEAD + _CLIP + _SIGMOID + _ODDS + _DECIDE,
    "beta": _HEAD + _CLIP + _BETA + _ODDS + _DECIDE,
    "isotonic": _HEAD + _ISOTONIC + _DECIDE,
}
"""The code that applies a published calibrator, by method."""
UNCLIPPED_SIGMOID = f"{_HEAD}z = np.clip(p, {LEAST}, 1 - {LEAST})\n{_SIGMOID}{_UNCLIPPED_ODDS}{_DECIDE}"
"""The snippet of a sigmoid without published bounds, as versions before December 2026 have it."""


@dataclass(frozen=True)
class _Published:
    """What all calibrators share."""

    method: ClassVar[Method]

    @property
    def rises(self) -> bool:
        """Whether the calibrator preserves the ranking, apart from ties."""
        return True

    def as_dict(self) -> dict[str, Any]:
        """Return the method and its parameters as a record, with the snippet that applies them."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            "method": self.method,
            "parameters": {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()},
            "snippet": SNIPPETS[self.method],
        }


@dataclass(frozen=True)
class OwnProbabilities(_Published):
    """The learner's own probabilities, left alone."""

    method = "own"

    def apply(self, probability: Floats) -> Floats:
        """Return the probabilities themselves."""
        return probability


@dataclass(frozen=True)
class PriorCorrected(_Published):
    """The probabilities at natural prevalence, without anything fitted on validation."""

    method = "prior"

    def apply(self, probability: Floats) -> Floats:
        """Return the probabilities themselves."""
        return probability


@dataclass(frozen=True)
class TemperatureCalibrator(_Published):
    """Log-odds divided by one number (Guo et al., 2017).

    Attributes:
        temperature: The divisor, above 0: above 1 for probabilities that are too extreme.
        least: The smallest probability that the learner can tell from 0.
        most: The largest probability that it can tell from 1.
    """

    temperature: float
    least: float = LEAST
    most: float = 1 - LEAST
    method = "temperature"

    @property
    def rises(self) -> bool:
        """Whether the calibrator preserves the ranking, apart from ties."""
        return self.temperature < _HOTTEST

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> TemperatureCalibrator(temperature=1.0).apply(np.array([0.25])).round(6)
        array([0.25])
        """
        return _shares(log_odds(probability, self.least, self.most) / self.temperature)


@dataclass(frozen=True)
class SigmoidCalibrator(_Published):
    """A linear function of the log-odds (Platt, 1999; Cox, 1958).

    Attributes:
        slope: The factor for log-odds, above 0: 1 leaves them unchanged, a smaller one moves them together.
        intercept: The constant added to them.
        least: The smallest probability that the learner can tell from 0.
        most: The largest probability that it can tell from 1.
    """

    slope: float
    intercept: float
    least: float = LEAST
    most: float = 1 - LEAST
    method = "sigmoid"

    @property
    def rises(self) -> bool:
        """Whether the calibrator preserves the ranking, apart from ties."""
        return self.slope > 0

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> SigmoidCalibrator(slope=1.0, intercept=0.0).apply(np.array([0.25])).round(6)
        array([0.25])
        """
        return _shares(self.slope * log_odds(probability, self.least, self.most) + self.intercept)


@dataclass(frozen=True)
class BetaCalibrator(_Published):
    """Beta calibration: a·ln p − b·ln(1 − p) + c are the log-odds (Kull, Silva Filho and Flach, 2017).

    Attributes:
        a: The weight of ln p, at least 0.
        b: The weight of −ln(1 − p), at least 0; equal to `a` it is a sigmoid.
        c: The constant.
        least: The smallest probability that the learner can tell from 0.
        most: The largest probability that it can tell from 1.
    """

    a: float
    b: float
    c: float
    least: float = LEAST
    most: float = 1 - LEAST
    method = "beta"

    @property
    def rises(self) -> bool:
        """Whether the calibrator preserves the ranking, apart from ties."""
        return self.a > 0 or self.b > 0

    def apply(self, probability: Floats) -> Floats:
        """Return calibrated probabilities.

        >>> BetaCalibrator(a=1.0, b=1.0, c=0.0).apply(np.array([0.25])).round(6)
        array([0.25])
        """
        inside = np.clip(probability, self.least, self.most)
        return _shares(self.a * np.log(inside) - self.b * np.log1p(-inside) + self.c)


@dataclass(frozen=True)
class IsotonicCalibrator(_Published):
    """A piecewise linear, non-decreasing function, constant before its first point and after its last.

    Attributes:
        probability: The points' probabilities at natural prevalence, increasing.
        share: The calibrated probabilities of the points, non-decreasing.
    """

    probability: tuple[float, ...]
    share: tuple[float, ...]
    method = "isotonic"

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


Calibrator = (
    OwnProbabilities | PriorCorrected | TemperatureCalibrator | SigmoidCalibrator | BetaCalibrator | IsotonicCalibrator
)


def log_odds(probability: Floats, least: float = LEAST, most: float = 1 - LEAST) -> Floats:
    """Return the log-odds of probabilities, which are clipped to the given bounds first."""
    from scipy.special import logit

    return np.asarray(logit(np.clip(probability, least, most)))


def snippet_of(method: Method, parameters: dict[str, Any]) -> str:
    """Return the only snippet that a published calibrator may have: any other one would be foreign code."""
    bounded = parameters.get("least") is not None
    return UNCLIPPED_SIGMOID if method == "sigmoid" and not bounded else SNIPPETS[method]


def _shares(odds: Floats) -> Floats:
    """Return the probabilities of log-odds; beyond 30 they would be rounded to 1."""
    from scipy.special import expit

    return np.asarray(expit(np.clip(odds, -30, 30)))
