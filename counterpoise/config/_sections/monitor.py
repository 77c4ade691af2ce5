"""The section `monitor`: how `counterpoise monitor` checks a source."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from counterpoise.config._sections.fields import Section

_LONGEST = 24 * 3_660
"""Ten years, in hours."""


class MonitorConfig(Section):
    """Settings of the scheduled check of a source; published datasets do not depend on them."""

    baseline: Literal["newest", "promoted", "first"] = Field(
        "newest",
        description="The version to compare the source with; first also detects drift that is slow from version "
        "to version.",
    )
    max_source_age: float = Field(
        0,
        ge=0,
        le=_LONGEST,
        description="The maximum age of the source in hours, by its newest row in columns.time or else its newest"
        " file. 0 for any age.",
    )
    max_version_age: float = Field(
        0, ge=0, le=_LONGEST, description="The maximum age of the newest version in hours. 0 for any age."
    )
