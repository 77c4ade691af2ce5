"""Metrics on test that need no threshold, of every arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from counterpoise.report._markdown import interval, table
from counterpoise.report._sections.arms import arm_rows, part
from counterpoise.results import DUMMY, learner_label, strategy_label
from counterpoise.text import capital, number

__all__ = ["LEADERBOARD"]


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    header = ["learner", "train", "average precision", "ROC-AUC", "F1", "MCC", "Brier"]
    rows = [
        [
            capital(learner_label(arm["learner"])),
            "–" if arm["learner"] == DUMMY else strategy_label(arm["strategy"]),
            _with_interval(arm, "average_precision"),
            _with_interval(arm, "roc_auc"),
            number(arm["test"]["f1"]),
            number(arm["test"]["mcc"]),
            number(arm["test"]["brier"], 4),
        ]
        for arm in metrics["arms"]
    ]
    yield table(header, rows)


def _with_interval(arm: dict[str, Any], metric: str) -> str:
    return interval(arm["test"][metric], arm["intervals"].get(metric) if arm["learner"] != DUMMY else None)


LEADERBOARD = part("leaderboard", "Leaderboard", arm_rows, brief=_brief)
