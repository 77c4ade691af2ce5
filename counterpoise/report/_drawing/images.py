"""Plots as Markdown images with SVG data URIs, because the Prefect UI does not show inline SVG."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from counterpoise.report._drawing.charts import Figure
from counterpoise.report._templates import template_environment
from counterpoise.text import markdown_cell


def charts_image(heading: str, figures: Iterable[Figure]) -> str:
    """Return charts of equal size as one Markdown image, two per row, each with its heading."""
    return markdown_image(heading, "image_charts.svg.j2", figures=list(figures))


def markdown_image(heading: str, template: str, **values: object) -> str:
    """Render a template as a Markdown image.

    Args:
        heading: The title of the image.
        template: The SVG template.
        **values: Further values for the template.
    """
    drawn = template_environment().get_template(template).render(heading=heading, **values)
    return f"![{markdown_cell(heading)}](data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()})"
