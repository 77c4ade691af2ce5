"""Measure how far a distribution has moved, and how far it would move by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.records import Record
from counterpoise.typing import Floats, Ints

Counts = Ints | Floats

FEWEST_ROWS = 40
"""The minimum number of rows on both sides for a verdict."""


class UnitEffects(Record):
    """The design effects of units before and now, and the number of earlier units that these are known from.

    The number is an effective one: the rows divided by the mean size over rows of the units.
    """

    before: float
    later: float
    number: float


@dataclass(frozen=True)
class Dependence:
    """How much rows depend on each other.

    Attributes:
        effect: The design effect of the earlier shares between stretches of the rows.
        stretches: As in `later_effect`.
        units: The design effects of units; None if rows are independent of each other but for their place.
    """

    effect: float = 1.0
    stretches: int = 1
    units: UnitEffects | None = None

    def effects(self, before: float, after: float) -> tuple[float, float]:
        """Return the design effects of these numbers of rows, before and after: the larger ones of both kinds."""
        of_units = self.of_units
        return max(self.effect, of_units[0]), max(
            later_effect(self.effect, before, after, stretches=self.stretches), of_units[1]
        )

    @property
    def of_units(self) -> tuple[float, float]:
        """The design effects of units alone."""
        return (self.units.before, self.units.later) if self.units else (1.0, 1.0)

    def quantile(self, alpha: float, freedom: int) -> float:
        """Return the value that a chi-square statistic exceeds with probability `alpha`.

        From a few units a design effect is not known exactly: then F takes the place of chi-square (Thomas and Rao,
        JASA 82, 1987).
        """
        from scipy import stats

        if self.units is None:
            return float(stats.chi2.isf(alpha, freedom))
        return float(freedom * stats.f.isf(alpha, freedom, self._freedom(freedom)))

    def p_value(self, statistic: float, freedom: int) -> float:
        """Return the probability of a larger chi-square statistic."""
        from scipy import stats

        if self.units is None:
            return float(stats.chi2.sf(statistic, freedom))
        return float(stats.f.sf(statistic / freedom, freedom, self._freedom(freedom)))

    def _freedom(self, freedom: int) -> float:
        return freedom * max(1.0, self.units.number - 1) if self.units else np.inf


def population_stability(before: Counts, after: Counts) -> float:
    """Return the population stability index: the sum of (q - p) ln(q / p) over bins with shares p before, q after.

    Half a row is added to every bin, so that an empty bin gives a large but finite value. By convention, below 0.1 is
    stable, up to 0.25 is some change, and above that is another population.

    >>> round(population_stability(np.array([50, 50]), np.array([50, 50])), 3)
    0.0
    >>> round(population_stability(np.array([50_000, 50_000]), np.array([90_000, 10_000])), 2)
    0.88

    Args:
        before: Rows by bin, divided by the design effect if rows are not independent.
        after: The same for the later sample, of the same length.
    """
    p = (before + 0.5) / (before.sum() + 0.5 * len(before))
    q = (after + 0.5) / (after.sum() + 0.5 * len(after))
    return float(np.sum((q - p) * np.log(q / p)))


def chance_limit(
    before: float, after: float, *, bins: int, alpha: float, dependence: Dependence | None = None
) -> float:
    """Return the limit that the index exceeds with probability `alpha` for two samples of one population.

    The index divided by the sum of the inverse sizes follows a chi-square distribution with bins - 1 degrees of freedom
    (Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation
    14, 2020).

    Args:
        before: Rows in the first sample.
        after: Rows in the second.
        bins: The number of bins.
        alpha: The probability.
        dependence: How well the design effects are known that the sizes were divided by.
    """
    if bins < 2 or not (before and after):
        return 0.0
    return (1 / before + 1 / after) * (dependence or Dependence()).quantile(alpha, bins - 1)


def later_effect(effect: float, before: float, after: float, *, stretches: int = 1) -> float:
    """Return the design effect of a later delivery: if neighbouring rows resemble each other, more rows add little.

    A later delivery has as many independent units as the earlier one, with more or fewer rows each. Rows added to a
    source are one more unit: they resemble a stretch of the earlier rows, not all of them.

    >>> later_effect(1.0, 100, 500), later_effect(3.0, 100, 200), later_effect(3.0, 100, 20, stretches=10)
    (1.0, 5.0, 5.0)

    Args:
        effect: The design effect of the earlier delivery.
        before: The number of rows of the earlier delivery.
        after: The number of rows of the later delivery.
        stretches: The number of stretches in the earlier rows; the later rows resemble one of them.
    """
    return 1 + (effect - 1) * after * stretches / max(1, before)


def class_change(
    before: Counts, after: Counts, *, alpha: float = 0.001, dependence: Dependence | None = None
) -> tuple[float, float, float]:
    """Return the change of class shares: p-value, effect size and the largest factor of a class's share.

    The p-value is that of Pearson's chi-square test of homogeneity. The effect size is Cohen's w relative to the
    earlier shares: 0.1 is small, 0.3 medium, 0.5 large. The factor is at least 1, with half a row added to each class;
    it considers only classes whose own share has changed by more than chance (binomial test given both counts).

    Args:
        before: Rows by class.
        after: Rows by class, in the same order.
        alpha: The probability of mistaking chance for a change of some class.
        dependence: How much rows depend on each other. Their place does not matter for classes that are new or gone.
    """
    from scipy import stats

    dependence = dependence or Dependence()
    present = np.stack([before, after])[:, (before + after) > 0]
    if present.shape[1] < 2 or not present.sum(axis=1).all():
        return 1.0, 0.0, 1.0
    p, q = (present + 0.5) / (present + 0.5).sum(axis=1, keepdims=True)
    effects = np.array(dependence.effects(*present.sum(axis=1)))[:, np.newaxis]
    of_units = np.array(dependence.of_units)[:, np.newaxis]
    counted = np.round(present / np.where(present.min(axis=0) == 0, of_units, effects)).astype(np.int64)
    share = counted[1].sum() / counted.sum()
    least, most = (stats.binom(counted.sum(axis=0), share).cdf(counted[1] - shift) for shift in (0, 1))
    own = 2 * np.minimum(least, 1 - most)
    factor = np.where(own < alpha / len(own), np.maximum(q / p, p / q), 1.0)
    tested = stats.chi2_contingency(present / effects)
    return (
        dependence.p_value(float(tested.statistic), int(tested.dof)),
        float(np.sqrt(np.sum((q - p) ** 2 / p))),
        float(factor.max()),
    )


def missing_change(
    before: tuple[int, int], after: tuple[int, int], *, dependence: Dependence | None = None
) -> tuple[float, float, float]:
    """Return the change of a missing share: difference, p-value and factor of the present share.

    The difference is after minus before. The p-value is that of Fisher's exact test, or of the chi-square test from
    1,000 rows on. The factor is the earlier present share divided by the later one, with half a row added; it is above
    1 if values went missing.

    Args:
        before: The number of missing values and of rows.
        after: The number of missing values and of rows.
        dependence: How much rows depend on each other. Their place does not matter if all later values are missing.
    """
    from scipy import stats

    dependence = dependence or Dependence()
    effects = dependence.of_units if after[0] == after[1] else dependence.effects(before[1], after[1])
    scaled = [(hits / one, rows / one) for (hits, rows), one in zip((before, after), effects, strict=True)]
    table = np.array([[round(hits), round(rows - hits)] for hits, rows in scaled], dtype=np.int64)
    if not table.sum(axis=1).all():
        return 0.0, 1.0, 1.0
    change = after[0] / after[1] - before[0] / before[1]
    if not table.sum(axis=0).all():
        return change, 1.0, 1.0
    small = table.sum() < 1_000
    p_value = (
        float(stats.fisher_exact(table).pvalue) if small else dependence.p_value(stats.chi2_contingency(table)[0], 1)
    )
    then, now = ((rows - missing + 0.5) / (rows + 1) for missing, rows in (before, after))
    return change, p_value, then / now
