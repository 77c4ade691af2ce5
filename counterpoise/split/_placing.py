"""Place groups of unlike sizes so that every partition gets small and large ones alike.

Groups are sorted by size and cut into strata of neighbours. Each stratum gives every partition its share of groups,
whole numbers by systematic sampling and the rest carried over, so that a partition's groups are a sample of all sizes.
Which neighbour goes where is drawn. Groups that are larger than a partition cannot be drawn: each goes where it misses
the targets least.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from counterpoise.split._files import Partition
from counterpoise.typing import Floats, Ints, Mask, Matrix

_MOST_STRATA = 20_000


def place_in_strata(counts: Matrix, aims: Matrix, rng: np.random.Generator, *, room: Matrix | None = None) -> Partition:
    """Return the partition of each group.

    Args:
        counts: The rows of each class per group, shape (groups, classes).
        aims: The rows of each class wanted per partition, shape (classes, partitions); negative where a partition has
            too many already.
        rng: The random generator.
        room: The rows of each class that fit in each partition, if other groups follow; by default the aims.
    """
    placed = np.full(len(counts), -1, np.int8)
    sizes = counts @ (1 / np.maximum(counts.sum(axis=0), 1))
    order = np.lexsort((rng.random(len(counts)), -sizes))
    large = _too_large(counts, aims if room is None else room)
    aims = _place_large(placed, counts, order[large[order]], aims)
    order = order[~large[order]]
    if len(order):
        placed[order] = _drawn(sizes[order], _open_shares(counts[order], aims), rng)
    return placed


def _too_large(counts: Matrix, aims: Matrix) -> Mask:
    """Return which groups have more rows of a class than the smallest partition wants, if it wants any."""
    fewest = counts.sum(axis=1).min(initial=np.inf)
    wants = aims.sum(axis=0) >= fewest
    if not wants.any():
        return np.ones(len(counts), np.bool_)
    return np.asarray((counts > np.maximum(aims[:, wants].min(axis=1), 0)).any(axis=1))


def _place_large(placed: Partition, counts: Matrix, groups: Ints, aims: Matrix) -> Matrix:
    """Place each group where it leaves the smallest sum of squared deficits over targets; return the aims left over."""
    left = aims.copy()
    totals = np.maximum(aims.sum(axis=1), 1)
    weights = 1 / (totals[:, None] * np.maximum(aims, 1))
    for group in groups.tolist():
        own = counts[group][:, None]
        part = int(np.argmin((((left - own) ** 2 - left**2) * weights).sum(axis=0)))
        placed[group] = part
        left[:, part] -= counts[group]
    return left


def _drawn(sizes: Floats, shares: Floats, rng: np.random.Generator) -> Partition:
    """Return the partitions of groups sorted by size, the largest first."""
    placed, carry = np.empty(len(sizes), np.int8), np.zeros(len(shares))
    for start, end in _strata(sizes, shares):
        wanted = (end - start) * shares + carry
        numbers = _whole(wanted, end - start, rng)
        carry = wanted - numbers
        placed[start:end] = rng.permutation(np.repeat(np.arange(len(shares), dtype=np.int8), numbers))
    return placed


def _open_shares(counts: Matrix, aims: Matrix) -> Floats:
    """Return the share of the groups that each partition gets: its share of the rows that are still wanted."""
    weights = 1 / np.maximum(counts.sum(axis=0), 1)
    wanted = (np.maximum(aims, 0) * weights[:, None]).sum(axis=0)
    return np.asarray(wanted / wanted.sum() if wanted.sum() > 0 else np.full(len(wanted), 1 / len(wanted)))


def _strata(sizes: Floats, shares: Floats) -> Iterator[tuple[int, int]]:
    """Yield the first group and the end of each stratum of groups sorted by falling size.

    A stratum has enough groups for one in the smallest partition; groups of equal size are one stratum.
    """
    least = int(np.ceil(1 / shares[shares > 0].min() - 1e-9))
    least = max(least, -(-len(sizes) // _MOST_STRATA))
    start = 0
    while start < len(sizes):
        end = min(start + least, len(sizes))
        if sizes[start] == sizes[end - 1]:
            end = int(np.searchsorted(-sizes, -sizes[start], "right"))
        yield start, end
        start = end


def _whole(wanted: Floats, total: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return whole numbers that add up to the total, each the wanted one rounded up or down at random."""
    wanted = np.maximum(wanted, 0)
    wanted = wanted * (total / wanted.sum())
    numbers = np.floor(wanted + 1e-9).astype(np.int64)
    order = rng.permutation(len(wanted))
    steps = np.floor(np.cumsum((wanted - numbers)[order]) + rng.random())
    numbers[order] += np.diff(steps, prepend=0).astype(np.int64)
    numbers[order[-1]] += total - int(numbers.sum())  # rounding of the sum
    return numbers
