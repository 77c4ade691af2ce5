"""Cross-fitted probabilities: what each candidate gives to validation rows that it was not fitted on.

The unit is the row, or the group if rows are grouped: rows of one group are never on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._calibration.calibrators import Method
from counterpoise.evaluate._calibration.fitting import FITS, Bounds
from counterpoise.evaluate._inference.intervals import TWO_SIDED
from counterpoise.metrics import row_losses
from counterpoise.typing import Floats, Ints, Mask

FOLDS = 5
_REPEATS = ((100, 6), (500, 3))
"""Below so many units of the rarer class the folds are drawn so many times; from the last number on, once."""
_MOST_ROWS = 200_000
"""The rows that repeated folds may have altogether."""
LOSSES = ("brier", "log_loss")


@dataclass(frozen=True)
class Units:
    """Validation rows with their independent units.

    Attributes:
        positive: Which rows are positive.
        codes: The unit of each row, from 0 without gaps.
    """

    positive: Mask
    codes: Ints

    @classmethod
    def of(cls, positive: Mask, groups: npt.NDArray[np.int32] | None) -> Units:
        """Return rows whose units are the groups, or the rows themselves."""
        codes = np.arange(len(positive)) if groups is None else np.unique(groups, return_inverse=True)[1]
        return cls(positive, np.asarray(codes, np.int64))

    @property
    def rarer(self) -> int:
        """The units that have rows of the class of which there are fewer units."""
        return min(len(np.unique(self.codes[rows])) for rows in (self.positive, ~self.positive))

    @property
    def repeats(self) -> int:
        """How often the folds are drawn."""
        wanted = next((times for fewest, times in _REPEATS if self.rarer < fewest), 1)
        return max(1, min(wanted, _MOST_ROWS // max(1, len(self.positive))))

    def folds(self, rng: np.random.Generator) -> Ints:
        """Return the fold of each row, stratified by whether the unit has a row of the rarer class."""
        rare = self.positive if self.positive.mean() <= 0.5 else ~self.positive
        has = np.bincount(self.codes, weights=rare) > 0
        fold = np.zeros(len(has), np.int64)
        for stratum in (True, False):
            units = np.flatnonzero(has == stratum)
            fold[units] = rng.permutation(len(units)) % FOLDS
        return fold[self.codes]

    def mean_and_error(self, values: Floats) -> tuple[float, float]:
        """Return the mean over rows, and its standard error over units."""
        mean = float(values.mean())
        sums = np.bincount(self.codes, weights=values - mean)
        spare = len(sums) / max(len(sums) - 1, 1)
        return mean, float(np.sqrt(spare * (sums**2).sum())) / len(values)


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats, units: Units) -> Estimate:
        """Return the mean over rows with the interval from its standard error over units."""
        mean, error = units.mean_and_error(values)
        return cls(mean, mean - TWO_SIDED * error, mean + TWO_SIDED * error)

    def as_dict(self) -> dict[str, float]:
        """Return it as a difference of the metrics record."""
        return {"difference": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """A candidate on validation, averaged over the draws of folds.

    Attributes:
        method: The candidate.
        probability: Its mean probability of each row.
        losses: The loss of each row, by loss.
        rises: Whether no fit would reverse the ranking.
    """

    method: Method
    probability: Floats
    losses: dict[str, Floats]
    rises: bool = True

    def against(self, other: CrossFitted, units: Units) -> dict[str, Estimate]:
        """Return the paired differences of the losses: below 0 if this candidate is better."""
        return {name: Estimate.of(self.losses[name] - other.losses[name], units) for name in LOSSES}


def left_alone(method: Method, probability: Floats, units: Units) -> CrossFitted:
    """Return a candidate without anything to fit; a positive that it calls impossible costs it a log loss of 36."""
    losses = row_losses(probability, units.positive)
    return CrossFitted(method, probability, {name: losses[name] for name in LOSSES})


def cross_fitted(method: Method, probability: Floats, units: Units, bounds: Bounds, folds: list[Ints]) -> CrossFitted:
    """Fit a candidate on all folds but one, and predict that one, for each draw of folds.

    Args:
        method: A key of `FITS`.
        probability: One per row, at natural prevalence.
        units: The rows.
        bounds: What the learner can resolve.
        folds: The fold of each row, by draw.
    """
    found = [_one_draw(method, probability, units.positive, bounds, fold) for fold in folds]
    losses = [row_losses(calibrated, units.positive) for calibrated, _ in found]
    return CrossFitted(
        method,
        np.mean([calibrated for calibrated, _ in found], axis=0),
        {name: np.mean([one[name] for one in losses], axis=0) for name in LOSSES},
        all(rises for _, rises in found),
    )


def _one_draw(method: Method, probability: Floats, positive: Mask, bounds: Bounds, fold: Ints) -> tuple[Floats, bool]:
    answer, rises = np.zeros(len(fold)), []
    for rows in _parts(fold):
        calibrator = FITS[method](probability[~rows], positive[~rows], bounds)
        answer[rows] = calibrator.apply(probability[rows])
        rises.append(calibrator.rises)
    return answer, all(rises)


def _parts(fold: Ints) -> Iterator[Mask]:
    for number in np.unique(fold):
        yield fold == number
