"""Method `time`: the oldest rows in train, the newest in test, with a gap before each cut for labels that come late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.config import SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._leakage_removal import rows_that_give_way
from counterpoise.split._moments import Moments, Numbers, gap_units
from counterpoise.split._rare import leave_out_absent
from counterpoise.split._rows import Apart, Placement, SplitRows, without

__all__ = ["TimeCuts", "cut_in_time", "place_in_time"]

_LEAST = np.iinfo(np.int64).min


@dataclass(frozen=True)
class TimeCuts:
    """Where partitions begin, in the unit of the times.

    Attributes:
        validation: The first moment of validation.
        test: The first moment of test.
        gap: How long before each of them rows are left out.
    """

    validation: float
    test: float
    gap: float

    def partition(self, values: Numbers) -> Partition:
        """Return the partition of rows at the given times, `REJECTED` within a gap."""
        placed = np.full(len(values), REJECTED, dtype=np.int8)
        placed[_before(values, self.validation, self.gap)] = PARTITIONS.index("train")
        placed[(values >= self.validation) & _before(values, self.test, self.gap)] = PARTITIONS.index("validation")
        placed[values >= self.test] = PARTITIONS.index("test")
        return placed


def place_in_time(
    rows: SplitRows, moments: Moments, *, config: SplitConfig, target: str, time: str, group: str
) -> Placement:
    """Cut the rows in two places along time, and leave out what would tie partitions together.

    Args:
        rows: The rows.
        moments: Their times.
        config: Sizes, gap and policies.
        target: The label column.
        time: The column of times.
        group: The column of groups; empty without any.

    Raises:
        SplitError: Too few moments, a gap that leaves nothing, or a class that is missing from a partition where
            `config.rare_classes` says to stop.
    """
    timed = np.flatnonzero(~moments.missing)
    cuts = cut_in_time(moments.values[timed], config=config, gap=gap_units(config.gap, moments.kind))
    placed = np.full(len(moments.values), REJECTED, dtype=np.int8)
    placed[timed] = cuts.partition(moments.values[timed])
    apart = (*_untimed(moments, placed, config.gap, time), *_tied(rows, placed, group))
    placed = without(placed, apart)
    apart += leave_out_absent(
        placed,
        rows,
        policy=config.rare_classes,
        target=target,
        why="it has none in that stretch of time, or they were left out",
        remedy="choose other sizes or a smaller gap, or merge classes",
    )
    placed = without(placed, apart)
    spans = _spans(placed, moments)
    told = "; ".join(f"{name} {first} to {last}" for name, (first, last) in spans.items())
    return Placement(placed, apart, (f"cut in time: {told}",), spans)


def cut_in_time(values: Numbers, *, config: SplitConfig, gap: float) -> TimeCuts:
    """Return the cuts that give test, then validation their shares of all rows, as near as equal times allow.

    The rows within gaps are taken from validation's and train's side, so that train pays for them.

    Args:
        values: The times of all rows that have one.
        config: The sizes.
        gap: How long before each cut rows are left out.

    Raises:
        SplitError: There are not enough moments, or the gap leaves nothing for a partition.
    """
    ordered = np.sort(values)
    test = _cut(ordered, wanted=round(config.test_size * len(values)), what="test", gap=gap)
    older = ordered[_before(ordered, test, gap)]
    validation = _cut(older, wanted=round(config.validation_size * len(values)), what="validation", gap=gap)
    if not _before(older[:1], validation, gap).any():
        raise _no_room("train", len(older), gap)
    return TimeCuts(validation, test, gap)


def _before(values: Numbers, cut: float, gap: float) -> npt.NDArray[np.bool_]:
    """Return which rows are older than a cut by the gap at least."""
    if not gap:
        return values < cut
    limit = cut - gap
    return values <= (max(limit, _LEAST) if isinstance(limit, int) else limit)


def _cut(ordered: Numbers, *, wanted: int, what: str, gap: float) -> float:
    """Return the moment from which on there are about as many rows as wanted, and at least one, with some before it."""
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
        expected=f"older and newer rows enough for {what} and what comes before it",
        found=f"{left:,} rows to take it from"
        + (f" beyond a gap of {gap:,} (in the unit of columns.time)" if gap else ", or all at one moment"),
        remedy="choose a smaller split.gap or other sizes, or collect rows over a longer time"
        if gap
        else "check columns.time, choose other sizes, or collect rows over a longer time",
        values={"partition": what, "rows": left, "gap": gap},
    )


def _untimed(moments: Moments, placed: Partition, gap: str, time: str) -> Iterator[Apart]:
    """Yield the rows without a time, and those within a gap."""
    missing = np.flatnonzero(moments.missing)
    if len(missing):
        yield Apart("no_time", time, missing, f"{len(missing):,} rows have no time and are left out")
    within = np.flatnonzero((placed == REJECTED) & ~moments.missing)
    if len(within):
        note = f"{len(within):,} rows lie within the gap of {gap} before validation or test and are left out"
        yield Apart("gap", time, within, note)


def _tied(rows: SplitRows, placed: Partition, group: str) -> Iterator[Apart]:
    """Yield the rows that a newer partition has a like of: of their group, or with their features."""
    ties = {"group_elsewhere": rows.group, "equal_elsewhere": rows.content}
    columns = {"group_elsewhere": group, "equal_elsewhere": ""}
    told = {
        "group_elsewhere": "belong to groups that stand in a newer partition, too: they are left out",
        "equal_elsewhere": "equal rows of a newer partition in their features: they are left out (split.duplicates)",
    }
    known = {reason: codes for reason, codes in ties.items() if codes is not None}
    for reason, places in rows_that_give_way(placed, known).items():
        if len(places):
            yield Apart(reason, columns[reason], places, f"{len(places):,} rows of train or validation {told[reason]}")


def _spans(placed: Partition, moments: Moments) -> dict[str, tuple[str, str]]:
    """Return the first and the last moment of each partition as texts."""
    found = {}
    for number, name in enumerate(PARTITIONS):
        own = moments.values[placed == number]
        found[name] = moments.text(own.min().item()), moments.text(own.max().item())
    return found
