"""Precision-recall, ROC and reliability curves with few points."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.typing import Floats

Points = list[list[float]]

MOST_POINTS = 200


def pr_curve(scores: Floats, positive: npt.NDArray[np.bool_]) -> Points:
    """Return (recall, precision) by falling threshold, at most `MOST_POINTS`; empty if undefined."""
    if not positive.any():
        return []
    true, called = _counts(scores, positive)
    precision, recall = true / called, true / positive.sum()
    first = [[0.0, precision[0]]] if recall[0] > 0 else []
    return simplified(np.vstack([np.array(first).reshape(-1, 2), np.column_stack([recall, precision])]))


def roc_curve(scores: Floats, positive: npt.NDArray[np.bool_]) -> Points:
    """Return (false positive rate, recall) from (0, 0) to (1, 1), at most `MOST_POINTS`, or nothing if undefined."""
    if not positive.any() or positive.all():
        return []
    true, called = _counts(scores, positive)
    rates = np.column_stack([(called - true) / (~positive).sum(), true / positive.sum()])
    return simplified(np.vstack([[[0.0, 0.0]], rates]))


def simplified(points: Floats, most: int = MOST_POINTS) -> Points:
    """Simplify a curve: keep both ends, then repeatedly the point that is farthest from the line.

    Args:
        points: Shape (points, 2), in drawing order.
        most: The largest number of points (Douglas and Peucker, 1973, with a number instead of a tolerance).
    """
    kept = {0, len(points) - 1}
    waiting = [_farthest(points, 0, len(points) - 1)]
    while waiting and len(kept) < most:
        distance, start, middle, end = heapq.heappop(waiting)
        if distance >= -1e-12:
            break
        kept.add(middle)
        heapq.heappush(waiting, _farthest(points, start, middle))
        heapq.heappush(waiting, _farthest(points, middle, end))
    return [[float(x), float(y)] for x, y in points[sorted(kept)]]


def reliability_bins(probability: Floats, positive: npt.NDArray[np.bool_], *, bins: int = 10) -> list[dict[str, Any]]:
    """Return predicted and observed shares in bins of equal width; bins without rows are omitted.

    Returns:
        Per bin: `lower` and `upper` bound, `rows`, `mean_predicted` probability and `observed` share of positives.
    """
    bin_of = np.minimum((probability * bins).astype(np.int64), bins - 1)
    rows = np.bincount(bin_of, minlength=bins)
    predicted = np.bincount(bin_of, weights=probability, minlength=bins)
    observed = np.bincount(bin_of, weights=positive.astype(np.float64), minlength=bins)
    return [
        {
            "lower": number / bins,
            "upper": (number + 1) / bins,
            "rows": int(rows[number]),
            "mean_predicted": float(predicted[number] / rows[number]),
            "observed": float(observed[number] / rows[number]),
        }
        for number in np.flatnonzero(rows)
    ]


def _counts(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return true positives and called rows at each distinct score, highest first."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return np.cumsum(positive[order])[last].astype(np.float64), (last + 1).astype(np.float64)


def _farthest(points: Floats, start: int, end: int) -> tuple[float, int, int, int]:
    """Return the point between two others that is farthest from their line: (minus distance, start, point, end)."""
    if end - start < 2:
        return 0.0, start, start, end
    along = points[end] - points[start]
    offsets = points[start + 1 : end] - points[start]
    length = float(np.hypot(*along))
    if length == 0:
        distances = np.hypot(offsets[:, 0], offsets[:, 1])
    else:
        distances = np.abs(along[0] * offsets[:, 1] - along[1] * offsets[:, 0]) / length
    middle = int(np.argmax(distances))
    return -float(distances[middle]), start, start + 1 + middle, end
