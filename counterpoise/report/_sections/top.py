"""Precision and recall among the rows ranked highest, of the learner that the verdict is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterpoise.report._data import of_metrics
from counterpoise.report._section import Section
from counterpoise.report._sections.arms import Grouped, grouped, of_verdict
from counterpoise.results import learner_label

__all__ = ["TOP", "TopView", "top_view"]


@dataclass(frozen=True)
class TopView:
    """What the template needs.

    Attributes:
        learner: Whose ranking it is.
        positives: Positives in test.
        arms: How many train tables stand under each number.
        rows: The numbers, one after the other.
    """

    learner: str
    positives: int
    arms: int
    rows: tuple[Grouped, ...]


def top_view(metrics: dict[str, Any]) -> TopView | None:
    """Return what the verdict's learner finds at the top; None with more than two classes, or without positives."""
    arms = of_verdict(metrics)
    if not (arms and arms[0].get("top")):
        return None
    positives = metrics["rows"]["test"]["classes"][metrics["positive_class"]]
    return TopView(learner_label(metrics["verdict_learner"]), positives, len(arms), tuple(grouped(arms, "top")))


TOP = Section("top", "", "top.html.j2", of_metrics(top_view), optional=True)
