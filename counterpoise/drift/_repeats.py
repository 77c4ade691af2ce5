"""Estimate whether added rows are new or repeat rows that were delivered before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.table import Hashes
from counterpoise.typing import Mask

_ALL_DIFFERENT = 100
"""This many rows without a repetition show that rows of the source do not repeat naturally."""


@dataclass(frozen=True)
class Repeats:
    """The number of new rows among the added rows in a sample.

    Attributes:
        rows: The number of added rows in the sample.
        new: The number of distinct rows among them that were not there before.
        expected: The number expected if they came from the same population as the earlier rows.
    """

    rows: int
    new: int
    expected: float


def repeats_among(hashes: Hashes, here: Mask, added: Mask) -> Repeats | None:
    """Return how many of the selected added rows are new; None if the sample has none of them or no earlier rows.

    Tables with few distinct rows repeat them naturally. The expected number of new rows follows from how many earlier
    rows occur once, twice and three times (Good and Toulmin, Biometrika 43, 1956). If more rows were added than existed
    before, the estimate counts only as many, so it is rather too low.

    Args:
        hashes: The hashes of a sample that contains either all copies of a row or none.
        here: Which of the sampled rows to check.
        added: Which of the sampled rows were added anywhere.
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
