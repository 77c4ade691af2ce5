"""Threshold-free metrics of all arms on test."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from counterpoise.metrics import METRICS, Metric, names
from counterpoise.report._markdown import interval, table
from counterpoise.report._sections.arms import arm_table, part
from counterpoise.results import DUMMY, learner_label, strategy_label
from counterpoise.text import capital, number


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    shown = [METRICS[name] for name in names("summary")]
    header = ["learner", "train", *(metric.heading for metric in shown)]
    rows = [
        [
            capital(learner_label(arm["learner"])),
            "–" if arm["learner"] == DUMMY else strategy_label(arm["strategy"]),
            *(_measured(arm, metric) for metric in shown),
        ]
        for arm in metrics["arms"]
    ]
    yield table(header, rows)


def _measured(arm: dict[str, Any], metric: Metric) -> str:
    """Return a metric of an arm, with its interval if the metric rates a ranking."""
    value = arm["test"].get(metric.name)
    if not metric.ranks:
        return number(value, metric.digits)
    return interval(value, arm["intervals"].get(metric.name) if arm["learner"] != DUMMY else None)


LEADERBOARD = part("leaderboard", "Leaderboard", partial(arm_table, of_decisions=False), brief=_brief)
