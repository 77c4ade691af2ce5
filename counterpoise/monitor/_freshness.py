"""Measure the age of a source and of a dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot
from counterpoise.table import SnapshotReader


@dataclass(frozen=True)
class Freshness:
    """The time of a source's newest content.

    Attributes:
        newest: The time in UTC; None if it is unknown.
        by: Its origin: the name of the time column, or `file`; empty if it is unknown.
    """

    newest: datetime | None
    by: str


def measure_freshness(config: BalanceConfig, snapshot: Snapshot, *, now: datetime) -> Freshness:
    """Return the time of the newest row by `columns.time`, or of the newest file if that is not a date or time.

    Rows with a future time are ignored, and times without a zone count as UTC.

    Args:
        config: Provides the time column and the files.
        snapshot: The source.
        now: The time of the check, with a time zone.
    """
    column = config.columns.time
    newest = _newest_row(snapshot, column, now) if column else None
    if newest is not None:
        return Freshness(newest, column)
    written = _newest_file(config.source.path) if not config.source.version else None
    return Freshness(written, "file" if written else "")


def hours_between(earlier: datetime, later: datetime) -> float:
    """Return the hours between two times, at least 0.

    >>> hours_between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, 12, tzinfo=UTC))
    36.0
    """
    return max(0.0, (later - earlier).total_seconds() / 3600)


def too_old(what: str, age: float | None, limit: float) -> list[str]:
    """Return a sentence if something exceeds its age limit; empty if it does not or if the limit is 0.

    >>> too_old("the newest version", 50.0, 24), too_old("the newest version", 50.0, 0)
    (['the newest version is 50.0 hours old, more than 24'], [])
    >>> too_old("the source", None, 24)
    ['the source: its age is not known']
    """
    if not limit:
        return []
    if age is None:
        return [f"{what}: its age is not known"]
    return [f"{what} is {age:,.1f} hours old, more than {limit:,g}"] if age > limit else []


def _newest_row(snapshot: Snapshot, column: str, now: datetime) -> datetime | None:
    reader = SnapshotReader(snapshot)
    kind = reader.schema.field(column).type if column in reader.schema.names else pa.null()
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return None
    return max(_group_maxima(reader, column, now), default=None)


def _group_maxima(reader: SnapshotReader, column: str, now: datetime) -> Iterator[datetime]:
    """Yield the newest time of each row group that is not in the future."""
    plain = pa.timestamp("us")  # Arrow stores times with a zone in UTC
    limit = pa.scalar(now.astimezone(UTC).replace(tzinfo=None), plain)
    for _, table in reader.iter_groups([column]):
        moments = table[column].cast(plain, safe=False)
        newest = pc.max(moments.filter(pc.less_equal(moments, limit))).as_py()
        if newest is not None:
            yield newest.replace(tzinfo=UTC)


def _newest_file(path: str) -> datetime | None:
    """Return the modification time of a source's newest local file."""
    from counterpoise.config import SourceConfig
    from counterpoise.ingest import find_files

    if not path or "://" in path:
        return None
    files = find_files(SourceConfig(path=path)).paths
    return datetime.fromtimestamp(max(Path(file).stat().st_mtime for file in files), UTC)
