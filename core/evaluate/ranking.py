"""Average precision and ROC-AUC under many row weights at once.

Scikit-learn sorts the scores anew for every bootstrap resample. Here they are sorted once; a resample is a row of
integer weights, and both figures follow from running sums of the weights in score order. They equal scikit-learn's
`average_precision_score` and `roc_auc_score` with the same `sample_weight`, ties included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Ranking", "RankingQuality"]

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankingQuality:
    """How well positives rank before negatives, one value a set of weights; NaN where undefined.

    Attributes:
        average_precision: Sum over thresholds of the gain in recall times the precision there.
        roc_auc: Share of pairs of a positive and a negative in the right order, ties by half.
    """

    average_precision: Floats
    roc_auc: Floats


@dataclass(frozen=True)
class Ranking:
    """The rows in descending order of score.

    Attributes:
        positives: Row numbers of the positives, highest score first.
        negatives: Row numbers of the negatives, highest score first.
        last: For each distinct score of a positive, highest first: the index of the last positive with it.
        above: For each such score: how many negatives score higher.
        upto: For each such score: how many negatives score as high or higher.
    """

    positives: Ints
    negatives: Ints
    last: Ints
    above: Ints
    upto: Ints

    @classmethod
    def from_scores(cls, scores: Floats, positive: npt.NDArray[np.bool_]) -> Ranking:
        """Sort the rows.

        Args:
            scores: One score a row, higher for more likely positive.
            positive: Which rows are positive.
        """
        positives = _descending(scores, np.flatnonzero(positive))
        negatives = _descending(scores, np.flatnonzero(~positive))
        own = scores[positives]
        last = np.flatnonzero(np.append(own[1:] != own[:-1], True)) if len(own) else np.zeros(0, np.intp)
        falling = -scores[negatives]
        return cls(
            positives=positives,
            negatives=negatives,
            last=last,
            above=np.searchsorted(falling, -own[last], side="left"),
            upto=np.searchsorted(falling, -own[last], side="right"),
        )

    def weigh(self, weights: npt.NDArray[np.int32]) -> RankingQuality:
        """Return the quality under each set of weights.

        Args:
            weights: Shape (sets, rows), not negative.
        """
        if not len(self.positives) or not len(self.negatives):
            nothing = np.full(len(weights), np.nan)
            return RankingQuality(nothing, nothing)
        true = np.cumsum(weights[:, self.positives], axis=1)[:, self.last]
        false = _running(weights[:, self.negatives])
        above, upto = false[:, self.above], false[:, self.upto]
        gained = np.diff(true, axis=1, prepend=0)
        called = np.maximum(true + upto, 1)
        positives, negatives = true[:, -1], false[:, -1]
        precision = true / called
        beaten = negatives[:, None] - (above + upto) / 2
        return RankingQuality(
            average_precision=_ratio((gained * precision).sum(axis=1), positives),
            roc_auc=_ratio((gained * beaten).sum(axis=1), positives * negatives.astype(np.float64)),
        )


def _descending(scores: Floats, rows: Ints) -> Ints:
    return rows[np.argsort(-scores[rows], kind="stable")]


def _running(weights: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return running sums that begin with 0."""
    sums = np.zeros((len(weights), weights.shape[1] + 1), np.int32)
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums


def _ratio(above: Floats, below: npt.NDArray[Any]) -> Floats:
    shares: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return shares
