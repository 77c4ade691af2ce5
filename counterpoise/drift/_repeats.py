"""Whether added rows are new, or rows that were delivered before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.table import Hashes
from counterpoise.typing import Mask

__all__ = ["Repeats", "repeats_among"]


_ALL_DIFFERENT = 100
"""So many rows without a repetition show that rows of this source do not repeat by nature."""


@dataclass(frozen=True)
class Repeats:
    """How many of the added rows are new, in a sample.

    Attributes:
        rows: The added rows that were looked at.
        new: How many different rows among them were not there before.
        expected: How many there would be if they came from where the earlier ones came from.
    """

    rows: int
    new: int
    expected: float


def repeats_among(hashes: Hashes, here: Mask, added: Mask) -> Repeats | None:
    """Return how many of some added rows are new; None where there is nothing to look at.

    Tables of few different rows repeat them by nature. How many new ones are to be expected follows from how many of
    the earlier rows stand there once, twice and three times (Good and Toulmin, Biometrika 43, 1956). More added rows
    than earlier ones are taken for as many, so that rather too few are expected.

    Args:
        hashes: Of a sample of rows that holds all copies of a row, or none.
        here: Which of them are asked about.
        added: Which of them were added at all.
    """
    values, counts = np.unique(hashes[~added], return_counts=True)
    rows, earlier = int(here.sum()), int(counts.sum())
    if not rows or not earlier:
        return None
    different = np.unique(hashes[here])
    new = len(different) - int(np.isin(different, values).sum())
    if counts.max() == 1 and earlier >= _ALL_DIFFERENT:
        return Repeats(rows, new, float(rows))
    times = min(1.0, rows / earlier)
    once, twice, thrice = (int((counts == number).sum()) for number in (1, 2, 3))
    return Repeats(rows, new, max(0.0, once * times - twice * times**2 + thrice * times**3))
