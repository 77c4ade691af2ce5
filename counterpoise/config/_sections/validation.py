"""What the data must satisfy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import Section

__all__ = ["ValidationConfig"]


class ValidationConfig(Section):
    """What the data must satisfy before it is used."""

    literal_fields = frozenset({"drift_ignore"})

    suite: str = Field("", description="A Great Expectations suite (JSON), applied on top of the built-in contract.")
    on_invalid_rows: Literal["stop", "quarantine"] = Field(
        "quarantine", description="Rows that break a critical expectation: stop the run or set them apart."
    )
    max_rejected: float = Field(
        0.1, ge=0, le=1, description="The largest share of rejected rows; above it the run stops."
    )
    schema_changes: Literal["freeze", "evolve"] = Field(
        "freeze",
        description="Columns that are gone, new or of another kind since the last version: stop, or accept and report.",
    )
    drift: Literal["stop", "report", "off"] = Field(
        "stop",
        description="Rows, classes and values against the last version: stop where they look broken, only report, or "
        "do not compare.",
    )
    earlier_rows: Literal["stay", "may_go"] = Field(
        "stay",
        description="Files that the last version was made from and that are gone or changed: stop, or only report, as "
        "for a folder that keeps the last thirty days.",
    )
    drift_ignore: tuple[str, ...] = Field(
        (), description="Features whose values differ by nature from delivery to delivery, such as a month."
    )
