"""The section `validation`: the requirements on the data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import ColumnNames, Section


class ValidationConfig(Section):
    """The requirements that the data must meet before it is used."""

    literal_fields = frozenset({"drift_ignore"})

    suite: str = Field(
        "", description="A Great Expectations suite (JSON), applied in addition to the built-in contract."
    )
    on_invalid_rows: Literal["stop", "quarantine"] = Field(
        "quarantine",
        description="What to do with rows that fail a critical expectation: stop the run, or quarantine them.",
    )
    max_rejected: float = Field(
        0.1, ge=0, le=1, description="The maximum share of rejected rows; above it, the run stops."
    )
    schema_changes: Literal["freeze", "evolve"] = Field(
        "freeze",
        description="What to do if columns disappeared, are new or changed their kind since the last version: "
        "stop, or report.",
    )
    drift: Literal["stop", "report", "off"] = Field(
        "stop",
        description="Comparison of rows, classes and values with the last version: stop if they look broken, only"
        " report, or do not compare.",
    )
    earlier_rows: Literal["stay", "may_go"] = Field(
        "stay",
        description="What to do if files of the last version are missing or changed: stop, or only report, for example "
        "for a folder that keeps the last thirty days.",
    )
    drift_ignore: ColumnNames = Field(
        (), description="Features whose values naturally differ between deliveries, such as a month."
    )
