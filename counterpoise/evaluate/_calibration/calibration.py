"""How far probabilities can be taken at their word: their scores, and Cox's calibration line.

The line is the logistic regression of the outcome on the log-odds of the probability (Cox, 1958). Its slope is 1 where
probabilities are right, less than 1 where they are too extreme, and more where they are too timid. Its intercept
belongs to a probability of one half, far from most rows of an imbalanced table; how much probabilities are too low or
too high on the whole is said by the intercept at a slope of 1, `in_the_large` (Van Calster et al., 2019): 0 where they
are right, above 0 where they are too low.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._calibration.calibrators import log_odds
from counterpoise.evaluate._inference.bootstrap import Interval, affordable_resamples, iter_weights
from counterpoise.evaluate._inference.intervals import TWO_SIDED
from counterpoise.evaluate._metrics.curves import reliability_bins
from counterpoise.metrics import row_losses
from counterpoise.typing import Copies, Floats, Mask

__all__ = ["CalibrationLine", "calibration_line", "judge_probabilities", "line_intervals"]


@dataclass(frozen=True)
class CalibrationLine:
    """Cox's line; NaN for what the rows do not determine.

    Attributes:
        slope: Of the outcome's log-odds on the probability's.
        intercept: Of the same line.
        in_the_large: The intercept where the slope is held at 1.
    """

    slope: float
    intercept: float
    in_the_large: float

    def as_dict(self) -> dict[str, float]:
        """Return the three numbers by name."""
        return {"slope": self.slope, "intercept": self.intercept, "in_the_large": self.in_the_large}


def judge_probabilities(
    stages: Mapping[str, Floats],
    positive: Mask,
    *,
    resamples: int,
    rng: np.random.Generator,
    groups: npt.NDArray[np.int32] | None = None,
) -> dict[str, dict[str, Any]]:
    """Return for each kind of probability of the same rows how good it is.

    Each record has `mean_probability`, `brier`, `log_loss`, the numbers of `CalibrationLine`, their `intervals` and the
    bins of `reliability`. Rows are resampled whatever their class, unlike elsewhere: with as many positives in each
    resample as there are, the intercepts would look better known than they are, as the prevalence of other rows varies.

    Args:
        stages: Probabilities by name, one a row.
        positive: Which rows are positive.
        resamples: Bootstrap resamples wanted; fewer are taken of many rows, and 200 are enough for standard errors.
        rng: Where they come from.
        groups: As in `iter_weights`.
    """
    lines = {name: calibration_line(probability, positive) for name, probability in stages.items()}
    number = affordable_resamples(len(positive), resamples)
    weights = list(iter_weights(np.zeros(len(positive), np.int32), resamples=number, rng=rng, groups=groups))
    return {
        name: {
            **_scores(probability, positive),
            **lines[name].as_dict(),
            "intervals": {
                figure: {"low": interval.low, "high": interval.high}
                for figure, interval in line_intervals(probability, positive, lines[name], weights=weights).items()
            },
            "reliability": reliability_bins(probability, positive),
        }
        for name, probability in stages.items()
    }


def calibration_line(probability: Floats, positive: Mask) -> CalibrationLine:
    """Fit Cox's line.

    Without both classes nothing is determined; without different probabilities, or where the classes do not overlap,
    no slope is.

    Args:
        probability: One a row; 0 and 1 count as 1e-8 away from there.
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
    """Return intervals of 95 % by figure from the standard errors of resamples; none for what is undefined.

    In a resample one step of Newton's method is taken from the line of all rows, which differs from the resample's own
    line by less than matters to a standard error.

    Args:
        probability: One a row.
        positive: Which rows are positive.
        line: Their line.
        weights: How often each row counts, parts of shape (resamples, rows).
    """
    if not weights:
        return {}
    odds = log_odds(probability)
    centre = float(odds.mean())
    joint = _residuals(line.slope * odds + line.intercept, positive)
    columns = np.column_stack(
        [_step_columns(odds - centre, joint), _residuals(odds + line.in_the_large, positive)]
    )  # what is undefined is not a number, and so are its sums
    sums = np.concatenate([part @ columns for part in weights])
    level, slope = _newton_steps(sums[:, :5])
    steps = {"slope": slope, "intercept": level - slope * centre, "in_the_large": sums[:, 5] / sums[:, 6]}
    values = line.as_dict()
    return {name: _normal(values[name], found) for name, found in steps.items() if np.isfinite(found).all()}


def _scores(probability: Floats, positive: Mask) -> dict[str, float]:
    losses = row_losses(probability, positive)
    return {
        "mean_probability": float(probability.mean()),
        "brier": float(losses["brier"].mean()),
        "log_loss": float(losses["log_loss"].mean()),
    }


def _joint(odds: Floats, positive: Mask) -> tuple[float, float]:
    """Return slope and intercept; NaN where the classes do not overlap, for then no finite slope fits best."""
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
    """Return what is to be added to the log-odds for the mean probability to be the prevalence."""
    from scipy import optimize, special

    share = positive.mean()
    reach = float(np.abs(odds).max() + abs(special.logit(share)) + 1)
    return float(optimize.brentq(lambda shift: special.expit(odds + shift).mean() - share, -reach, reach))


def _residuals(odds: Floats, positive: Mask) -> Floats:
    """Return by row the outcome minus its expectation, and the expectation's variance."""
    from scipy.special import expit

    expected = expit(odds)
    return np.column_stack([positive - expected, expected * (1 - expected)])


def _step_columns(odds: Floats, residuals: Floats) -> Floats:
    """Return what a step of Newton's method sums up: gradient (2) and information (3), for level and slope."""
    gain, variance = residuals.T
    return np.column_stack([gain, gain * odds, variance, variance * odds, variance * odds**2])


def _newton_steps(sums: Floats) -> tuple[Floats, Floats]:
    """Return the steps of level and slope by resample; NaN where a resample determines none."""
    level, slope, one, cross, square = sums.T
    determinant = one * square - cross**2
    determinant = np.where(determinant > 1e-12 * one * square, determinant, np.nan)
    return (square * level - cross * slope) / determinant, (one * slope - cross * level) / determinant


def _normal(estimate: float, steps: Floats) -> Interval:
    error = TWO_SIDED * float(steps.std(ddof=1))
    return Interval(estimate - error, estimate + error)
