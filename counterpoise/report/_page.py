"""The report as one HTML page that opens offline: no request, one small script of ours, plots as inline SVG."""

from __future__ import annotations

from counterpoise.report._data import ReportData
from counterpoise.report._facts import count_up
from counterpoise.report._registry import SECTIONS
from counterpoise.report._section import render_page

__all__ = ["render_html"]


def render_html(data: ReportData) -> str:
    """Return the report as a self-contained HTML page, the same text for equal data."""
    return render_page("report.html.j2", SECTIONS, data, counts=count_up(data))
