"""Compute all metrics of one table, or of many resamples of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from counterpoise.metrics._confusion import Confusion, CountsByClass
from counterpoise.metrics._metric import ROUNDING, Metric, OfDecisions, OfProbabilities, OfRanking
from counterpoise.metrics._ranking import RankingQuality
from counterpoise.metrics._registry import METRICS
from counterpoise.typing import Codes, Floats, Mask


@dataclass(frozen=True)
class Measured:
    """The input of the metrics; metrics whose input is missing are omitted.

    Attributes:
        rankings: The ranking by the positive class, or one ranking per class.
        decisions: Counts of decisions.
        losses: Mean losses by metric.
    """

    rankings: Sequence[RankingQuality] = ()
    decisions: Confusion | CountsByClass | None = None
    losses: Mapping[str, Floats] = field(default_factory=dict)

    def metrics(self) -> dict[str, Floats]:
        """Return the available metrics, one value per resample."""
        found = {name: self._value(metric) for name, metric in METRICS.items()}
        known = {name: values for name, values in found.items() if values is not None}
        for name, values in known.items():
            _check_range(METRICS[name], values)
        return known

    def _value(self, metric: Metric) -> Floats | None:
        match metric.source:
            case OfRanking(value=value):
                return np.mean([value(each) for each in self.rankings], axis=0) if self.rankings else None
            case OfDecisions(value=value, several=several):
                if isinstance(self.decisions, CountsByClass):
                    return None if several is None else several(self.decisions)
                return None if self.decisions is None else value(self.decisions)
            case OfProbabilities():
                return self.losses.get(metric.name)


def _check_range(metric: Metric, values: Floats) -> None:
    beyond = values[(values < metric.least - ROUNDING) | (values > metric.most + ROUNDING)]
    if beyond.size:
        raise ValueError(f"metric {metric.name!r}: {beyond[0]:g} is not between {metric.least:g} and {metric.most:g}")


def decision_metrics(counts: Confusion | CountsByClass) -> dict[str, Floats]:
    """Return the decision metrics, one value per confusion matrix."""
    return Measured(decisions=counts).metrics()


def row_losses(probability: Floats, truth: Codes | Mask) -> dict[str, Floats]:
    """Return the loss of each row by metric.

    Args:
        probability: The probability of the positive class, or of all classes with shape (rows, classes).
        truth: Which rows are positive, or class codes.
    """
    sources = {name: metric.source for name, metric in METRICS.items()}
    several, codes = probability.ndim == 2, truth.astype(np.int32)
    return {
        name: source.several(probability, codes) if several else source.losses(probability, codes == 1)
        for name, source in sources.items()
        if isinstance(source, OfProbabilities)
    }
