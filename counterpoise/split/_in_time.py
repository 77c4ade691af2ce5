"""Method `time`: the oldest rows go to train and the newest to test, with a gap before each cut for delayed labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.config import SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._leakage_removal import rows_to_exclude
from counterpoise.split._moments import Moments, TimeValues, gap_units
from counterpoise.split._rare import exclude_absent_classes
from counterpoise.split._rows import Exclusion, Placement, SplitRows, without

_LEAST = np.iinfo(np.int64).min


@dataclass(frozen=True)
class TimeCuts:
    """The start times of the partitions, in the unit of the time column.

    Attributes:
        validation: The start of validation.
        test: The start of test.
        gap: The length of the gap before each of them, whose rows are excluded.
    """

    validation: float
    test: float
    gap: float

    def partition(self, values: TimeValues) -> Partition:
        """Return the partition of rows at the given times; `REJECTED` within a gap."""
        placed = np.full(len(values), REJECTED, dtype=np.int8)
        placed[_before(values, self.validation, self.gap)] = PARTITIONS.index("train")
        placed[(values >= self.validation) & _before(values, self.test, self.gap)] = PARTITIONS.index("validation")
        placed[values >= self.test] = PARTITIONS.index("test")
        return placed


def place_in_time(
    rows: SplitRows, moments: Moments, *, config: SplitConfig, target: str, time: str, group: str
) -> Placement:
    """Cut the rows at two points in time, and exclude rows that would link partitions.

    Args:
        rows: The rows.
        moments: Their times.
        config: Sizes, gap and policies.
        target: The label column.
        time: The time column.
        group: The group column; empty if there is none.

    Raises:
        SplitError: There are too few distinct times, the gap leaves no rows for a partition, or a class is missing from
            a partition and `config.rare_classes` is `stop`.
    """
    timed = np.flatnonzero(~moments.missing)
    cuts = cut_in_time(moments.values[timed], config=config, gap=gap_units(config.gap, moments.kind))
    placed = np.full(len(moments.values), REJECTED, dtype=np.int8)
    placed[timed] = cuts.partition(moments.values[timed])
    exclusions = (*_untimed(moments, placed, config.gap, time), *_tied(rows, placed, group))
    placed = without(placed, exclusions)
    exclusions += exclude_absent_classes(
        placed,
        rows,
        policy=config.rare_classes,
        target=target,
        why="it has no rows in that period, or they were excluded",
        remedy="choose other sizes or a smaller gap, or merge classes",
    )
    placed = without(placed, exclusions)
    spans = _spans(placed, moments)
    periods = "; ".join(f"{name} {first} to {last}" for name, (first, last) in spans.items())
    return Placement(placed, exclusions, (f"cut in time: {periods}",), spans)


def cut_in_time(values: TimeValues, *, config: SplitConfig, gap: float) -> TimeCuts:
    """Return the cuts that give test and then validation their shares of all rows, as closely as equal times allow.

    Test and validation keep their sizes, so the rows lost in gaps reduce train.

    Args:
        values: The times of all rows that have one.
        config: The sizes.
        gap: The length of the gap before each cut.

    Raises:
        SplitError: There are too few distinct times, or the gap leaves no rows for a partition.
    """
    ordered = np.sort(values)
    test = _cut(ordered, wanted=round(config.test_size * len(values)), what="test", gap=gap)
    older = ordered[_before(ordered, test, gap)]
    validation = _cut(older, wanted=round(config.validation_size * len(values)), what="validation", gap=gap)
    if not _before(older[:1], validation, gap).any():
        raise _no_room("train", len(older), gap)
    return TimeCuts(validation, test, gap)


def _before(values: TimeValues, cut: float, gap: float) -> npt.NDArray[np.bool_]:
    """Return which rows are older than a cut by at least the gap."""
    if not gap:
        return values < cut
    limit = cut - gap
    return values <= (max(limit, _LEAST) if isinstance(limit, int) else limit)


def _cut(ordered: TimeValues, *, wanted: int, what: str, gap: float) -> float:
    """Return the cut with about the wanted number of rows after it, and at least one row on either side."""
    if len(ordered) <= max(wanted, 1):
        raise _no_room(what, len(ordered), gap)
    middle = ordered[len(ordered) - max(wanted, 1)]
    starts = [int(np.searchsorted(ordered, middle, "left")), int(np.searchsorted(ordered, middle, "right"))]
    possible = [start for start in starts if 0 < start < len(ordered)]
    if not possible:
        raise _no_room(what, len(ordered), gap)
    best = min(possible, key=lambda start: abs(len(ordered) - start - wanted))
    value: float = ordered[best].item()
    return value


def _no_room(what: str, left: int, gap: float) -> SplitError:
    return SplitError(
        "no_room_in_time",
        expected=f"enough rows over time for {what} and the partitions before it",
        found=f"{left:,} rows to choose from"
        + (f" outside a gap of {gap:,} (in the unit of columns.time)" if gap else ", or only one distinct time"),
        remedy="choose a smaller split.gap or other sizes, or collect rows over a longer period"
        if gap
        else "check columns.time, choose other sizes, or collect rows over a longer period",
        values={"partition": what, "rows": left, "gap": gap},
    )


def _untimed(moments: Moments, placed: Partition, gap: str, time: str) -> Iterator[Exclusion]:
    """Yield the rows without a time, and those within a gap."""
    missing = np.flatnonzero(moments.missing)
    if len(missing):
        yield Exclusion("no_time", time, missing, f"{len(missing):,} rows have no time and are excluded")
    within = np.flatnonzero((placed == REJECTED) & ~moments.missing)
    if len(within):
        note = f"{len(within):,} rows fall in the gap of {gap} before validation or test and are excluded"
        yield Exclusion("gap", time, within, note)


def _tied(rows: SplitRows, placed: Partition, group: str) -> Iterator[Exclusion]:
    """Yield the rows whose group or features also occur in a newer partition."""
    ties = {"group_elsewhere": rows.group, "equal_elsewhere": rows.content}
    columns = {"group_elsewhere": group, "equal_elsewhere": ""}
    notes = {
        "group_elsewhere": "belong to groups that also occur in a newer partition: they are excluded",
        "equal_elsewhere": "have the same features as rows of a newer partition: they are excluded (split.duplicates)",
    }
    known = {reason: codes for reason, codes in ties.items() if codes is not None}
    for reason, places in rows_to_exclude(placed, known).items():
        if len(places):
            note = f"{len(places):,} rows of train or validation {notes[reason]}"
            yield Exclusion(reason, columns[reason], places, note)


def _spans(placed: Partition, moments: Moments) -> dict[str, tuple[str, str]]:
    """Return the first and the last time of each partition as text."""
    found = {}
    for number, name in enumerate(PARTITIONS):
        own = moments.values[placed == number]
        found[name] = moments.text(own.min().item()), moments.text(own.max().item())
    return found
