"""Precision-recall and ROC curves of the arms, as charts with headings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np

from counterpoise.metrics import METRICS
from counterpoise.report._drawing.charts import Curve, Figure, curve_chart
from counterpoise.report._drawing.images import charts_image
from counterpoise.report._sections.arms import arm_colour, by_learner, of_verdict, part
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import count, number, shown

WORST_CLASSES = 6
"""The number of classes with curves, limited to keep the page short."""
_MOST_IN_BRIEF = 3


class CurveKind(NamedTuple):
    """A kind of curve: its heading, and the metric that is the area under it."""

    kind: Literal["pr", "roc"]
    metric: str
    heading: str


CURVE_KINDS = (
    CurveKind("pr", "average_precision", "Precision and recall"),
    CurveKind("roc", "roc_auc", "ROC"),
)


def binary_curves(metrics: dict[str, Any]) -> Iterator[Figure]:
    """Yield the precision-recall charts and then the ROC charts of all learners, with and without the strategy."""
    positives = metrics["rows"]["test"]["classes"][metrics["positive_class"]]
    for kind, metric, name in CURVE_KINDS:
        for learner, arms in by_learner(metrics):
            heading = f"{name}: {learner_label(learner)}"
            known = [(arm, arm["test"][metric]) for arm in arms if arm[f"{kind}_curve"]]
            what = f"{METRICS[metric].label} " + ", ".join(
                f"{number(value)} with {strategy_label(arm['strategy'])}" for arm, value in known
            )
            described = f"{heading}, {count(positives)} positives in test; {what}."
            curves = [_curve(kind, arm, arm, value) for arm, value in known]
            chance = metrics["chance_average_precision"]
            chart = curve_chart(kind, curves, name=f"{kind}-{learner}", description=described, chance=chance)
            yield Figure(heading, chart)


def class_curves(metrics: dict[str, Any]) -> Iterator[Figure]:
    """Yield both charts for each of the smallest classes and the verdict's learner."""
    arms = of_verdict(metrics)
    for index in smallest_classes(arms[0])[:WORST_CLASSES]:
        own = [(arm, arm["per_class"][index]) for arm in arms]
        rows = f"{shown(own[0][1]['class'], 40)}: {count(own[0][1]['rows'])} test rows"
        for kind, metric, name in CURVE_KINDS:
            heading = f"{name} of {rows}"
            described = f"{heading}, {learner_label(metrics['verdict_learner'])}."
            curves = [_curve(kind, arm, part, part[metric]) for arm, part in own if part[f"{kind}_curve"]]
            chance = own[0][1]["prevalence"]
            chart = curve_chart(kind, curves, name=f"{kind}-class-{index}", description=described, chance=chance)
            yield Figure(heading, chart)


def smallest_classes(arm: dict[str, Any]) -> list[int]:
    """Return the indices of an arm's classes in `per_class`, sorted by the number of test rows."""
    return sorted(range(len(arm["per_class"])), key=lambda index: arm["per_class"][index]["rows"])


def _curve(kind: str, arm: dict[str, Any], holder: dict[str, Any], value: float | None) -> Curve:
    text = f"{strategy_label(arm['strategy'])} {number(value)}"
    return Curve(np.array(holder[f"{kind}_curve"]), arm_colour(arm["strategy"]), text)


def _view(metrics: dict[str, Any]) -> tuple[Figure, ...]:
    return tuple(binary_curves(metrics) if metrics["task"] == "binary" else class_curves(metrics))


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield the curves of all learners, or of the smallest classes."""
    if metrics["task"] == "binary":
        yield charts_image("Precision-recall and ROC curves", binary_curves(metrics))
    else:
        figures = islice(class_curves(metrics), len(CURVE_KINDS) * _MOST_IN_BRIEF)
        yield charts_image("Precision-recall and ROC curves of the smallest classes", figures)


CURVES = part("curves", "Curves", _view, brief=_brief)
