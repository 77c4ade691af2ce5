"""Average precision and ROC-AUC under many row weights at once.

Scikit-learn sorts the scores again for every bootstrap resample. Here they are sorted once; a resample is a row of
integer weights, and both metrics follow from sums of the weights by cell, in the order of the scores. They equal
scikit-learn's `average_precision_score` and `roc_auc_score` with the same `sample_weight`, ties included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.typing import Floats

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class RankingQuality:
    """How well positives rank above negatives, one value per set of weights; NaN where undefined.

    Attributes:
        average_precision: The sum over thresholds of the gain in recall times the precision there.
        roc_auc: The share of pairs of a positive and a negative in the right order; ties count half.
    """

    average_precision: Floats
    roc_auc: Floats


RANKED = tuple(RankingQuality.__dataclass_fields__)
"""The ranking metrics that records of single classes and segments have."""


@dataclass(frozen=True)
class Ranking:
    """The rows in consecutive cells, from the highest score to the lowest.

    Each distinct score of a positive has three cells: the negatives above it and below the previous one, the negatives
    with this score, and the positives with it. One more cell has the negatives below all of them. The order within a
    cell affects neither metric, so sums of weights by cell suffice.

    Attributes:
        cells: The cell number of each row.
        levels: The number of distinct scores of positives.
        both: Whether there are positives and negatives.
    """

    cells: Ints
    levels: int
    both: bool

    @classmethod
    def from_scores(cls, scores: Floats, positive: npt.NDArray[np.bool_]) -> Ranking:
        """Assign the rows to cells.

        Args:
            scores: One score per row, higher for more likely positive.
            positive: Which rows are positive.
        """
        rising = np.unique(-scores[positive])
        level = np.searchsorted(rising, -scores, side="left")
        tied = np.append(rising, np.nan)[level] == -scores
        return cls(
            cells=3 * level + np.where(positive, 2, tied.astype(np.int64)),
            levels=len(rising),
            both=bool(positive.any() and not positive.all()),
        )

    def weigh(self, weights: npt.NDArray[np.int32]) -> RankingQuality:
        """Return the quality under each set of weights.

        Args:
            weights: Shape (sets, rows), not negative.
        """
        if not self.both:
            nothing = np.full(len(weights), np.nan)
            return RankingQuality(nothing, nothing)
        cells = 3 * self.levels + 1
        sums = np.stack([np.bincount(self.cells, weights=row, minlength=cells) for row in weights]).astype(np.float64)
        between, tied, gained = (sums[:, part:-1:3] for part in range(3))
        upto = np.cumsum(between + tied, axis=1)
        true = np.cumsum(gained, axis=1)
        positives, negatives = true[:, -1], upto[:, -1] + sums[:, -1]
        precision = true / np.maximum(true + upto, 1)
        beaten = negatives[:, None] - (upto - tied / 2)
        return RankingQuality(
            average_precision=_ratio((gained * precision).sum(axis=1), positives),
            roc_auc=_ratio((gained * beaten).sum(axis=1), positives * negatives),
        )


def _ratio(above: Floats, below: Floats) -> Floats:
    shares: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return shares
