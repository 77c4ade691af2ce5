"""Metrics of yes-or-no decisions, for one confusion matrix or for thousands at once, and the threshold they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.typing import Floats

__all__ = ["Confusion", "ThresholdChoice", "choose_threshold", "decision_metrics", "four_counts"]


@dataclass(frozen=True)
class Confusion:
    """Counts of decisions, one entry a confusion matrix."""

    true_positives: Floats
    false_positives: Floats
    false_negatives: Floats
    true_negatives: Floats

    @classmethod
    def from_called(
        cls, true: npt.NDArray[Any], called: npt.NDArray[Any], *, positives: float | Floats, rows: float | Floats
    ) -> Confusion:
        """Build the counts from what was called positive.

        Args:
            true: Positives among the rows called positive.
            called: Rows called positive.
            positives: Positives in all.
            rows: Rows in all.
        """
        right, chosen = true.astype(np.float64), called.astype(np.float64)
        return cls(right, chosen - right, positives - right, rows - positives - (chosen - right))


@dataclass(frozen=True)
class ThresholdChoice:
    """A decision threshold: rows with a probability at or above it are called positive.

    Attributes:
        value: The threshold; 0 calls every row positive.
        score: The metric it maximises, on the rows it was chosen on; NaN where there was nothing to choose by.
    """

    value: float
    score: float


def decision_metrics(counts: Confusion) -> dict[str, Floats]:
    """Return the metrics of each confusion matrix; a ratio without a denominator counts as 0.

    Matthews' correlation is computed from the four rates, which cannot overflow. G-mean is the geometric mean of
    recall and specificity (Kubat and Matwin, 1997).
    """
    true, false = counts.true_positives, counts.false_positives
    missed, right = counts.false_negatives, counts.true_negatives
    precision, recall = _share(true, true + false), _share(true, true + missed)
    specificity, negative_value = _share(right, right + false), _share(right, right + missed)
    found = np.sqrt(precision * recall * specificity * negative_value)
    lost = np.sqrt((1 - precision) * (1 - recall) * (1 - specificity) * (1 - negative_value))
    defined = (true + false > 0) & (right + missed > 0) & (true + missed > 0) & (right + false > 0)
    return {
        "precision": precision,
        "recall": recall,
        "specificity": specificity,
        "f1": _share(2 * true, 2 * true + false + missed),
        "f2": _share(5 * true, 5 * true + false + 4 * missed),
        "mcc": np.where(defined, found - lost, 0.0),
        "balanced_accuracy": (recall + specificity) / 2,
        "g_mean": np.sqrt(recall * specificity),
        "accuracy": _share(true + right, true + false + missed + right),
    }


def choose_threshold(scores: Floats, positive: npt.NDArray[np.bool_], *, metric: str) -> ThresholdChoice:
    """Return the threshold that maximises a metric; the highest of several, halfway to the next lower score.

    Args:
        scores: One probability a row.
        positive: Which rows are positive. Without a positive and a negative the threshold is 0.5.
        metric: A key of `decision_metrics`.
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


def _share(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
    return shares
