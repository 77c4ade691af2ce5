"""Every metric, in the order of records and tables, and queries over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from counterpoise.metrics import _of_decisions, _of_probabilities, _of_ranking
from counterpoise.metrics._metric import Metric, Place


def register(*metrics: Metric) -> Mapping[str, Metric]:
    """Return metrics by name.

    Raises:
        ValueError: Two metrics share a name or label, or not exactly one is the metric of the verdict.
    """
    for kind in ("name", "label"):
        found = [getattr(metric, kind) for metric in metrics]
        if twice := sorted({each for each in found if found.count(each) > 1}):
            raise ValueError(f"two metrics with the {kind} {', '.join(twice)}")
    if len(leading := [metric.name for metric in metrics if "verdict" in metric.shown]) != 1:
        raise ValueError(f"the verdict needs exactly one metric, not {leading}")
    return MappingProxyType({metric.name: metric for metric in metrics})


METRICS = register(
    _of_ranking.AVERAGE_PRECISION,
    _of_ranking.ROC_AUC,
    _of_decisions.PRECISION,
    _of_decisions.RECALL,
    _of_decisions.SPECIFICITY,
    _of_decisions.F1,
    _of_decisions.F2,
    _of_decisions.MCC,
    _of_decisions.BALANCED_ACCURACY,
    _of_decisions.G_MEAN,
    _of_decisions.ACCURACY,
    _of_probabilities.BRIER,
    _of_probabilities.LOG_LOSS,
)


def names(place: Place) -> tuple[str, ...]:
    """Return the names of the metrics that are used at a place."""
    return tuple(name for name, metric in METRICS.items() if place in metric.shown)


def leaderboard_columns(place: Literal["leaderboard", "leaderboard in brief"]) -> tuple[str, ...]:
    """Return the metrics of a leaderboard: the headline, then those comparable at any prevalence, then the others."""
    return tuple(sorted(names(place), key=lambda name: (name != HEADLINE.name, METRICS[name].equal_prevalence)))


HEADLINE = METRICS[names("verdict")[0]]
"""The metric that the verdict is based on."""
RANKING_METRICS = tuple(name for name, metric in METRICS.items() if metric.ranks)

if TYPE_CHECKING:
    ChoiceName = str
    PromotionName = str
else:
    ChoiceName = Literal[names("choice")]
    PromotionName = Literal[tuple(name for name, metric in METRICS.items() if metric.promotes)]
