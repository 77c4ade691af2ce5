"""Cut rows in time by shares: test is the newest share, validation the share before it, each with a gap before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.config import SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._moments import TimeValues

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


def cut_in_time(values: TimeValues, *, config: SplitConfig, gap: float) -> TimeCuts:
    """Return the cuts that give test and then validation their shares of all rows, as closely as equal times allow.

    Test and validation keep their sizes, so the rows lost in gaps reduce train.

    Args:
        values: The times of all rows that have one.
        config: The sizes, and the gap as text.
        gap: The length of the gap before each cut.

    Raises:
        SplitError: There are too few distinct times, or the gap leaves no rows for a partition.
    """
    ordered = np.sort(values)
    test = cut_before(ordered, wanted=round(config.test_size * len(values)), what="test", gap=config.gap)
    older = ordered[_before(ordered, test, gap)]
    wanted = round(config.validation_size * len(values))
    validation = cut_before(older, wanted=wanted, what="validation", gap=config.gap)
    if not _before(older[:1], validation, gap).any():
        raise no_room("train", len(older), config.gap)
    return TimeCuts(validation, test, gap)


def cut_before(ordered: TimeValues, *, wanted: int, what: str, gap: str = "") -> float:
    """Return the cut with about the wanted number of rows after it, and at least one row on either side.

    Args:
        ordered: The times, ascending.
        wanted: The number of rows after the cut.
        what: The partition after the cut, for the error.
        gap: The gap as text, for the error.

    Raises:
        SplitError: There are too few distinct times.
    """
    if len(ordered) <= max(wanted, 1):
        raise no_room(what, len(ordered), gap)
    middle = ordered[len(ordered) - max(wanted, 1)]
    starts = [int(np.searchsorted(ordered, middle, "left")), int(np.searchsorted(ordered, middle, "right"))]
    possible = [start for start in starts if 0 < start < len(ordered)]
    if not possible:
        raise no_room(what, len(ordered), gap)
    best = min(possible, key=lambda start: abs(len(ordered) - start - wanted))
    value: float = ordered[best].item()
    return value


def no_room(what: str, left: int, gap: str = "") -> SplitError:
    """Return the error that a partition would have no rows.

    Args:
        what: The partition.
        left: The number of rows to choose from.
        gap: The gap as text.
    """
    return SplitError(
        "no_room_in_time",
        expected=f"enough rows over time for {what} and the partitions before it",
        found=f"{left:,} rows to choose from" + (f" outside a gap of {gap}" if gap else ", or only one distinct time"),
        remedy="choose a smaller split.gap or other sizes, give windows instead (split.test: 7 days), or collect rows "
        "over a longer period"
        if gap
        else "check columns.time, choose other sizes, or collect rows over a longer period",
        values={"partition": what, "rows": left, "gap": gap},
    )


def _before(values: TimeValues, cut: float, gap: float) -> npt.NDArray[np.bool_]:
    """Return which rows are older than a cut by at least the gap."""
    if not gap:
        return values < cut
    limit = cut - gap
    return values <= (max(limit, _LEAST) if isinstance(limit, int) else limit)
