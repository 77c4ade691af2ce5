"""The report as one HTML page that opens offline, and as a Markdown brief for the Prefect UI.

The page sends no requests. It contains one small script of our own; its plots are inline SVG.
"""

from __future__ import annotations

from counterpoise.report._data import ReportData
from counterpoise.report._facts import count_up
from counterpoise.report._registry import SECTIONS
from counterpoise.report._section import render_page
from counterpoise.text import markdown_cell


def render_html(data: ReportData) -> str:
    """Render the report as a self-contained HTML page; equal data give equal text."""
    return render_page("report.html.j2", SECTIONS, data, counts=count_up(data))


def render_markdown(data: ReportData) -> str:
    """Render the Markdown brief: the paragraphs of all sections, in order.

    Plots are SVG images. The brief stays below 500 kB, the limit of the Prefect UI.
    """
    parts = [f"# {markdown_cell(data.title)}", *(text for each in SECTIONS for text in each.in_brief(data))]
    return "\n\n".join(part for part in parts if part) + "\n"
