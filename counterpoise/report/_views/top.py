"""Precision and recall among the rows ranked highest, of the learner that the verdict is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterpoise.report._views.curves import arm_colour
from counterpoise.results import learner_label, strategy_label

__all__ = ["TopRow", "TopView", "top_view"]


@dataclass(frozen=True)
class TopRow:
    """One number of rows on one train table; `first` opens the rows of a number."""

    record: dict[str, Any]
    strategy: str
    arm: str
    first: bool


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
    rows: tuple[TopRow, ...]


def top_view(metrics: dict[str, Any]) -> TopView | None:
    """Return what the verdict's learner finds at the top; None with more than two classes, or without positives."""
    arms = [arm for arm in metrics["arms"] if arm["learner"] == metrics["verdict_learner"]]
    if not (arms and arms[0].get("top")):
        return None
    rows = [
        TopRow(record, strategy_label(arm["strategy"]), arm_colour(arm["strategy"]), first=arm is arms[0])
        for records in zip(*(arm["top"] for arm in arms), strict=True)
        for arm, record in zip(arms, records, strict=True)
    ]
    positives = metrics["rows"]["test"]["classes"][metrics["positive_class"]]
    return TopView(learner_label(metrics["verdict_learner"]), positives, len(arms), tuple(rows))
