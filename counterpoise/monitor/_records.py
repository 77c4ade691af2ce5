"""The result of checking a source."""

from __future__ import annotations

from typing import Literal

from counterpoise.records import ClassCounts, Record

WhatChanged = Literal["columns", "rows", "classes", "values", "missing values"]

MonitorStatus = Literal["unchanged", "steady", "moved", "broken"]
"""The same bytes as the version's source; no change beyond the limits; changes beyond the usual limits; changes so
large that the feed is probably broken."""


class Change(Record):
    """A single change.

    Attributes:
        what: The kind of change.
        column: The column; empty for the whole table.
        broken: Whether the change is so large that the feed is probably broken.
        observed: The size of the change, in words.
        measured: The size as a number, such as a population stability index, if there is one.
    """

    what: WhatChanged
    column: str = ""
    broken: bool
    observed: str
    measured: float | None = None


class MonitorReport(Record):
    """The comparison of a source with a version.

    Attributes:
        dataset: The dataset's name.
        version: The version that the source was compared with.
        checked: The time of the check, in UTC.
        status: The worst finding.
        changes: The changes, largest first.
        compared: How many expectations were checked.
        rows: Rows of the source now.
        rows_before: Rows of the version's source.
        classes: Rows by class now; empty if the label column no longer exists.
        classes_before: Rows by class of the version's source.
        source_newest: The time of the source's newest row, or else of its newest file, in UTC; empty if neither is
            known.
        source_newest_by: Its origin: the name of the time column, or `file`; empty if it is unknown.
        source_age: Its age in hours.
        newest_version: The newest version, which may differ from `version`.
        version_age: Its age in hours.
        stale: Sentences on age limits that are exceeded; empty if none is.
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
        """Whether any change exceeds the limits."""
        return self.status in ("moved", "broken")
