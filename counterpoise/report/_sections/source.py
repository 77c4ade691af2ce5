"""What came in."""

from __future__ import annotations

from counterpoise.report._data import ReportData
from counterpoise.report._section import Section

__all__ = ["SOURCE"]

SOURCE = Section[ReportData]("source", "Source", "source.html.j2")
