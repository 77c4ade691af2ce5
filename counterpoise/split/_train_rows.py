"""The train partition's rows as a type of their own, so that resampling cannot be handed others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.records import PARTITIONS, ClassCounts, SplitPlan
from counterpoise.split._files import read_partition
from counterpoise.table import Labels

__all__ = ["TrainRows"]

_LOOKED_UP_FROM = 16


@dataclass(frozen=True)
class TrainRows:
    """The rows of the train partition, and no others: all that resampling ever sees.

    Attributes:
        rows: Source row numbers, int64, ascending.
        codes: Class codes, one a row.
        classes: Class names by code.
    """

    rows: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    classes: tuple[str, ...]

    @classmethod
    def from_plan(cls, split: SplitPlan, labels: Labels) -> TrainRows:
        """Take the train rows out of a split plan."""
        rows = np.flatnonzero(read_partition(split) == PARTITIONS.index("train"))
        return cls(rows, labels.codes[rows], labels.classes)

    def positions(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return where the given source rows stand among the train rows; they must be there.

        Many rows are looked up in a table of all source rows, which is tens of times faster than searching.
        """
        if len(rows) * _LOOKED_UP_FROM < len(self.rows) or not len(self.rows):
            return np.searchsorted(self.rows, rows)
        places = np.zeros(int(self.rows[-1]) + 1, dtype=np.int32 if len(self.rows) < 2**31 else np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return places[rows].astype(np.int64)

    def counts(self) -> ClassCounts:
        """Return rows by class."""
        found = np.bincount(self.codes, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}
