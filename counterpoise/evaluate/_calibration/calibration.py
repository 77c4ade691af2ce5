"""The calibration of probabilities: their scores, and Cox's calibration line.

The line is the logistic regression of the outcome on the log-odds of the probability (Cox, 1958). Its slope is 1 for
calibrated probabilities, below 1 if they are too extreme, and above 1 if they are too moderate. Its intercept refers to
a probability of one half, far from most rows of an imbalanced table; the overall bias is given by the intercept at a
slope of 1, calibration-in-the-large (`in_the_large`; Van Calster et al., 2019): 0 without bias, above 0 if
probabilities are too low.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._calibration.calibrators import log_odds
from counterpoise.evaluate._calibration.scores import ProbabilityScores
from counterpoise.evaluate._inference.bootstrap import Interval, affordable_resamples, iter_weights
from counterpoise.evaluate._inference.intervals import TWO_SIDED
from counterpoise.evaluate._metrics.curves import reliability_bins
from counterpoise.typing import Copies, Floats, Mask


@dataclass(frozen=True)
class CalibrationLine:
    """Cox's calibration line; NaN for parameters that the rows do not determine.

    Attributes:
        slope: The slope of the outcome's log-odds on the probability's.
        intercept: The intercept of the same line.
        in_the_large: The intercept at a slope of 1.
    """

    slope: float
    intercept: float
    in_the_large: float

    def as_dict(self) -> dict[str, float]:
        """Return the three parameters by name."""
        return {"slope": self.slope, "intercept": self.intercept, "in_the_large": self.in_the_large}


def evaluate_probabilities(
    stages: Mapping[str, Floats],
    positive: Mask,
    *,
    resamples: int,
    rng: np.random.Generator,
    groups: npt.NDArray[np.int32] | None = None,
) -> dict[str, dict[str, Any]]:
    """Return the quality of each kind of probability for the same rows.

    Each record has `mean_probability`, the figures of `ProbabilityScores`, the parameters of `CalibrationLine`, the
    `intervals` of all these and the bins of `reliability`. All but the first also have `against_own`, the paired
    differences of the scores from those of the first. Unlike elsewhere, resampling is not stratified by class: with a
    fixed number of positives, the intercepts would seem more certain than they are, because the prevalence of other
    rows varies.

    Args:
        stages: Probabilities by name, one per row.
        positive: Which rows are positive.
        resamples: The number of bootstrap resamples; large tables get fewer, and 200 are enough for standard errors.
        rng: The random generator of the resamples.
        groups: As in `iter_weights`.
    """
    lines = {name: calibration_line(probability, positive) for name, probability in stages.items()}
    scores = {name: ProbabilityScores.of(probability, positive) for name, probability in stages.items()}
    number = affordable_resamples(len(positive), resamples)
    weights = list(iter_weights(np.zeros(len(positive), np.int32), resamples=number, rng=rng, groups=groups))
    drawn = {name: one.resampled(weights) for name, one in scores.items()}
    own = next(iter(stages))
    return {
        name: {
            "mean_probability": float(probability.mean()),
            **scores[name].values,
            **lines[name].as_dict(),
            "intervals": {
                figure: {"low": interval.low, "high": interval.high}
                for figure, interval in (
                    line_intervals(probability, positive, lines[name], weights=weights)
                    | scores[name].intervals(drawn[name])
                ).items()
            },
            "reliability": reliability_bins(probability, positive),
            "against_own": {} if name == own else scores[name].against(scores[own], drawn[name], drawn[own]),
        }
        for name, probability in stages.items()
    }


def calibration_line(probability: Floats, positive: Mask) -> CalibrationLine:
    """Fit Cox's line.

    Without both classes nothing is determined; if all probabilities are equal or the classes do not overlap, the slope
    and its intercept are not.

    Args:
        probability: One per row; 0 and 1 are moved inwards by 1e-8.
        positive: Which rows are positive.
    """
    if not positive.any() or positive.all():
        return CalibrationLine(np.nan, np.nan, np.nan)
    odds = log_odds(probability)
    slope, intercept = _joint(odds, positive)
    return CalibrationLine(slope, intercept, _shift(odds, positive))


def line_intervals(
    probability: Floats, positive: Mask, line: CalibrationLine, *, weights: Sequence[Copies]
) -> dict[str, Interval]:
    """Return 95 % intervals by parameter, from the standard errors of resamples; none for undefined parameters.

    Each resample takes one step of Newton's method from the line of all rows; compared with its own line, the error is
    too small to matter for a standard error.

    Args:
        probability: One per row.
        positive: Which rows are positive.
        line: Their calibration line.
        weights: How often each row counts, in parts of shape (resamples, rows).
    """
    if not weights:
        return {}
    odds = log_odds(probability)
    centre = float(odds.mean())
    joint = _residuals(line.slope * odds + line.intercept, positive)
    columns = np.column_stack(
        [_step_columns(odds - centre, joint), _residuals(odds + line.in_the_large, positive)]
    )  # undefined parameters are NaN, and so are their sums
    sums = np.concatenate([part @ columns for part in weights])
    level, slope = _newton_steps(sums[:, :5])
    steps = {"slope": slope, "intercept": level - slope * centre, "in_the_large": sums[:, 5] / sums[:, 6]}
    values = line.as_dict()
    return {name: _normal(values[name], found) for name, found in steps.items() if np.isfinite(found).all()}


def _joint(odds: Floats, positive: Mask) -> tuple[float, float]:
    """Return slope and intercept; NaN if the classes do not overlap, because no finite slope fits best."""
    from sklearn.linear_model import LogisticRegression

    above, below = odds[positive], odds[~positive]
    if above.min() >= below.max() or above.max() <= below.min():
        return np.nan, np.nan
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8)
    centre, spread = odds.mean(), odds.std()
    model.fit(((odds - centre) / spread)[:, None], positive)
    slope = float(model.coef_[0, 0] / spread)
    return slope, float(model.intercept_[0] - slope * centre)


def _shift(odds: Floats, positive: Mask) -> float:
    """Return the shift of the log-odds that makes the mean probability equal to the prevalence."""
    from scipy import optimize, special

    share = positive.mean()
    reach = float(np.abs(odds).max() + abs(special.logit(share)) + 1)
    return float(optimize.brentq(lambda shift: special.expit(odds + shift).mean() - share, -reach, reach))


def _residuals(odds: Floats, positive: Mask) -> Floats:
    """Return the outcome minus its expectation, and the variance of the expectation, by row."""
    from scipy.special import expit

    expected = expit(odds)
    return np.column_stack([positive - expected, expected * (1 - expected)])


def _step_columns(odds: Floats, residuals: Floats) -> Floats:
    """Return the terms of a Newton step by row: gradient (2) and information (3), for level and slope."""
    gain, variance = residuals.T
    return np.column_stack([gain, gain * odds, variance, variance * odds, variance * odds**2])


def _newton_steps(sums: Floats) -> tuple[Floats, Floats]:
    """Return the steps of level and slope by resample; NaN where a resample does not determine them."""
    level, slope, one, cross, square = sums.T
    determinant = one * square - cross**2
    determinant = np.where(determinant > 1e-12 * one * square, determinant, np.nan)
    return (square * level - cross * slope) / determinant, (one * slope - cross * level) / determinant


def _normal(estimate: float, steps: Floats) -> Interval:
    error = TWO_SIDED * float(steps.std(ddof=1))
    return Interval(estimate - error, estimate + error)
