"""Which probabilities are published: the simplest that prove themselves on validation.

Candidates are the learner's own probabilities, the prior-corrected ones, and those after temperature scaling, a
sigmoid, beta calibration and isotonic regression. They are compared by cross-fitting on validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._calibration.calibrators import (
    Calibrator,
    Method,
    OwnProbabilities,
    PriorCorrected,
)
from counterpoise.evaluate._calibration.candidate import TOLERANCE, Candidate
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._calibration.cross_fit import (
    FOLDS,
    CrossFitted,
    Estimate,
    Units,
    cross_fitted,
    left_alone,
)
from counterpoise.evaluate._calibration.fitting import FITS, Bounds
from counterpoise.evaluate._calibration.wording import missed_words, why_words
from counterpoise.typing import Floats, Mask

CalibratorName = Literal["auto", "none", "own", "prior", "temperature", "sigmoid", "beta", "isotonic"]

FEWEST_ROWS = 20
"""The validation rows (or groups) of the rarer class that a calibrator needs: a sigmoid has two parameters, and ten
events per parameter are the customary minimum (Peduzzi et al., 1996)."""
CONFIGURED = "evaluation.calibration names it"
"""Why a method is published that the configuration names."""


@dataclass(frozen=True)
class Selection:
    """The published method, and what it was chosen from.

    Attributes:
        method: The method; None without any comparison.
        why: Why, in words.
        candidates: The candidates, simplest first.
        prevalence: The share of positives in validation.
        resolution: The smallest probability that the learner can tell from 0, on its own scale.
        repeats: How often the folds were drawn; 0 if there was nothing to fit.
    """

    method: Method
    why: str
    candidates: tuple[Candidate, ...]
    prevalence: float
    resolution: float
    repeats: int

    def as_dict(self) -> dict[str, Any]:
        """Return the selection as a record."""
        return {
            "method": self.method,
            "why": self.why,
            "prevalence": self.prevalence,
            "resolution": self.resolution,
            "folds": FOLDS if self.repeats else 0,
            "repeats": self.repeats,
            "candidates": [candidate.as_dict(self.prevalence) for candidate in self.candidates],
        }


@dataclass(frozen=True)
class ValidationScores:
    """A learner's probabilities on validation.

    Attributes:
        own: The learner's own.
        positive: Which rows are positive.
        correction: The correction to natural prevalence.
        resampled: Whether the learner was trained at another prevalence.
        resolution: The smallest probability that it can tell from 0.
        groups: The group of each row; None if rows are independent.
    """

    own: Floats
    positive: Mask
    correction: PriorCorrection
    resampled: bool
    resolution: float
    groups: npt.NDArray[np.int32] | None = None

    @property
    def natural(self) -> Floats:
        """The probabilities at natural prevalence."""
        return self.correction.apply(self.own)

    @property
    def bounds(self) -> Bounds:
        """What the learner can resolve, at natural prevalence."""
        least, most = (float(self.correction.apply(one)) for one in (self.resolution, 1 - self.resolution))
        return Bounds(least, most)


def select(scores: ValidationScores, *, rng: np.random.Generator) -> Selection:
    """Compare all candidates and return the one to publish.

    It is the simplest whose mean meets the prevalence and that no other one beats: with a lower Brier score or log
    loss beyond noise (the 95 % interval of the paired difference), and the other of the two not higher.
    """
    units = Units.of(scores.positive, scores.groups)
    enough = units.rarer >= FEWEST_ROWS and scores.own.min() < scores.own.max()
    candidates = tuple(_candidates(scores, units, enough=enough, rng=rng))
    prevalence = float(scores.positive.mean())
    able = [one for one in candidates if not one.note]
    missed = not able
    if missed:
        able = [min((one for one in candidates if one.fitted.rises), key=lambda one: one.loss("brier"))]
    best = next(one for one in able if not any(_beats(other, one, units) for other in able))
    return Selection(
        best.method,
        why_words(best, candidates, few=units.rarer if units.rarer < FEWEST_ROWS else None, missed=missed),
        candidates,
        prevalence,
        scores.resolution,
        units.repeats if enough else 0,
    )


def fit_calibrator(scores: ValidationScores, *, method: Method) -> tuple[Calibrator | None, str]:
    """Fit a calibrator on all validation rows.

    Returns:
        The calibrator, or None with the reason: there are too few rows, or the probabilities do not increase with the
        share of positives, so that a calibrator would reverse the ranking.
    """
    if method in ("own", "prior"):
        return OwnProbabilities() if method == "own" else PriorCorrected(), ""
    rarer = Units.of(scores.positive, scores.groups).rarer
    if rarer < FEWEST_ROWS:
        rows = "rows" if scores.groups is None else "groups"
        return None, f"a calibrator needs {FEWEST_ROWS} validation {rows} of the rarer class, and there are {rarer}"
    natural = scores.natural
    calibrator = FITS[method](natural, scores.positive, scores.bounds)
    if natural.min() == natural.max() or not calibrator.rises:
        return None, "no calibrator: on validation, higher probabilities do not go with more positives"
    return calibrator, ""


def _candidates(
    scores: ValidationScores, units: Units, *, enough: bool, rng: np.random.Generator
) -> Iterator[Candidate]:
    natural, bounds = scores.natural, scores.bounds
    own = left_alone("own", scores.own, units)
    yield _compared(own, own, units)
    if scores.resampled:
        yield _compared(left_alone("prior", natural, units), own, units)
    if not enough:
        return
    folds = [units.folds(rng) for _ in range(units.repeats)]
    for method in FITS:
        yield _compared(cross_fitted(method, natural, units, bounds, folds), own, units)


def _compared(fitted: CrossFitted, own: CrossFitted, units: Units) -> Candidate:
    against_own = fitted.against(own, units)
    error = Estimate.of(fitted.probability - units.positive, units)
    return Candidate(fitted, against_own, error, _objection(fitted, against_own, error, float(units.positive.mean())))


def _objection(fitted: CrossFitted, against_own: dict[str, Estimate], error: Estimate, prevalence: float) -> str:
    """Return why a candidate cannot be the default.

    A correction must meet the prevalence within 5 %; own probabilities are excused where noise explains the distance.
    """
    if not fitted.rises:
        return "it would reverse the ranking"
    beyond_noise = not error.low <= 0 <= error.high
    if abs(error.value) > TOLERANCE * prevalence and (beyond_noise or fitted.method != "own"):
        return missed_words(error.value, prevalence)
    if against_own["brier"].low > 0:
        return "its Brier score is higher than that of the own probabilities, beyond noise"
    return ""


def _beats(one: Candidate, other: Candidate, units: Units) -> bool:
    """Whether a candidate is better beyond noise in one loss, and not worse in the other."""
    if one is other:
        return False
    found = one.fitted.against(other.fitted, units)
    brier, log_loss = found["brier"], found["log_loss"]
    return (log_loss.high < 0 and brier.value <= 0) or (brier.high < 0 and log_loss.value <= 0)
