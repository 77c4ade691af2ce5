"""How imbalanced the classes are, in a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["Degree", "imbalance_degree"]

Degree = Literal["balanced", "mild", "moderate", "extreme"]


def imbalance_degree(counts: Mapping[str, int]) -> Degree:
    """Return balanced, mild, moderate or extreme, by the share of the smallest class.

    The degrees are those of Google's machine-learning guide, which are meant for two classes; with more, the smallest
    class is set against the largest one only, so that a third each is balanced.

    >>> imbalance_degree({"no": 700, "yes": 300}), imbalance_degree({"a": 50, "b": 50, "c": 50})
    ('mild', 'balanced')
    >>> imbalance_degree({"no": 950, "yes": 50}), imbalance_degree({"no": 9990, "yes": 10})
    ('moderate', 'extreme')

    Args:
        counts: Rows by class; classes without rows are left out.
    """
    present = [rows for rows in counts.values() if rows]
    share = min(present) / (min(present) + max(present))
    if share > 0.4:
        return "balanced"
    if share >= 0.2:
        return "mild"
    return "moderate" if share >= 0.01 else "extreme"
