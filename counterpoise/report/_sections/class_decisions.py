"""Thresholds of each class against the rest, and the decisions of least cost, with more than two classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._sections.arms import Grouped, arm_colour, by_learner, of_verdict, part
from counterpoise.report._sections.curves import smallest_classes
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital


@dataclass(frozen=True)
class ClassDecisions:
    """The operating point of each class by `rule`, for the verdict's learner, and the costs of all arms."""

    learner: str
    arms: int
    rows: tuple[tuple[str, Grouped], ...]
    costs: tuple[dict[str, Any], ...]


def _view(metrics: dict[str, Any]) -> ClassDecisions | None:
    """Return the thresholds by F-beta and the costs; None with two classes and for older versions."""
    if metrics["task"] == "binary":
        return None
    arms, rows = of_verdict(metrics), tuple(_rows(metrics))
    costs = tuple(_costs(metrics))
    return ClassDecisions(learner_label(metrics["verdict_learner"]), len(arms), rows, costs) if rows or costs else None


def _rows(metrics: dict[str, Any]) -> Iterator[tuple[str, Grouped]]:
    arms = of_verdict(metrics)
    for index in smallest_classes(arms[0]):
        own = [arm["per_class"][index] for arm in arms]
        points = [[point for point in one.get("operating_points", ()) if point["rule"] == "f_beta"] for one in own]
        for arm, point in zip(arms, points, strict=True) if all(points) else ():
            label, colour = strategy_label(arm["strategy"]), arm_colour(arm["strategy"])
            yield own[0]["class"], Grouped(point[0], label, colour, first=arm is arms[0])


def _costs(metrics: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for learner, arms in by_learner(metrics):
        for arm in arms:
            if found := arm.get("expected_cost"):
                yield {
                    "learner": capital(learner_label(learner)),
                    "strategy": strategy_label(arm["strategy"]),
                    "arm": arm_colour(arm["strategy"]),
                    **found,
                }


CLASS_DECISIONS = part("class-decisions", "", _view)
