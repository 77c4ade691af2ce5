"""Looking at the rows only that were added to a source: what the expectations about drift share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["STRETCHES", "among", "shown", "stretches_of"]

Rows = Sequence[Sequence[int]]

STRETCHES = 10
"""Added rows are taken for one unit like a tenth of the earlier ones, over which the design effect was measured."""


def among(values: pd.Series[Any], rows: Rows | None) -> pd.Series[Any]:
    """Return the values in stretches of rows, given as the first row and the first one after; all for None.

    >>> among(pd.Series(list("abcdef")), [[0, 1], [4, 6]]).tolist()
    ['a', 'e', 'f']
    """
    if rows is None:
        return values
    inside = np.zeros(len(values), np.bool_)
    for first, stop in rows:
        inside |= np.asarray((values.index >= first) & (values.index < stop))
    return values[inside]


def stretches_of(rows: Rows | None) -> int:
    """Return how many units like that which is looked at the earlier rows hold."""
    return 1 if rows is None else STRETCHES


def shown(part: str | None, summary: str) -> str:
    """Return what was found with where it was found.

    >>> shown("day-8.csv", "12 % missing"), shown(None, "12 % missing")
    ('in day-8.csv: 12 % missing', '12 % missing')
    """
    return f"in {part}: {summary}" if part else summary
