"""Measure the imbalance of a label, as a degree and in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from counterpoise.errors import EvaluationError
from counterpoise.records import Record

Degree = Literal["balanced", "mild", "moderate", "extreme"]


def imbalance_degree(counts: Mapping[str, int]) -> Degree:
    """Return balanced, mild, moderate or extreme, by the share of the smallest class.

    The degrees come from Google's machine-learning guide, which defines them for two classes. With more classes, the
    smallest class is compared only with the largest one, so that a third each is balanced.

    >>> imbalance_degree({"no": 700, "yes": 300}), imbalance_degree({"a": 50, "b": 50, "c": 50})
    ('mild', 'balanced')
    >>> imbalance_degree({"no": 950, "yes": 50}), imbalance_degree({"no": 9990, "yes": 10})
    ('moderate', 'extreme')

    Args:
        counts: Rows by class; classes without rows are ignored.
    """
    present = [rows for rows in counts.values() if rows]
    share = min(present) / (min(present) + max(present))
    if share > 0.4:
        return "balanced"
    if share >= 0.2:
        return "mild"
    return "moderate" if share >= 0.01 else "extreme"


class ImbalanceDegree(Record):
    """The imbalance of a table's classes.

    Attributes:
        classes: The number of classes with rows.
        minority: The smallest class; the first by name in a tie.
        majority: The largest class; the first by name in a tie.
        minority_share: Rows of the smallest class divided by all rows. With more than two classes, the share that
            decides the degree counts only the rows of the smallest and the largest class.
        ratio: Rows of the largest class per row of the smallest.
        degree: balanced above 40 %, mild from 20 %, moderate from 1 %, extreme below.
        balance: Shannon entropy of the class shares divided by its maximum ln(classes): 1 for equal numbers, 0 for a
            single class.
    """

    classes: int
    minority: str
    majority: str
    minority_share: float
    ratio: float
    degree: Degree
    balance: float


def degree_of_imbalance(counts: Mapping[str, int]) -> ImbalanceDegree:
    """Return the imbalance of the classes.

    The degrees come from Google's machine-learning guide, which defines them for two classes. With more classes, the
    smallest class is compared only with the largest one, so that ten equal classes count as balanced.

    Args:
        counts: Rows by class; classes without rows are ignored.

    Raises:
        EvaluationError: No class has rows.

    >>> degree_of_imbalance({"no": 990, "yes": 10}).degree
    'moderate'
    >>> round(degree_of_imbalance({"no": 990, "yes": 10}).ratio)
    99
    """
    present = {name: rows for name, rows in counts.items() if rows > 0}
    if not present:
        raise EvaluationError(
            "no_rows", expected="at least one class with rows", found="none", remedy="check the label column"
        )
    minority = min(present, key=lambda name: (present[name], name))
    majority = min(present, key=lambda name: (-present[name], name))
    total = sum(present.values())
    return ImbalanceDegree(
        classes=len(present),
        minority=minority,
        majority=majority,
        minority_share=present[minority] / total,
        ratio=present[majority] / present[minority],
        degree=imbalance_degree(present) if len(present) > 1 else "extreme",
        balance=_evenness([rows / total for rows in present.values()]),
    )


def _evenness(shares: list[float]) -> float:
    if len(shares) < 2:
        return 0.0
    return -sum(share * math.log(share) for share in shares) / math.log(len(shares))
