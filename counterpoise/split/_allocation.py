"""Exact stratified allocation of whole groups of rows to partitions.

Every class gets its share of every partition to within one row, as far as groups allow. Groups with several classes are
placed first, then the others from the largest to the smallest, so that single rows fill the gaps that larger groups
leave. Groups of the same class and size are interchangeable and are assigned at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from counterpoise.config import SplitConfig
from counterpoise.runtime import child_generator
from counterpoise.split._files import Partition
from counterpoise.split._groups import Codes, mixed_groups
from counterpoise.typing import Floats, Ints


@dataclass(frozen=True)
class GroupedRows:
    """Rows to split, with their groups.

    Attributes:
        groups: One group code per row, numbered by first appearance.
        labels: One class code per row, none negative.
        classes: Class names by code; they also name the random streams.
    """

    groups: Codes
    labels: npt.NDArray[np.int32]
    classes: tuple[str, ...]

    @cached_property
    def number(self) -> int:
        """The number of groups."""
        return int(self.groups.max(initial=-1)) + 1

    @property
    def single(self) -> bool:
        """Whether each row is its own group; a group's code is then its row number."""
        return self.number == len(self.groups)

    @cached_property
    def sizes(self) -> Ints:
        """The number of rows per group."""
        return np.bincount(self.groups, minlength=self.number)

    @cached_property
    def mixed(self) -> npt.NDArray[np.bool_]:
        """Whether each group contains several classes."""
        return np.zeros(self.number, np.bool_) if self.single else mixed_groups(self.groups, self.labels)

    def groups_by_class(self) -> Ints:
        """Return the number of groups that contain each class."""
        if self.single:
            return np.bincount(self.labels, minlength=len(self.classes))
        pairs = np.sort(self.labels.astype(np.int64) * self.number + self.groups)
        first = np.concatenate([[True], pairs[1:] != pairs[:-1]])
        return np.bincount(pairs[first] // self.number, minlength=len(self.classes))

    def pure(self, code: int) -> Ints:
        """Return the groups that contain only rows of a class."""
        if self.single:
            return np.flatnonzero(self.labels == code)
        some_label = np.zeros(self.number, dtype=np.int32)
        some_label[self.groups] = self.labels
        return np.flatnonzero((some_label == code) & ~self.mixed)


def partition_shares(config: SplitConfig) -> tuple[float, ...]:
    """Return the partitions' shares of rows, in the order of `PARTITIONS`."""
    return (1 - config.validation_size - config.test_size, config.validation_size, config.test_size)


def partition_targets(rows: int, shares: tuple[float, ...]) -> Ints:
    """Return the target number of a class's rows per partition, by largest remainders and at least one each.

    >>> partition_targets(10, (0.6, 0.2, 0.2)).tolist()
    [6, 2, 2]
    >>> partition_targets(3, (0.6, 0.2, 0.2)).tolist()
    [1, 1, 1]
    """
    wanted = np.asarray(shares, dtype=np.float64) * rows
    counts = np.floor(wanted + 1e-9).astype(np.int64)
    for part in np.argsort(counts - wanted, kind="stable")[: rows - int(counts.sum())]:
        counts[part] += 1
    while rows >= len(counts) and counts.min() == 0:
        counts[np.argmax(counts)] -= 1
        counts[np.argmin(counts)] += 1
    return counts


def allocate_groups(rows: GroupedRows, *, shares: tuple[float, ...], seed: int) -> Partition:
    """Return one partition code per row.

    Args:
        rows: The rows and their groups.
        shares: The partitions' shares of rows, adding up to 1.
        seed: The run's seed.
    """
    totals = np.bincount(rows.labels, minlength=len(rows.classes))
    deficits = np.stack([partition_targets(int(total), shares) for total in totals]).astype(np.float64)
    placed = np.full(rows.number, -1, dtype=np.int8)
    _place_mixed(placed, rows, deficits, seed)
    for code in range(len(rows.classes)):
        _place_pure(placed, rows, code, deficits[code], seed)
    return placed[rows.groups]


def _place_mixed(placed: Partition, rows: GroupedRows, deficits: Floats, seed: int) -> None:
    """Place groups with several classes one by one, those with the largest share of a class first.

    Each goes to the partition that brings the remaining deficits closest to zero. The measure is the sum of squared
    deficits over the target rows (the chi-square statistic), with equal weight for all classes.
    """
    mixed = np.flatnonzero(rows.mixed)
    if len(mixed) == 0:
        return
    counts = _counts_of(mixed, rows)
    totals = np.maximum(deficits.sum(axis=1), 1)
    weights = 1 / (totals[:, None] * np.maximum(deficits, 1))
    tie_break = child_generator(seed, "split", "mixed groups").permutation(len(mixed))
    order = np.lexsort((tie_break, -(counts / totals).max(axis=1)))
    for index in order.tolist():
        group = counts[index][:, None]
        part = int(np.argmin((((deficits - group) ** 2 - deficits**2) * weights).sum(axis=0)))
        placed[mixed[index]] = part
        deficits[:, part] -= counts[index]


def _counts_of(groups: Ints, rows: GroupedRows) -> Floats:
    """Return the number of rows of each class per group, of shape (groups, classes)."""
    number = np.full(rows.number, -1, dtype=np.int64)
    number[groups] = np.arange(len(groups))
    inside = np.flatnonzero(number[rows.groups] >= 0)
    cells = number[rows.groups[inside]] * len(rows.classes) + rows.labels[inside]
    counts = np.bincount(cells, minlength=len(groups) * len(rows.classes))
    return counts.reshape(len(groups), len(rows.classes)).astype(np.float64)


def _place_pure(placed: Partition, rows: GroupedRows, code: int, deficits: Floats, seed: int) -> None:
    """Place the groups that contain only one class at random, all groups of a size at once."""
    own = rows.pure(code)
    sizes = rows.sizes[own]
    rng = child_generator(seed, "split", rows.classes[code])
    for size in np.flatnonzero(np.bincount(sizes))[::-1]:
        alike = rng.permutation(own[sizes == size])
        counts = _share_out(len(alike), int(size), deficits)
        placed[alike] = np.repeat(np.arange(len(deficits), dtype=np.int8), counts)
        deficits -= counts * size
    _fill_empty_partitions(placed, rows, code, parts=len(deficits))


def _share_out(number: int, size: int, deficits: Floats) -> Ints:
    """Distribute `number` groups of `size` rows over the partitions in proportion to their deficits."""
    room = np.maximum(deficits, 0)
    if room.sum() == 0:
        room = np.ones_like(room)
    counts = np.floor(number * room / room.sum() + 1e-9).astype(np.int64)
    for _ in range(number - int(counts.sum())):
        counts[np.argmax(deficits - counts * size)] += 1
    return np.asarray(counts)


def _fill_empty_partitions(placed: Partition, rows: GroupedRows, code: int, *, parts: int) -> None:
    """Move the class's smallest group to each partition without the class, if another partition has one to spare."""
    own = rows.pure(code)
    present = np.bincount(placed[rows.groups[rows.labels == code]], minlength=parts)
    for empty in np.flatnonzero(present == 0):
        held = np.bincount(placed[own], minlength=parts)
        donors = own[held[placed[own]] > 1]
        if len(donors):
            placed[donors[np.argmin(rows.sizes[donors])]] = empty
