"""Decisions on test: at the threshold chosen on validation, or of the most probable class."""

from __future__ import annotations

from counterpoise.report._data import ReportData, of_metrics
from counterpoise.report._section import Section
from counterpoise.report._sections.arms import arm_rows

__all__ = ["THRESHOLDS"]


def _title(data: ReportData) -> str:
    return "Thresholds" if data.metrics and data.metrics["task"] == "binary" else "Decisions"


THRESHOLDS = Section("thresholds", _title, "thresholds.html.j2", of_metrics(arm_rows), optional=True)
