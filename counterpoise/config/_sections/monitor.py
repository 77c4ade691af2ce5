"""The section of the configuration that says what `counterpoise monitor` holds a source against."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import Section

__all__ = ["MonitorConfig"]

_LONGEST = 24 * 3_660
"""Ten years, in hours."""


class MonitorConfig(Section):
    """What the scheduled check of a source looks at; no published dataset depends on it."""

    baseline: Literal["newest", "promoted", "first"] = Field(
        "newest",
        description="The version that the source is held against; first also sees a drift that is slow from version "
        "to version.",
    )
    max_source_age: float = Field(
        0,
        ge=0,
        le=_LONGEST,
        description="How many hours old the source may be: its newest row by columns.time, else its newest file. 0 for "
        "any age.",
    )
    max_version_age: float = Field(
        0, ge=0, le=_LONGEST, description="How many hours old the newest version may be. 0 for any age."
    )
