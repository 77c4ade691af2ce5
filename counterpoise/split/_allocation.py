"""Exact stratified allocation of whole groups of rows to partitions.

Every class gets its share of every partition to within one row, as far as groups allow, and every partition gets its
share of large and of small groups (`_placing`). Groups with several classes are placed first, then the others class by
class; exchanges of groups of similar size make the rows exact (`_evening`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from counterpoise.config import SplitConfig
from counterpoise.runtime import child_generator
from counterpoise.split._evening import even_out_classes, even_out_rows
from counterpoise.split._files import Partition
from counterpoise.split._groups import Codes, mixed_groups
from counterpoise.split._placing import place_in_strata
from counterpoise.typing import Floats, Ints, Matrix


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
    targets = np.stack([partition_targets(int(total), shares) for total in totals]).astype(np.float64)
    placed = np.full(rows.number, -1, dtype=np.int8)
    mixed = np.flatnonzero(rows.mixed)
    counts = _counts_of(mixed, rows)
    left = targets - _place_mixed(placed, mixed, counts, targets, seed)
    for code in range(len(rows.classes)):
        _place_pure(placed, rows, code, left[code], seed)
    if len(mixed):
        own, rng = placed[mixed], child_generator(seed, "split", "mixed groups", "again")
        total = np.bincount(rows.labels * len(shares) + placed[rows.groups], minlength=targets.size)
        pure = total.reshape(targets.shape) - _held(own, counts, parts=len(shares))
        even_out_classes(own, counts, targets - pure, rng)
        placed[mixed] = own
    return placed[rows.groups]


def _place_mixed(placed: Partition, mixed: Ints, counts: Matrix, targets: Matrix, seed: int) -> Matrix:
    """Place the groups with several classes, and return their rows of each class per partition.

    Each partition gets its share of every class's rows in these groups; the groups of one class do the rest.
    """
    if not len(mixed):
        return np.zeros_like(targets)
    rng = child_generator(seed, "split", "mixed groups")
    aims = targets * (counts.sum(axis=0) / np.maximum(targets.sum(axis=1), 1))[:, None]
    own = place_in_strata(counts, aims, rng, room=targets)
    even_out_classes(own, counts, aims, rng)
    placed[mixed] = own
    return _held(own, counts, parts=targets.shape[1])


def _held(placed: Partition, counts: Matrix, *, parts: int) -> Matrix:
    """Return the rows of each class per partition."""
    return np.stack([counts[placed == part].sum(axis=0) for part in range(parts)], axis=1)


def _counts_of(groups: Ints, rows: GroupedRows) -> Matrix:
    """Return the number of rows of each class per group, of shape (groups, classes)."""
    number = np.full(rows.number, -1, dtype=np.int64)
    number[groups] = np.arange(len(groups))
    inside = np.flatnonzero(number[rows.groups] >= 0)
    cells = number[rows.groups[inside]] * len(rows.classes) + rows.labels[inside]
    counts = np.bincount(cells, minlength=len(groups) * len(rows.classes))
    return counts.reshape(len(groups), len(rows.classes)).astype(np.float64)


def _place_pure(placed: Partition, rows: GroupedRows, code: int, deficits: Floats, seed: int) -> None:
    """Place the groups that contain only one class at random."""
    own = rows.pure(code)
    sizes = rows.sizes[own]
    rng = child_generator(seed, "split", rows.classes[code])
    if len(own) and sizes.min() == sizes.max():
        alike = rng.permutation(own)
        placed[alike] = np.repeat(
            np.arange(len(deficits), dtype=np.int8), _share_out(len(alike), int(sizes[0]), deficits)
        )
    elif len(own):
        found = place_in_strata(sizes[:, None].astype(np.float64), deficits[None, :], rng)
        even_out_rows(found, sizes, deficits, rng)
        placed[own] = found
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
