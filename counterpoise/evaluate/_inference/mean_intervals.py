"""The interval of a mean of very skewed values, such as money: most rows cost nothing and a few cost a fortune."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._inference.bootstrap import CONFIDENCE, Interval
from counterpoise.typing import Floats


def mean_interval(values: Floats, groups: npt.NDArray[np.int32] | None = None) -> Interval | None:
    """Return the interval of the mean of one value per row, by Hall's transformation of Student's t.

    The mean of skewed values is skewed, and the bootstrap cannot draw the giants that a sample lacks: with 90 positives
    and log-normal amounts (sigma 1.2) the truth was above the upper bound in 13 % of simulated tables. Hall's cubic
    transformation (Journal of the Royal Statistical Society B 54, 1992) takes the skewness out. Student's t has the
    degrees of freedom that the variance is known with, 2n / (kurtosis - 1), as Satterthwaite has them. Rows are
    independent whatever their class, so that the interval also covers other shares of the classes.

    >>> found = mean_interval(np.repeat([0.0, 1.0, 50.0], [80, 15, 5]))
    >>> round(found.low, 2), round(found.high, 2)
    (0.8, 7.3)

    Args:
        values: One value per row.
        groups: One code per row from 0 without gaps: whole groups are independent. None if rows are.

    Returns:
        The interval; None with fewer than two rows or groups, or if all values are equal.
    """
    from scipy import stats

    mean = float(values.mean()) if len(values) else 0.0
    rest = (values - mean) if groups is None else np.bincount(groups, weights=values - mean)
    number = len(rest)
    moments = [float((rest**power).mean()) for power in (2, 3, 4)] if number > 1 else [0.0]
    if moments[0] <= 1e-24 * max(mean**2, 1e-24):
        return None
    skew, kurtosis = moments[1] / moments[0] ** 1.5, moments[2] / moments[0] ** 2
    freedom = 2 * number / max(kurtosis - 1, 1e-9)
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, np.clip(freedom, 1.0, number - 1)))
    error = float(np.sqrt(moments[0] * number / (number - 1) * number)) / len(values)
    rate = skew / np.sqrt(number)
    return Interval(mean - error * _undone(quantile, rate), mean - error * _undone(-quantile, rate))


def _undone(transformed: float, rate: float) -> float:
    """Return the t value that Hall's transformation turns into the given one; `rate` is the skewness by √n."""
    if abs(rate) < 1e-6:
        return transformed
    return float(3 / rate * (np.cbrt(1 + rate * (transformed - rate / 6)) - 1))
