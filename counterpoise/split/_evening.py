"""Even out the rows of each class over partitions by exchanging or moving a few groups of similar size.

Groups that were drawn miss the targets by some rows. Exchanges keep the number of groups per partition; moves of small
groups do the rest. The largest groups stay where they were drawn as long as others will do, because moving those that
do not fit would send large groups to the largest partition.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from counterpoise.split._files import Partition
from counterpoise.typing import Floats, Ints, Mask, Matrix

_STAYS = 0.1
"""The share of groups, the largest, that are moved only if nothing else helps."""
_MOST_EXCHANGES = 1_000
_MOST_SIZES = 500
_CLOSE = 0.01
_PAIRS, _ROUNDS, _PATIENCE, _NEIGHBOURS = 1_000, 200, 3, 25


@dataclass(frozen=True)
class _Exchange:
    """Groups of one size go to another partition, for the same number of smaller ones or (size 0) for none."""

    source: int
    sink: int
    size: int
    back: int
    gain: float


def even_out_rows(placed: Partition, sizes: Ints, aims: Floats, rng: np.random.Generator) -> None:
    """Exchange and move groups of one class until each partition has its rows, as nearly as groups allow.

    Args:
        placed: The partition of each group, changed in place.
        sizes: The rows of each group.
        aims: The rows wanted per partition.
        rng: The random generator.
    """
    for movable in _small_first(sizes):
        for _ in range(_MOST_EXCHANGES):
            missed = np.bincount(placed, weights=sizes, minlength=len(aims)) - aims
            best = _best(placed, sizes, missed, movable)
            if best is None:
                break
            members = [
                rng.permutation(np.flatnonzero(movable & (placed == part) & (sizes == size)))
                for part, size in ((best.source, best.size), (best.sink, best.back))
            ]
            fits = int(min(missed[best.source], -missed[best.sink]) // (best.size - best.back))
            number = max(1, min(fits, *(len(own) for own in members if len(own))))
            placed[members[0][:number]] = best.sink
            placed[members[1][:number]] = best.source


def _small_first(sizes: Floats | Ints) -> tuple[Mask, Mask]:
    """Return which groups may be moved at first, and which if those are not enough."""
    limit = np.sort(sizes)[max(0, int(np.ceil(len(sizes) * (1 - _STAYS))) - 1)] if len(sizes) else 0
    return np.asarray(sizes <= limit), np.ones(len(sizes), np.bool_)


def _best(placed: Partition, sizes: Ints, missed: Floats, movable: Mask) -> _Exchange | None:
    """Return the exchange after which the partitions miss the fewest rows in sum; None if none improves it."""
    held = [np.unique(sizes[movable & (placed == part)])[:_MOST_SIZES] for part in range(len(missed))]
    found: list[_Exchange] = []
    for source, sink in permutations(range(len(missed)), 2):
        excess, lack = missed[source], -missed[sink]
        if excess <= 0 or lack <= 0 or not len(held[source]):
            continue
        back = np.concatenate([held[sink], [0]])
        steps = held[source][:, None] - back
        gains = excess + lack - np.abs(excess - steps) - np.abs(lack - steps)
        gains[(steps <= 0) | (steps > min(excess, lack)) & (steps != steps[steps > 0].min(initial=1))] = 0
        row, column = np.unravel_index(int(np.argmax(gains)), gains.shape)
        if gains[row, column] > 1e-9:
            found.append(_Exchange(source, sink, int(held[source][row]), int(back[column]), gains[row, column]))
    return max(found, key=lambda one: one.gain, default=None)


def even_out_classes(placed: Partition, counts: Matrix, aims: Matrix, rng: np.random.Generator) -> None:
    """Exchange and move groups of several classes while it lowers the chi-square distance from the wanted rows.

    Args:
        placed: The partition of each group, changed in place.
        counts: The rows of each class per group, shape (groups, classes).
        aims: The rows of each class wanted per partition, shape (classes, partitions).
        rng: The random generator.
    """
    totals = np.maximum(counts.sum(axis=0), 1)
    sizes = counts @ (1 / totals)
    order = np.argsort(-sizes, kind="stable")
    distance = _Distance(counts, 1 / (totals[:, None] * np.maximum(aims, 1)))
    missed = np.stack([counts[placed == part].sum(axis=0) for part in range(aims.shape[1])], axis=1) - aims
    for movable, near in zip(_small_first(sizes), (_NEIGHBOURS, len(sizes)), strict=True):
        if near > _NEIGHBOURS and (np.abs(missed) <= np.maximum(1, _CLOSE * aims)).all():
            return
        failed = 0
        for _ in range(_ROUNDS):
            better = distance.lower(placed, missed, _pairs(order[movable[order]], near, rng), rng)
            failed = 0 if better else failed + 1
            if failed >= _PATIENCE:
                break


@dataclass(frozen=True)
class _Distance:
    """The chi-square distance of partitions from their aims: squared rows missed, by weight, shape as the aims."""

    counts: Matrix
    weights: Matrix

    def lower(self, placed: Partition, missed: Matrix, pairs: tuple[Ints, Ints], rng: np.random.Generator) -> bool:
        """Carry out the best of some exchanges, in place, if it lowers the distance."""
        one, other = pairs
        alone = other < 0
        source, sink = placed[one], np.where(alone, rng.integers(0, missed.shape[1], len(one)), placed[other])
        step = (self.counts[one] - np.where(alone, 0, 1)[:, None] * self.counts[other]).T
        left, right = missed[:, source] - step, missed[:, sink] + step
        gains = (self._of(missed[:, source], source) - self._of(left, source)) + (
            self._of(missed[:, sink], sink) - self._of(right, sink)
        )
        best = int(np.argmax(np.where(source == sink, 0, gains)))
        if source[best] == sink[best] or gains[best] <= 1e-12:
            return False
        placed[one[best]] = sink[best]
        if not alone[best]:
            placed[other[best]] = source[best]
        missed[:, source[best]], missed[:, sink[best]] = left[:, best], right[:, best]
        return True

    def _of(self, missed: Matrix, parts: Partition) -> Floats:
        return np.asarray((missed**2 * self.weights[:, parts]).sum(axis=0))


def _pairs(order: Ints, near: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return random groups, and for each a neighbour in size to exchange it with, or -1 to move it alone."""
    first = rng.integers(0, len(order), _PAIRS)
    second = np.clip(first + rng.integers(-near, near + 1, _PAIRS), 0, len(order) - 1)
    return order[first], np.where(rng.random(_PAIRS) < 0.25, -1, order[second])
