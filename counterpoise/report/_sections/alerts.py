"""Precision among the alerts of each day of test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._markdown import table
from counterpoise.report._sections.arms import arm_colour, part
from counterpoise.results import DUMMY, learner_label, strategy_label
from counterpoise.text import capital, count, number


@dataclass(frozen=True)
class AlertRow:
    """An arm: its means over days, and its difference from the same learner without resampling."""

    learner: str
    strategy: str
    arm: str
    record: dict[str, Any]
    difference: dict[str, Any] | None


@dataclass(frozen=True)
class Day:
    """A day, and the published arm's precision on it."""

    record: dict[str, Any]
    rows: float
    groups: float | None


@dataclass(frozen=True)
class AlertsView:
    """All arms, and each day of the arm that the verdict is about."""

    alerts: int
    grouped: bool
    compared: bool
    rows: tuple[AlertRow, ...]
    days: tuple[Day, ...]
    shown: str


def alerts_view(metrics: dict[str, Any]) -> AlertsView | None:
    """Return precision by day; None if the record has none."""
    found = metrics.get("alerts_a_day")
    if not found:
        return None
    differences = {(one["learner"], one["strategy"]): one for one in found["differences"]}
    published = _published(metrics, found)
    groups = (published["groups"] or {}).get("by_day") or [None] * len(found["days"])
    return AlertsView(
        alerts=found["alerts"],
        grouped=published["groups"] is not None,
        compared=bool(differences),
        rows=tuple(_row(arm, differences.get((arm["learner"], arm["strategy"]))) for arm in _dummy_last(found["arms"])),
        days=tuple(Day(*one) for one in zip(found["days"], published["rows"]["by_day"], groups, strict=True)),
        shown=f"{learner_label(published['learner'])} with {strategy_label(published['strategy'])}",
    )


def _published(metrics: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return the arm of the verdict's learner on the published train table."""
    wanted = metrics["verdict_learner"], metrics["strategy"]
    return next(arm for arm in found["arms"] if (arm["learner"], arm["strategy"]) == wanted)


def _dummy_last(arms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(arms, key=lambda arm: (arm["learner"] == DUMMY, arm["learner"]))


def _row(arm: dict[str, Any], difference: dict[str, Any] | None) -> AlertRow:
    return AlertRow(
        capital(learner_label(arm["learner"])),
        strategy_label(arm["strategy"]),
        arm_colour(arm["strategy"], arm["learner"]),
        arm,
        difference,
    )


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield the means of all arms."""
    view = alerts_view(metrics)
    if view:
        header = ["learner", "train rows", f"precision among {count(view.alerts)} rows a day"]
        header += [f"among {count(view.alerts)} groups a day"] if view.grouped else []
        yield table(header, [_cells(row) for row in view.rows])


def _cells(row: AlertRow) -> list[str]:
    means = [row.record["rows"], *([row.record["groups"]] if row.record["groups"] else [])]
    return [row.learner, row.strategy, *(_mean(mean) for mean in means)]


def _mean(mean: dict[str, Any]) -> str:
    between = "" if mean["low"] is None else f" ({number(mean['low'])} to {number(mean['high'])})"
    return f"{number(mean['mean'])}{between}"


ALERTS = part("alerts-a-day", "Alerts a day", alerts_view, brief=_brief)
