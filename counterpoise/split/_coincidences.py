"""Whether equal rows may be coincidences: few discrete features make them where rows are independent."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from counterpoise.table import row_hashes
from counterpoise.typing import Ints

_PLAUSIBLE = 0.05
"""Equal rows may be coincidences if independent columns alone make at least this share of the equal pairs."""


def expects_equal_rows(features: pa.Table) -> bool:
    """Return whether equal rows may well be independent: whether coincidence alone would make many of them.

    Two rows of a table whose columns are independent are equal with the product of the columns' own probabilities.
    Columns that go together make equal rows even more likely. Where a column is continuous, coincidences do not happen.

    >>> few = np.arange(600) % 4
    >>> expects_equal_rows(pa.table({"a": few, "b": few // 2}))
    True
    >>> once = np.random.default_rng(0).normal(size=(2, 150))
    >>> expects_equal_rows(pa.table({"a": np.repeat(once[0], 4), "b": np.repeat(once[1], 4)}))
    False

    Args:
        features: The rows' features.
    """
    rows = features.num_rows
    if rows < 2 or not features.num_columns:
        return False
    everything = rows * (rows - 1) / 2
    found = _equal_pairs(_sizes(features))
    expected = everything * float(
        np.prod([_equal_pairs(_sizes(features.select([name]))) / everything for name in features.column_names])
    )
    return found > 0 and expected >= _PLAUSIBLE * found


def _sizes(table: pa.Table) -> Ints:
    """Return how often each distinct row occurs."""
    return np.unique(row_hashes(table), return_counts=True)[1].astype(np.int64)


def _equal_pairs(sizes: Ints) -> float:
    return float((sizes * (sizes - 1)).sum()) / 2
