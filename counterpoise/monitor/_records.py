"""What a check of a source has found."""

from __future__ import annotations

from typing import Literal

from counterpoise.records import ClassCounts, Record

__all__ = ["Change", "MonitorReport", "MonitorStatus", "WhatChanged"]

WhatChanged = Literal["columns", "rows", "classes", "values", "missing values"]

MonitorStatus = Literal["unchanged", "steady", "moved", "broken"]
"""The same bytes as the version's source; no change beyond the limits; some beyond the usual ones; some so large that
the feed is more likely broken."""


class Change(Record):
    """One thing that is not as it was.

    Attributes:
        what: What has changed.
        column: Of which column; empty where it is the whole table.
        broken: Whether the change is so large that the feed is more likely broken than that the world has moved.
        observed: By how much, in words.
        measured: By how much, where that is one number, such as a population stability index.
    """

    what: WhatChanged
    column: str = ""
    broken: bool
    observed: str
    measured: float | None = None


class MonitorReport(Record):
    """A source held against a version.

    Attributes:
        dataset: The dataset's name.
        version: The version that the source was held against.
        checked: When, in UTC.
        status: The worst of what was found.
        changes: What has changed, the largest changes first.
        compared: How many expectations were asked.
        rows: Rows of the source now.
        rows_before: Rows of the version's source.
        classes: Rows by class now; empty where there is no such label column any more.
        classes_before: Rows by class of the version's source.
        source_newest: When the source's newest row happened, or its newest file was written, in UTC; empty where
            neither is known.
        source_newest_by: What says so: the name of the time column, or `file`; empty where nothing does.
        source_age: How old that is, in hours.
        newest_version: The newest version, which need not be the one above.
        version_age: How old that one is, in hours.
        stale: What is older than it may be, in words; empty where nothing is.
    """

    dataset: str
    version: int
    checked: str
    status: MonitorStatus
    changes: tuple[Change, ...]
    compared: int
    rows: int
    rows_before: int
    classes: ClassCounts
    classes_before: ClassCounts
    source_newest: str
    source_newest_by: str
    source_age: float | None
    newest_version: int
    version_age: float
    stale: tuple[str, ...]

    @property
    def drifted(self) -> bool:
        """Whether anything has changed beyond the limits."""
        return self.status in ("moved", "broken")
