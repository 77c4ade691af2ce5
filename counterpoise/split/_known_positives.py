"""Groups known as positive: an entity whose fraud is known by then is not scored again.

The definition is that of the Fraud Detection Handbook (`get_train_test_set`): each day begins with the knowledge of all
labels that are older than the delay, and of train.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._files import Partition
from counterpoise.split._groups import Codes
from counterpoise.split._moments import Moments, TimeValues
from counterpoise.split._rows import Exclusion, SplitRows
from counterpoise.table import Hashes
from counterpoise.typing import Mask

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class LabelledRows:
    """Rows with the facts that knowledge about a group follows from.

    Attributes:
        times: One time per row.
        groups: One group code per row, without gaps.
        positive: Whether each row is positive.
        trained: Whether each row is in train.
    """

    times: TimeValues
    groups: Codes
    positive: Mask
    trained: Mask


@dataclass(frozen=True)
class Knowledge:
    """When labels become known.

    Attributes:
        start: The time when train begins: earlier positives do not count.
        delay: How long it takes until a label is known.
        day: The length of a day; 0 if knowledge grows with each row, because the unit of the times is unknown.
    """

    start: float
    delay: float
    day: float

    @classmethod
    def of(cls, moments: Moments, *, start: float, delay: float) -> Knowledge:
        """Return the knowledge at times of this kind."""
        day = moments.scale.day
        return cls(start, delay, 0 if day is None else int(day) if day.denominator == 1 else float(day))

    def seen_from(self, times: TimeValues) -> TimeValues:
        """Return the time before which positives are known to rows at the given times."""
        begins = times // self.day * self.day if self.day else times
        return np.asarray(begins - self.delay)

    def known(self, rows: LabelledRows) -> Mask:
        """Return the rows outside train whose group is known as positive by then.

        A group is known if it has a positive in train, or one that is older than the delay when the row's day begins.
        """
        number = int(rows.groups.max(initial=-1)) + 1
        counted = rows.positive & (rows.times >= self.start if np.isfinite(self.start) else True)
        first = np.full(number, NEVER if rows.times.dtype.kind == "i" else np.inf, dtype=rows.times.dtype)
        np.minimum.at(first, rows.groups[counted], rows.times[counted])
        in_train = np.zeros(number, np.bool_)
        in_train[rows.groups[rows.positive & rows.trained]] = True
        known = in_train[rows.groups] | (first[rows.groups] < self.seen_from(rows.times))
        return np.asarray(known & ~rows.trained)


@dataclass(frozen=True)
class GroupTimes:
    """What rows say about their groups, as far as known positives need it; one value per distinct group.

    Attributes:
        hashes: A hash of each group.
        first: The time of its first positive that counts; `NEVER` or infinity if there is none.
        trained: Whether it has a positive in train.
        seen: The latest time before which positives are known to one of its rows outside train; the least number
            without such rows.
    """

    hashes: Hashes
    first: TimeValues
    trained: Mask
    seen: TimeValues

    @classmethod
    def of(
        cls, hashes: Hashes, times: TimeValues, positive: Mask, *, knowledge: Knowledge, trained: bool
    ) -> GroupTimes:
        """Summarise rows of one partition by group.

        Args:
            hashes: A hash of each row's group.
            times: Their times.
            positive: Whether each is positive.
            knowledge: When labels become known.
            trained: Whether the partition is train.
        """
        least, never = (-inf, inf) if times.dtype.kind == "f" else (np.iinfo(np.int64).min, NEVER)
        counted = positive & (times >= knowledge.start if np.isfinite(knowledge.start) else True)
        return _by_group(
            hashes,
            np.where(counted, times, never).astype(times.dtype),
            positive & trained,
            np.full(len(times), least, times.dtype) if trained else knowledge.seen_from(times),
        )

    @classmethod
    def together(cls, parts: Sequence[GroupTimes | None]) -> GroupTimes:
        """Return what several parts say together."""
        known = [part for part in parts if part is not None and len(part.hashes)]
        if not known:
            return cls(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.int64))
        return _by_group(
            np.concatenate([part.hashes for part in known]),
            np.concatenate([part.first for part in known]),
            np.concatenate([part.trained for part in known]),
            np.concatenate([part.seen for part in known]),
        )

    def none_known(self) -> bool:
        """Whether no row outside train belongs to a group that was known as positive by then."""
        least = -inf if self.seen.dtype.kind == "f" else np.iinfo(np.int64).min
        return not ((self.seen > least) & (self.trained | (self.first < self.seen))).any()


def _by_group(hashes: Hashes, first: TimeValues, trained: Mask, seen: TimeValues) -> GroupTimes:
    """Return one value per distinct group."""
    distinct, place = np.unique(hashes, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    if not len(starts):
        return GroupTimes(distinct, first, trained, seen)
    return GroupTimes(
        distinct,
        np.minimum.reduceat(first[order], starts),
        np.logical_or.reduceat(trained[order], starts),
        np.maximum.reduceat(seen[order], starts),
    )


def known_positives(
    rows: SplitRows, moments: Moments, placed: Partition, *, knowledge: Knowledge, group: str, positive_class: str
) -> tuple[Exclusion, ...]:
    """Return the rows of validation and test whose group is known as positive by then.

    Args:
        rows: All usable rows with their groups, those of no partition included: their labels become known, too.
        moments: Their times.
        placed: Their partitions.
        knowledge: When labels become known.
        group: The group column.
        positive_class: The class of interest.
    """
    assert rows.group is not None  # noqa: S101  # BalanceConfig wants a group column
    positive = rows.labels == rows.classes.index(positive_class)
    timed = np.flatnonzero(~moments.missing)
    labelled = LabelledRows(
        moments.values[timed], rows.group[timed], positive[timed], placed[timed] == PARTITIONS.index("train")
    )
    places = timed[knowledge.known(labelled) & (placed[timed] >= 0)]
    if not len(places):
        return ()
    entities = len(np.unique(rows.group[places]))
    shares = ", ".join(f"{(placed[places] == PARTITIONS.index(name)).sum():,} of {name}" for name in PARTITIONS[1:])
    note = (
        f"{len(places):,} rows ({shares}) belong to {entities:,} values of {group} that were known as positive "
        f"(class {positive_class!r}) by then: they are excluded (split.known_positives)"
    )
    return (Exclusion("known_positive", group, places, note),)


def class_of_interest(rows: SplitRows, wanted: str) -> str:
    """Return the class that known positives belong to: the given one, or the rarer one of two.

    Raises:
        SplitError: The given class does not exist, or there are more than two classes and none is given.
    """
    if wanted in rows.classes:
        return wanted
    counts = np.bincount(rows.labels, minlength=len(rows.classes))
    if not wanted and len(rows.classes) == 2:
        return rows.classes[int(counts[1] <= counts[0])]
    raise SplitError(
        "positive_class",
        expected="evaluation.positive_class to be one of the classes, for split.known_positives",
        found=f"{wanted!r}, while the classes are {', '.join(map(repr, rows.classes[:20]))}",
        remedy="correct evaluation.positive_class",
        values={"classes": list(rows.classes[:20])},
    )
