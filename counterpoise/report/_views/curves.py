"""Precision-recall and ROC curves of the arms, as charts under their headings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from counterpoise.metrics import METRICS
from counterpoise.report._drawing.charts import Chart, Curve, curve_chart
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import count, number, shown

__all__ = [
    "CURVES",
    "WORST_CLASSES",
    "Figure",
    "arm_colour",
    "binary_curves",
    "by_learner",
    "class_curves",
    "smallest_classes",
]

WORST_CLASSES = 6
"""Classes whose curves are drawn: the page stays short."""


class CurveKind(NamedTuple):
    """A kind of curve: the metric that is the area under it, and its heading."""

    kind: Literal["pr", "roc"]
    metric: str
    heading: str


CURVES = (
    CurveKind("pr", "average_precision", "Precision and recall"),
    CurveKind("roc", "roc_auc", "ROC"),
)


@dataclass(frozen=True)
class Figure:
    """A chart under its heading."""

    heading: str
    chart: Chart


def arm_colour(strategy: str) -> str:
    """Return the style of a strategy's colour, the same everywhere on the page."""
    return "natural" if strategy == "none" else "resampled"


def by_learner(metrics: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each learner with its arms."""
    for learner in metrics["learners"]:
        yield learner, [arm for arm in metrics["arms"] if arm["learner"] == learner]


def binary_curves(metrics: dict[str, Any]) -> Iterator[Figure]:
    """Yield the precision-recall and then the ROC chart of each learner, with and without the strategy."""
    positives = metrics["rows"]["test"]["classes"][metrics["positive_class"]]
    for kind, metric, name in CURVES:
        for learner, arms in by_learner(metrics):
            heading = f"{name}: {learner_label(learner)}"
            known = [(arm, arm["test"][metric]) for arm in arms if arm[f"{kind}_curve"]]
            what = f"{METRICS[metric].label} " + ", ".join(
                f"{number(value)} with {strategy_label(arm['strategy'])}" for arm, value in known
            )
            described = f"{heading}, {count(positives)} positives in test; {what}."
            chart = _curves(kind, [(arm, arm, value) for arm, value in known], metrics["chance_average_precision"])
            yield Figure(heading, chart(f"{kind}-{learner}", described))


def class_curves(metrics: dict[str, Any]) -> Iterator[Figure]:
    """Yield both charts of each of the smallest classes, for the learner of the verdict."""
    arms = [arm for arm in metrics["arms"] if arm["learner"] == metrics["verdict_learner"]]
    for index in smallest_classes(arms[0])[:WORST_CLASSES]:
        own = [(arm, arm["per_class"][index]) for arm in arms]
        rows = f"{shown(own[0][1]['class'], 40)}: {count(own[0][1]['rows'])} test rows"
        for kind, metric, name in CURVES:
            heading = f"{name} of {rows}"
            described = f"{heading}, {learner_label(metrics['verdict_learner'])}."
            known = [(arm, part, part[metric]) for arm, part in own if part[f"{kind}_curve"]]
            drawn = _curves(kind, known, own[0][1]["prevalence"])
            yield Figure(heading, drawn(f"{kind}-class-{index}", described))


def smallest_classes(arm: dict[str, Any]) -> list[int]:
    """Return the places of an arm's classes in `per_class`, those with the fewest test rows first."""
    return sorted(range(len(arm["per_class"])), key=lambda index: arm["per_class"][index]["rows"])


def _curves(kind: str, known: list[tuple[dict[str, Any], dict[str, Any], Any]], chance: float) -> Any:
    curves = [
        Curve(
            np.array(holder[f"{kind}_curve"]),
            arm_colour(arm["strategy"]),
            f"{strategy_label(arm['strategy'])} {number(value)}",
        )
        for arm, holder, value in known
    ]

    def chart(name: str, description: str) -> Chart:
        return curve_chart(kind, curves, name=name, description=description, chance=chance)

    return chart
