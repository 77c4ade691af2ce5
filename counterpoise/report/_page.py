"""The report as one HTML page that opens offline, and in brief as Markdown for the Prefect UI.

The page sends no request; its one small script is ours, its plots are inline SVG.
"""

from __future__ import annotations

from counterpoise.report._data import ReportData
from counterpoise.report._facts import count_up
from counterpoise.report._registry import SECTIONS
from counterpoise.report._section import render_page
from counterpoise.text import markdown_cell

__all__ = ["render_html", "render_markdown"]


def render_html(data: ReportData) -> str:
    """Return the report as a self-contained HTML page, the same text for equal data."""
    return render_page("report.html.j2", SECTIONS, data, counts=count_up(data))


def render_markdown(data: ReportData) -> str:
    """Return the report in brief: the paragraphs of its sections, in their order.

    Plots are images of SVG; all of it stays below 500 kB, which the Prefect UI wants.
    """
    parts = [f"# {markdown_cell(data.title)}", *(text for each in SECTIONS for text in each.in_brief(data))]
    return "\n\n".join(part for part in parts if part) + "\n"
