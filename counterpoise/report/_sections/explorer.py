"""The threshold explorer: counts for the script of the page, and a few thresholds as a plain table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._sections.arms import part
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, threshold


@dataclass(frozen=True)
class ExploredArm:
    """A learner and its train table to choose from; the table shows the one that is `shown` first, too."""

    name: str
    record: dict[str, Any]
    shown: bool


@dataclass(frozen=True)
class ExplorerView:
    """The data of the template.

    Attributes:
        arms: The arms to choose from.
        first: The arm of the verdict's learner, trained on the published table.
        payload: The lookup tables of the script, in the order of the arms: counts and texts of thresholds.
        column: The column with the cost of missing each row; empty if that is the same for all.
    """

    arms: tuple[ExploredArm, ...]
    first: ExploredArm
    payload: dict[str, Any]
    column: str


def explorer_view(metrics: dict[str, Any]) -> ExplorerView | None:
    """Return the explorer of all trained arms; None without thresholds, as with more than two classes."""
    arms = tuple(_arms(metrics))
    if not arms:
        return None
    payload = {"costs": metrics["costs"], "arms": [_counts(arm.record) for arm in arms]}
    return ExplorerView(arms, next(arm for arm in arms if arm.shown), payload, _cost_column(arms))


def _cost_column(arms: tuple[ExploredArm, ...]) -> str:
    """Return the column of amounts, if thresholds know them; those of older versions do not."""
    if any(arm.record["thresholds"]["test"].get("missed") is None for arm in arms):
        return ""
    points = (point for arm in arms for point in arm.record["operating_points"])
    return next((str(point["money"]["column"]) for point in points if point.get("money")), "")


def _arms(metrics: dict[str, Any]) -> Iterator[ExploredArm]:
    for arm in metrics["arms"]:
        if arm.get("thresholds"):
            name = f"{capital(learner_label(arm['learner']))}, {strategy_label(arm['strategy'])}"
            shown = (arm["learner"], arm["strategy"]) == (metrics["verdict_learner"], metrics["strategy"])
            yield ExploredArm(name, arm, shown)


def _counts(arm: dict[str, Any]) -> dict[str, Any]:
    known = arm["thresholds"]
    return {
        "threshold": known["threshold"],
        "text": [threshold(value) for value in known["threshold"]],
        "published": known["threshold"].index(arm["threshold"]),
        "validation": known["validation"],
        "test": known["test"],
    }


EXPLORER = part("explorer", "", explorer_view, script="explorer.js")
