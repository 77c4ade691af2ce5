"""The report in brief, as Markdown for the Prefect UI."""

from __future__ import annotations

from counterpoise.report._data import ReportData
from counterpoise.report._registry import SECTIONS
from counterpoise.text import markdown_cell

__all__ = ["render_markdown"]


def render_markdown(data: ReportData) -> str:
    """Return the report in brief: the paragraphs of its sections, in their order.

    Plots are inline SVG; all of it stays below 500 kB, which the Prefect UI wants.
    """
    parts = [f"# {markdown_cell(data.title)}", *(text for each in SECTIONS for text in each.in_brief(data))]
    return "\n\n".join(part for part in parts if part) + "\n"
