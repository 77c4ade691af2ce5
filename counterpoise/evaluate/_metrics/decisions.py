"""Choose the threshold that maximises a decision metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.metrics import Confusion, decision_metrics
from counterpoise.typing import Floats


@dataclass(frozen=True)
class ThresholdChoice:
    """A decision threshold: rows with a probability at or above it are called positive.

    Attributes:
        value: The threshold; 0 calls every row positive.
        score: The maximised metric, on the rows it was chosen on; NaN if there was nothing to choose by.
    """

    value: float
    score: float


def choose_threshold(scores: Floats, positive: npt.NDArray[np.bool_], *, metric: str) -> ThresholdChoice:
    """Return the threshold that maximises a metric: halfway to the next lower score, the highest of several.

    Args:
        scores: One probability per row.
        positive: Which rows are positive. Without both classes the threshold is 0.5.
        metric: A decision metric.
    """
    if not positive.any() or positive.all():
        return ThresholdChoice(0.5, float("nan"))
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    true = np.cumsum(positive[order])[last]
    counts = Confusion.from_called(true, last + 1, positives=float(positive.sum()), rows=float(len(scores)))
    reached = decision_metrics(counts)[metric]
    best = int(np.argmax(reached))
    here = float(ranked[last[best]])
    lower = float(ranked[last[best + 1]]) if best + 1 < len(last) else 0.0
    middle = (here + lower) / 2
    return ThresholdChoice(middle if lower < middle <= here else here, float(reached[best]))


def four_counts(called: npt.NDArray[np.bool_], positive: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Return the confusion matrix of decisions as a record."""
    return {
        "true_positives": int((called & positive).sum()),
        "false_positives": int((called & ~positive).sum()),
        "false_negatives": int((~called & positive).sum()),
        "true_negatives": int((~called & ~positive).sum()),
    }
