"""Counts of decisions, for one confusion matrix or for thousands at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.typing import Codes, Floats


@dataclass(frozen=True)
class Confusion:
    """Counts of decisions, one entry per confusion matrix; a rate with a zero denominator is 0."""

    true_positives: Floats
    false_positives: Floats
    false_negatives: Floats
    true_negatives: Floats

    @classmethod
    def from_called(
        cls, true: npt.NDArray[Any], called: npt.NDArray[Any], *, positives: float | Floats, rows: float | Floats
    ) -> Confusion:
        """Build the counts from the numbers of rows called positive.

        Args:
            true: The number of positives among the rows called positive.
            called: The number of rows called positive.
            positives: The total number of positives.
            rows: The total number of rows.
        """
        right, chosen = true.astype(np.float64), called.astype(np.float64)
        return cls(right, chosen - right, positives - right, rows - positives - (chosen - right))

    @property
    def precision(self) -> Floats:
        """The share of positives among the rows called positive."""
        return ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Floats:
        """The share of positives that are called positive."""
        return ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> Floats:
        """The share of negatives that are called negative."""
        return ratio(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def negative_value(self) -> Floats:
        """The share of negatives among the rows called negative."""
        return ratio(self.true_negatives, self.true_negatives + self.false_negatives)


@dataclass(frozen=True)
class CountsByClass:
    """Counts of decisions with several classes.

    Attributes:
        right: Correctly called rows per class, shape (classes, sets of weights); the next two have the same shape.
        chosen: Rows called as the class.
        actual: Rows of the class.
        present: The codes of the classes that have rows.
    """

    right: Floats
    chosen: Floats
    actual: Floats
    present: Codes

    @property
    def rows(self) -> Floats:
        """The total number of rows, for each set of weights."""
        total: Floats = self.actual.sum(axis=0)
        return total

    @cached_property
    def each_against_the_rest(self) -> Confusion:
        """The confusion matrices of the classes that have rows, shape (present classes, sets of weights)."""
        right, chosen, actual = (part[self.present] for part in (self.right, self.chosen, self.actual))
        return Confusion.from_called(right, chosen, positives=actual, rows=self.rows)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return a ratio, or 0 where the denominator is 0."""
    shares: Floats = np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
    return shares
