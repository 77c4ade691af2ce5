"""The segments of test with the lowest recall."""

from __future__ import annotations

from typing import Any

from counterpoise.report._data import ReportData, of_metrics
from counterpoise.report._section import Section

__all__ = ["SLICES"]


def _title(data: ReportData) -> str:
    """Return no title where there is nothing to find: segments are made for two classes."""
    return "Segments" if data.metrics and data.metrics["task"] == "binary" else ""


def _view(metrics: dict[str, Any]) -> dict[str, Any] | None:
    return metrics["slices"] or (None if metrics["task"] == "binary" else {})


SLICES = Section("slices", _title, "slices.html.j2", of_metrics(_view), optional=True)
