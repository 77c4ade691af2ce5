"""Plots as images in Markdown: SVG as data URIs, which the Prefect UI shows, as it shows no inline SVG."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from counterpoise.report._drawing.charts import Figure
from counterpoise.report._templates import template_environment
from counterpoise.text import markdown_cell

__all__ = ["charts_image", "markdown_image"]


def charts_image(heading: str, figures: Iterable[Figure]) -> str:
    """Return charts of one size, two in a row and each under its own heading, as one image in Markdown."""
    return markdown_image(heading, "image_charts.svg.j2", figures=list(figures))


def markdown_image(heading: str, template: str, **values: object) -> str:
    """Return an image in Markdown.

    Args:
        heading: What the image shows.
        template: Its template.
        **values: What the template sees.
    """
    drawn = template_environment().get_template(template).render(heading=heading, **values)
    return f"![{markdown_cell(heading)}](data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()})"
