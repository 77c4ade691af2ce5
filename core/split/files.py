"""The file of a split plan: a partition code a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from counterpoise.core.arrow_files import read_arrow
from counterpoise.core.records import SplitPlan

__all__ = [
    "REJECTED",
    "Partition",
    "read_partition",
]

Partition = npt.NDArray[np.int8]

REJECTED = -1


def read_partition(split: SplitPlan) -> Partition:
    """Return the partition code of every snapshot row."""
    return np.asarray(read_arrow(split.file)["partition"].to_numpy(), dtype=np.int8)
