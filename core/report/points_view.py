"""Operating points of the learner that the verdict is about, arranged rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterpoise.core.evaluate.names import learner_label, strategy_label

__all__ = ["PointRow", "PointsView", "points_view"]


@dataclass(frozen=True)
class PointRow:
    """One rule on one train table; `first` opens the rows of a rule."""

    point: dict[str, Any]
    strategy: str
    arm: str
    first: bool


@dataclass(frozen=True)
class PointsView:
    """What the template needs: the learner, how many train tables stand under each rule, and what mistakes cost."""

    learner: str
    arms: int
    costs: dict[str, float]
    rows: tuple[PointRow, ...]


def points_view(metrics: dict[str, Any]) -> PointsView | None:
    """Return the operating points of the verdict's learner, None where there are none."""
    arms = [arm for arm in metrics["arms"] if arm["learner"] == metrics["verdict_learner"]]
    if not (arms and arms[0].get("operating_points")):
        return None
    rules = zip(*(arm["operating_points"] for arm in arms), strict=True)
    rows = [
        PointRow(
            point=point,
            strategy=strategy_label(arm["strategy"]),
            arm="natural" if arm["strategy"] == "none" else "resampled",
            first=arm is arms[0],
        )
        for points in rules
        for arm, point in zip(arms, points, strict=True)
    ]
    return PointsView(learner_label(metrics["verdict_learner"]), len(arms), metrics["costs"], tuple(rows))
