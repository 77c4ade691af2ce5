"""How often a rule holds for synthetic and for real rows.

A rule on how values are written is compared at equal values. Otherwise "more than two digits" would hold for other
shares wherever synthetic rows have larger amounts, and the last digit of a number from 0 to 9 would be its value. So
real rows are weighted (direct standardisation): each interval of the column counts as often as among synthetic rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.evaluate import share_difference_interval
from counterpoise.typing import Floats, Ints, Mask

_MOST_STRATA = 20
_ROWS_PER_STRATUM = 20


@dataclass(frozen=True)
class Shares:
    """The shares of synthetic and of real rows for which a rule holds, and of how many rows these are.

    Attributes:
        synthetic: The share of synthetic rows.
        real: The share of real rows, as if these had the values of the synthetic ones.
        synthetic_rows: The synthetic rows.
        real_rows: The real rows; with weights, as many without weights would say as much (Kish 1965).
    """

    synthetic: float
    real: float
    synthetic_rows: float
    real_rows: float

    @property
    def difference(self) -> float:
        """How much more often the rule holds for synthetic rows."""
        return self.synthetic - self.real

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the difference; all that is possible if there are no rows to compare."""
        found = share_difference_interval((self.synthetic, self.real), (self.synthetic_rows, self.real_rows))
        return (found.low, found.high) if found else (-1.0, 1.0)


def value_strata(numbers: Floats, real: Mask) -> Ints:
    """Return the interval of each value, between quantiles of the real rows; missing values are one of their own.

    >>> value_strata(np.array([1.0, 2.0, 2.0, np.nan, 1.5]), np.array([True] * 4 + [False])).tolist()
    [1, 1, 1, 0, 1]
    """
    known = np.isfinite(numbers)
    own = np.sort(numbers[known & real])
    strata = np.zeros(len(numbers), dtype=np.int64)
    if len(own):
        number = int(np.clip(len(own) // _ROWS_PER_STRATUM, 1, _MOST_STRATA))
        edges = np.unique(own[np.arange(1, number) * len(own) // number])
        strata[known] = 1 + np.searchsorted(edges, numbers[known], side="right")
    return strata


def shares_of(holds: Mask, synthetic: Mask, strata: Ints | None) -> Shares:
    """Return how often a rule holds for synthetic and real rows.

    Args:
        holds: For which rows it holds.
        synthetic: Which rows are synthetic.
        strata: The stratum of each row, within which they are compared; None for all rows together. A stratum without
            real rows says nothing, and its synthetic rows do not count.
    """
    made, real = np.flatnonzero(synthetic), np.flatnonzero(~synthetic)
    weights = np.ones(len(real))
    if strata is not None:
        counts = [np.bincount(strata[side], minlength=int(strata.max(initial=0)) + 1) for side in (made, real)]
        made = made[counts[1][strata[made]] > 0]
        weights = (counts[0] / np.maximum(counts[1], 1))[strata[real]]
    if not len(made) or not weights.any():
        return Shares(0.0, 0.0, 0.0, 0.0)
    share = float(np.average(holds[real], weights=weights))
    return Shares(float(holds[made].mean()), share, len(made), float(weights.sum() ** 2 / (weights**2).sum()))
