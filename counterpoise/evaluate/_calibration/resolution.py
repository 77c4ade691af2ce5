"""What a learner can resolve: the smallest probability that it can tell from 0."""

from __future__ import annotations

import numpy as np

from counterpoise.typing import Floats

_MOST_VOTES = 2_000
"""The largest number of votes (or of steps of rounded scores) that is looked for."""
_SAMPLE = 1_000
_ALL, _MOST = 0.999, 0.8
"""The shares of the probabilities that are whole numbers of votes, if all are and if most are: a leaf with rows of both
classes casts parts of a vote."""
_CERTAIN = 0.01
"""The share of exact zeros and ones from which a learner is one that runs out of digits."""
_ROUNDING = 1e-6


def resolution(scores: Floats, *, train_rows: int) -> float:
    """Return how near to 0 and to 1 a probability still says something.

    A forest of 100 trees answers in hundredths: its 0 means less than half a vote, 1/200. Without such steps, but with
    exact zeros or ones, it is half of what few other probabilities fall below. A share that is smaller than half a row
    of train cannot be learned at all, whatever a formula extrapolates to.

    Args:
        scores: The probabilities that the learner gave to rows it was not trained on.
        train_rows: The number of different source rows that it was trained on.

    >>> resolution(np.array([0.0, 0.25, 0.5, 1.0]), train_rows=1_000)
    0.125
    """
    floor = 1 / (2 * max(train_rows, 2))
    inside = scores[(scores > 0) & (scores < 1)]
    if not len(inside):
        return max(floor, 0.25)  # one vote for one class or the other; half of it would leave nothing to tell apart
    votes = _votes(inside, _MOST)
    steps = 1 / (2 * votes) if votes else 0.0
    if votes and votes == _votes(inside, _ALL):
        return max(floor, steps)
    exact = len(inside) < (1 - _CERTAIN) * len(scores)
    return max(floor, steps, float(np.quantile(np.minimum(inside, 1 - inside), _CERTAIN)) / 2 if exact else 0.0)


def _votes(inside: Floats, share: float) -> int:
    """Return the smallest number of equal votes of which so many scores are whole numbers; 0 if there is none."""
    sample = inside[np.linspace(0, len(inside) - 1, min(len(inside), _SAMPLE)).astype(np.int64)]
    return next((votes for votes in range(2, _MOST_VOTES + 1) if _whole(sample * votes) >= share), 0)


def _whole(counts: Floats) -> float:
    return float((np.abs(counts - np.round(counts)) < _ROUNDING).mean())
