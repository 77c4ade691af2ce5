"""Brier score, log loss and expected calibration error, with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.evaluate._inference.bootstrap import Interval, Resampled
from counterpoise.evaluate._inference.intervals import difference_interval
from counterpoise.metrics import row_losses
from counterpoise.results import range_of
from counterpoise.typing import Copies, Floats, Ints, Mask, Matrix

BINS = 10
_LOSSES = ("brier", "log_loss")
CALIBRATION_ERROR = "expected_calibration_error"


@dataclass(frozen=True)
class ProbabilityScores:
    """The scores of probabilities on test.

    The expected calibration error (Naeini et al., 2015) is the mean distance between predicted and observed share in
    ten bins with equally many rows: with bins of equal width, nearly all rows of an imbalanced table are in the first.
    Equal probabilities are in one bin.

    Attributes:
        values: The scores by name.
        columns: What resamples add up, by row: losses, and the error of the row in the column of its bin.
    """

    values: dict[str, float]
    columns: Matrix

    @classmethod
    def of(cls, probability: Floats, positive: Mask) -> ProbabilityScores:
        """Score probabilities, one per row."""
        losses = row_losses(probability, positive)
        bins = equal_bins(probability)
        errors = np.zeros((len(positive), int(bins.max(initial=0)) + 1))
        errors[np.arange(len(positive)), bins] = probability - positive
        columns = np.column_stack([*(losses[name] for name in _LOSSES), errors])
        return cls(_scores(columns.sum(axis=0)[None, :], float(len(positive))), columns)

    def resampled(self, weights: Sequence[Copies]) -> Resampled:
        """Return the scores on resamples, from how often each row counts, in parts of shape (resamples, rows)."""
        if not weights:
            return {name: np.zeros(0) for name in self.values}
        rows = np.concatenate([part.sum(axis=1) for part in weights])
        return _resampled(np.concatenate([part @ self.columns for part in weights]), rows)

    def intervals(self, drawn: Resampled) -> dict[str, Interval]:
        """Return 95 % intervals by score, from the standard errors of resamples."""
        found = {name: difference_interval(drawn[name], value) for name, value in self.values.items()}
        return {name: _within(name, interval) for name, interval in found.items() if interval}

    def against(self, own: ProbabilityScores, drawn: Resampled, drawn_own: Resampled) -> dict[str, Any]:
        """Return the paired differences from other probabilities for the same rows, with their intervals."""
        differences = {}
        for name, value in self.values.items():
            difference = value - own.values[name]
            interval = difference_interval(drawn[name] - drawn_own[name], difference)
            differences[name] = {
                "difference": difference,
                "low": interval.low if interval else None,
                "high": interval.high if interval else None,
            }
        return differences


def equal_bins(probability: Floats, bins: int = BINS) -> Ints:
    """Return the bin of each row, from 0 without gaps: bins have equally many rows, except for ties.

    >>> equal_bins(np.array([0.1, 0.2, 0.2, 0.9]), bins=2).tolist()
    [0, 0, 0, 1]
    """
    places = np.sort(probability)[np.arange(1, bins) * len(probability) // bins - (len(probability) >= bins)]
    found = np.searchsorted(np.unique(places), probability, side="left")
    return np.asarray(np.unique(found, return_inverse=True)[1], np.int64)


def _resampled(sums: Matrix, rows: Floats) -> Resampled:
    number = len(_LOSSES)
    losses = {name: sums[:, place] / rows for place, name in enumerate(_LOSSES)}
    return {**losses, CALIBRATION_ERROR: np.abs(sums[:, number:]).sum(axis=1) / rows}


def _scores(sums: Matrix, rows: float) -> dict[str, float]:
    return {name: float(value[0]) for name, value in _resampled(sums, np.array([rows])).items()}


def _within(name: str, interval: Interval) -> Interval:
    low, high = np.clip([interval.low, interval.high], *range_of(name))
    return Interval(float(low), float(high))
