"""The file of a split plan: the rows in content order, and per row a partition code and a code for its content.

Only rows that stay together if they are equal have such a code.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from counterpoise.records import PARTITIONS, SplitPlan
from counterpoise.table import read_arrow
from counterpoise.typing import Ints

Partition = npt.NDArray[np.int8]

REJECTED = -1


def read_partition(split: SplitPlan) -> Partition:
    """Return the partition code of every snapshot row."""
    return np.asarray(read_arrow(split.file)["partition"].to_numpy(), dtype=np.int8)


def read_order(split: SplitPlan) -> Ints:
    """Return all rows in the order of their content, in which everything is drawn."""
    return np.asarray(read_arrow(split.file)["order"].to_numpy())


def rows_of_partition(split: SplitPlan, name: str) -> Ints:
    """Return the source rows of a partition, in the order of their content."""
    order = read_order(split)
    return np.asarray(order[read_partition(split)[order] == PARTITIONS.index(name)])


def read_content(split: SplitPlan) -> npt.NDArray[np.int64] | None:
    """Return one code per snapshot row, equal for equal features; None if rows with equal features may be separated."""
    table = read_arrow(split.file)
    return np.asarray(table["content"].to_numpy()) if "content" in table.column_names else None
