"""What was published, and how to check and read it."""

from __future__ import annotations

from counterpoise.report._data import ReportData
from counterpoise.report._section import Section

__all__ = ["PERSIST"]

PERSIST = Section[ReportData]("persist", "Persist", "persist.html.j2")
