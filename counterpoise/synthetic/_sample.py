"""Draw a seeded sample of rows, stratified by class, that does not depend on row order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.runtime import child_generator
from counterpoise.synthetic._train_files import PublishedTrain
from counterpoise.typing import Ints, Mask

_CELLS = 8_000_000
_MOST_REAL = 50_000
_FEWEST_REAL = 1_000
_SYNTHETIC_SHARE = 10


@dataclass(frozen=True)
class SampleSizes:
    """How many synthetic rows to sample, and how many real rows to search for their neighbours."""

    synthetic: int
    real: int

    @classmethod
    def of(cls, columns: int) -> SampleSizes:
        """Return the sample sizes for a number of features: 5,000 and 50,000 rows, fewer for very wide tables.

        >>> SampleSizes.of(30), SampleSizes.of(2_000)
        (SampleSizes(synthetic=5000, real=50000), SampleSizes(synthetic=400, real=4000))
        """
        real = min(_MOST_REAL, max(_FEWEST_REAL, _CELLS // max(columns, 1)))
        return cls(real // _SYNTHETIC_SHARE, real)


def shared_out(counts: Ints, most: int) -> Ints:
    """Divide a maximum number of rows among classes.

    Half of it is divided evenly, so that small classes are complete; the rest is divided in proportion.

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
    """Return positions of rows, class by class, each class in random order.

    Args:
        train: The rows.
        among: The rows to choose from.
        most: The maximum number of rows.
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
