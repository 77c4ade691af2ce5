"""Which rows are looked at: a seeded sample, stratified by class, that does not depend on where rows lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.runtime import child_generator
from counterpoise.synthetic._train_files import PublishedTrain
from counterpoise.typing import Ints, Mask

__all__ = ["Limits", "choose_rows", "shared_out"]


_CELLS = 8_000_000
_MOST_REAL = 50_000
_FEWEST_REAL = 1_000
_SYNTHETIC_SHARE = 10


@dataclass(frozen=True)
class Limits:
    """How many synthetic rows are looked at, and how many real rows their neighbours are looked for among."""

    synthetic: int
    real: int

    @classmethod
    def of(cls, columns: int) -> Limits:
        """Return the limits for a table of so many features: 5,000 against 50,000 rows, fewer of very wide ones.

        >>> Limits.of(30), Limits.of(2_000)
        (Limits(synthetic=5000, real=50000), Limits(synthetic=400, real=4000))
        """
        real = min(_MOST_REAL, max(_FEWEST_REAL, _CELLS // max(columns, 1)))
        return cls(real // _SYNTHETIC_SHARE, real)


def shared_out(counts: Ints, most: int) -> Ints:
    """Return how many rows of each class are looked at, at most so many in all.

    Half of them go to the classes evenly, so that small ones are looked at whole, what is left goes in proportion.

    >>> shared_out(np.array([300, 99_700]), 10_000).tolist()
    [300, 9700]
    """
    if counts.sum() <= most:
        return counts
    even: Ints = np.minimum(counts, most // (2 * len(counts)))
    rest = counts - even
    sizes: Ints = even + rest * (most - even.sum()) // rest.sum()
    return sizes


def choose_rows(train: PublishedTrain, among: Mask, *, most: int, seed: int, name: str) -> Ints:
    """Return positions of rows, class after class, each class in random order.

    Args:
        train: The rows.
        among: Which of them may be chosen.
        most: How many at most.
        seed: The run's seed.
        name: The name of the random stream.
    """
    codes = train.labels.codes
    classes, counts = np.unique(codes[among], return_counts=True)
    chosen = [np.zeros(0, np.int64)]
    for code, number in zip(classes, shared_out(counts, most), strict=True):
        own = np.flatnonzero(among & (codes == code))
        ordered = own[np.argsort(train.identity[own], kind="stable")]
        rng = child_generator(seed, "synthetic quality", name, train.labels.classes[code])
        chosen.append(ordered[rng.permutation(len(ordered))[:number]])
    return np.concatenate(chosen)
