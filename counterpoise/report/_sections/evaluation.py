"""The evaluation: an introduction, and the parts that show the metrics record."""

from __future__ import annotations

from functools import partial
from typing import Any

from counterpoise.report._data import ReportData
from counterpoise.report._section import Section
from counterpoise.report._sections.alerts import ALERTS
from counterpoise.report._sections.arms import arm_table, grouped_figures, part
from counterpoise.report._sections.by_class import BY_CLASS
from counterpoise.report._sections.calibration import CALIBRATION
from counterpoise.report._sections.changes import CHANGES
from counterpoise.report._sections.class_decisions import CLASS_DECISIONS
from counterpoise.report._sections.curves import CURVES
from counterpoise.report._sections.decision_curves import DECISION_CURVES
from counterpoise.report._sections.explorer import EXPLORER
from counterpoise.report._sections.leaderboard import LEADERBOARD
from counterpoise.report._sections.one_vs_rest import ONE_VS_REST
from counterpoise.report._sections.operating_points import OPERATING_POINTS


def _binary(data: ReportData) -> bool:
    return data.metrics is not None and data.metrics["task"] == "binary"


def _slices(metrics: dict[str, Any]) -> dict[str, Any] | None:
    """Return the segments of test; an empty record with more than two classes, which have no segments."""
    return metrics["slices"] or (None if metrics["task"] == "binary" else {})


EVALUATION = Section(
    "evaluation",
    "Evaluation",
    "evaluation.html.j2",
    parts=(
        LEADERBOARD,
        CHANGES,
        CURVES,
        CALIBRATION,
        part(
            "thresholds",
            lambda data: "Thresholds" if _binary(data) else "Decisions",
            partial(arm_table, of_decisions=True),
        ),
        BY_CLASS,
        CLASS_DECISIONS,
        ONE_VS_REST,
        OPERATING_POINTS,
        DECISION_CURVES,
        part("top", "", lambda metrics: grouped_figures(metrics, "top")),
        ALERTS,
        EXPLORER,
        part("slices", lambda data: "Segments" if _binary(data) else "", _slices),
        part("groups", "", lambda metrics: metrics.get("groups")),
        part("leak", "", lambda metrics: metrics["leak"] or None),
    ),
)
