"""Helpers for drift expectations that check only the rows added to a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from counterpoise.drift import Dependence, UnitEffects

Rows = Sequence[Sequence[int]]

STRETCHES = 10
"""Added rows count as one unit, like each tenth of the earlier rows between which the design effect was measured."""


def among(values: pd.Series[Any], rows: Rows | None) -> pd.Series[Any]:
    """Return the values in stretches of rows, each given by its first row and the first row after it; all for None.

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
    """Return the number of units in the earlier rows that correspond to the checked rows."""
    return 1 if rows is None else STRETCHES


def dependence_of(effect: float, rows: Rows | None, units: Mapping[str, float] | None) -> Dependence:
    """Return how much rows depend on each other.

    Args:
        effect: The design effect between stretches of the earlier rows.
        rows: The stretches of the checked rows; None for all.
        units: The design effects of units; None if there are none.
    """
    return Dependence(effect, stretches_of(rows), None if units is None else UnitEffects(**units))


def shown(part: str | None, summary: str) -> str:
    """Return a summary prefixed with the place that it applies to.

    >>> shown("day-8.csv", "12 % missing"), shown(None, "12 % missing")
    ('in day-8.csv: 12 % missing', '12 % missing')
    """
    return f"in {part}: {summary}" if part else summary
