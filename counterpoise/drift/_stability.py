"""Measure how far a distribution has moved, and how far it would move by chance."""

from __future__ import annotations

import numpy as np

from counterpoise.typing import Floats, Ints

Counts = Ints | Floats

FEWEST_ROWS = 40
"""The minimum number of rows on both sides for a verdict."""


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


def chance_limit(before: float, after: float, *, bins: int, alpha: float) -> float:
    """Return the limit that the index exceeds with probability `alpha` for two samples of one population.

    The index divided by the sum of the inverse sizes follows a chi-square distribution with bins - 1 degrees of freedom
    (Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation
    14, 2020).

    Args:
        before: Rows in the first sample.
        after: Rows in the second.
        bins: The number of bins.
        alpha: The probability.
    """
    from scipy import stats

    if bins < 2 or not (before and after):
        return 0.0
    return float((1 / before + 1 / after) * stats.chi2.isf(alpha, bins - 1))


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
    before: Counts, after: Counts, *, alpha: float = 0.001, effect: float = 1.0, stretches: int = 1
) -> tuple[float, float, float]:
    """Return the change of class shares: p-value, effect size and the largest factor of a class's share.

    The p-value is that of Pearson's chi-square test of homogeneity. The effect size is Cohen's w relative to the
    earlier shares: 0.1 is small, 0.3 medium, 0.5 large. The factor is at least 1, with half a row added to each class;
    it considers only classes whose own share has changed by more than chance (binomial test given both counts).

    Args:
        before: Rows by class.
        after: Rows by class, in the same order.
        alpha: The probability of mistaking chance for a change of some class.
        effect: The design effect of the earlier shares. It does not apply to classes that are new or have disappeared.
        stretches: As in `later_effect`.
    """
    from scipy import stats

    present = np.stack([before, after])[:, (before + after) > 0]
    if present.shape[1] < 2 or not present.sum(axis=1).all():
        return 1.0, 0.0, 1.0
    p, q = (present + 0.5) / (present + 0.5).sum(axis=1, keepdims=True)
    effects = np.array([[effect], [later_effect(effect, *present.sum(axis=1), stretches=stretches)]])
    counted = np.where(present.min(axis=0) == 0, present, np.round(present / effects)).astype(np.int64)
    share = counted[1].sum() / counted.sum()
    least, most = (stats.binom(counted.sum(axis=0), share).cdf(counted[1] - shift) for shift in (0, 1))
    own = 2 * np.minimum(least, 1 - most)
    factor = np.where(own < alpha / len(own), np.maximum(q / p, p / q), 1.0)
    return (
        float(stats.chi2_contingency(present / effects).pvalue),
        float(np.sqrt(np.sum((q - p) ** 2 / p))),
        float(factor.max()),
    )


def missing_change(
    before: tuple[int, int], after: tuple[int, int], *, effect: float = 1.0, stretches: int = 1
) -> tuple[float, float, float]:
    """Return the change of a missing share: difference, p-value and factor of the present share.

    The difference is after minus before. The p-value is that of Fisher's exact test, or of the chi-square test from
    1,000 rows on. The factor is the earlier present share divided by the later one, with half a row added; it is above
    1 if values went missing.

    Args:
        before: The number of missing values and of rows.
        after: The number of missing values and of rows.
        effect: The design effect of the earlier share. It does not apply if all later values are missing.
        stretches: As in `later_effect`.
    """
    from scipy import stats

    effects = (
        (1.0, 1.0) if after[0] == after[1] else (effect, later_effect(effect, before[1], after[1], stretches=stretches))
    )
    scaled = [(hits / one, rows / one) for (hits, rows), one in zip((before, after), effects, strict=True)]
    table = np.array([[round(hits), round(rows - hits)] for hits, rows in scaled], dtype=np.int64)
    if not table.sum(axis=1).all():
        return 0.0, 1.0, 1.0
    change = after[0] / after[1] - before[0] / before[1]
    if not table.sum(axis=0).all():
        return change, 1.0, 1.0
    small = table.sum() < 1_000
    result = stats.fisher_exact(table) if small else stats.chi2_contingency(table)
    then, now = ((rows - missing + 0.5) / (rows + 1) for missing, rows in (before, after))
    return change, float(result.pvalue), then / now
