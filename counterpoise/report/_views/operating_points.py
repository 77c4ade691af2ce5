"""Operating points of the learner that the verdict is about, arranged rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, number, threshold

__all__ = ["PointRow", "PointsView", "points_view"]


@dataclass(frozen=True)
class PointRow:
    """One rule on one train table; `first` opens the rows of a rule."""

    point: dict[str, Any]
    strategy: str
    arm: str
    first: bool

    @property
    def reached_in_part(self) -> bool:
        """Whether on some resamples of validation no threshold meets the condition."""
        reached = self.point["reached"]
        return reached is not None and reached < 1


@dataclass(frozen=True)
class PointsView:
    """What the template needs.

    Attributes:
        learner: Whose points these are.
        arms: How many train tables stand under each rule.
        costs: What mistakes cost.
        rows: The rules, one after the other.
        by_formula: The threshold that the costs give by formula, in words, for each train table.
    """

    learner: str
    arms: int
    costs: dict[str, float]
    rows: tuple[PointRow, ...]
    by_formula: tuple[str, ...]


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
    return PointsView(
        learner=learner_label(metrics["verdict_learner"]),
        arms=len(arms),
        costs=metrics["costs"],
        rows=tuple(rows),
        by_formula=tuple(_by_formula(arms)),
    )


def _by_formula(arms: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what the formula of costs gives beside what was chosen on validation."""
    scales = {"calibrated": "calibrated probabilities", "natural": "probabilities at natural prevalence"}
    for arm in arms:
        for point in arm["operating_points"]:
            found = point.get("by_formula")
            if found and point["test"]:
                yield (
                    f"{capital(strategy_label(arm['strategy']))}: were its {scales[found['scale']]} right, the least "
                    f"cost would be at {threshold(found['threshold'])}, the cost of a false alarm by that of a false "
                    f"alarm and a miss together. On test that costs {number(found['test']['cost'], 1)} in a thousand "
                    f"rows, the threshold chosen on validation {number(point['test']['cost'], 1)}."
                )
