"""Precision and recall at k: how many of the rows that a learner ranks highest are positive."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._inference.intervals import share_interval, units
from counterpoise.typing import Floats, Mask

_ROUND = (10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000)
_MOST_OF_ROWS = 2
"""Up to half the rows count as the top."""
_MOST_OF_POSITIVES = 10
"""Up to ten times the positives: among more rows, precision cannot exceed a tenth."""


def at_the_top(scores: Floats, positive: Mask, *, groups: npt.NDArray[np.int32] | None = None) -> list[dict[str, Any]]:
    """Return precision and recall among the k rows ranked highest; ties count proportionally.

    k is the number of positives, where precision and recall are equal and 1 is possible, and every round number from 10
    up to half the rows and ten times the positives. Each record has `k`, `precision`, `recall`, and `precision_low` to
    `recall_high`, Wilson's 95 % intervals, in which a group counts once if rows are grouped.

    >>> [(one["k"], one["precision"], one["recall"]) for one in at_the_top(np.linspace(1, 0, 40), np.arange(40) < 5)]
    [(5, 1.0, 1.0), (10, 0.5, 1.0)]

    Args:
        scores: One score per row.
        positive: Which rows are positive.
        groups: One code per row; None if rows are not grouped.
    """
    order = np.argsort(-scores, kind="stable")
    levels, starts, sizes = np.unique(-scores[order], return_index=True, return_counts=True)
    hits = np.add.reduceat(positive[order].astype(np.float64), starts) if len(levels) else np.zeros(0)
    positives = units(positive, groups)
    records = []
    for k in _numbers(len(scores), int(positive.sum())):
        taken = np.clip(k - starts, 0, sizes) / sizes
        true = float((hits * taken).sum())
        reached = scores >= scores[order[k - 1]]
        records.append(
            {
                "k": k,
                **_share("precision", true / k, min(k, units(reached, groups))),
                **_share("recall", true / int(positive.sum()), positives),
            }
        )
    return records


def _numbers(rows: int, positives: int) -> list[int]:
    if not positives:
        return []
    most = min(rows // _MOST_OF_ROWS, _MOST_OF_POSITIVES * positives)
    return sorted({k for k in (*_ROUND, positives) if k <= max(most, min(rows, positives))})


def _share(name: str, share: float, number: int) -> dict[str, float]:
    found = share_interval(share, number)
    assert found is not None  # noqa: S101  # k and the positives are at least one
    return {name: share, f"{name}_low": found.low, f"{name}_high": found.high}
