"""The file of a split plan: a partition code per row and, if equal rows stay together, a code for the row's content."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from counterpoise.records import SplitPlan
from counterpoise.table import read_arrow

Partition = npt.NDArray[np.int8]

REJECTED = -1


def read_partition(split: SplitPlan) -> Partition:
    """Return the partition code of every snapshot row."""
    return np.asarray(read_arrow(split.file)["partition"].to_numpy(), dtype=np.int8)


def read_content(split: SplitPlan) -> npt.NDArray[np.int64] | None:
    """Return one code per snapshot row, equal for equal features; None if rows with equal features may be separated."""
    table = read_arrow(split.file)
    return np.asarray(table["content"].to_numpy()) if "content" in table.column_names else None
