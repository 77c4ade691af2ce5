"""What resampling before the split would have shown."""

from __future__ import annotations

from typing import Any

from counterpoise.report._data import of_metrics
from counterpoise.report._section import Section

__all__ = ["LEAK"]


def _view(metrics: dict[str, Any]) -> dict[str, Any] | None:
    return metrics["leak"] or None


LEAK = Section("leak", "", "leak.html.j2", of_metrics(_view), optional=True)
