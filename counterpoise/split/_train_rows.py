"""The train partition's rows as their own type, so that resampling cannot receive other rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.records import ClassCounts, SplitPlan
from counterpoise.split._files import rows_of_partition
from counterpoise.table import Labels


@dataclass(frozen=True)
class TrainRows:
    """The rows of the train partition, the only rows that resampling ever sees.

    Attributes:
        rows: Source row numbers, int64, in the order in which rows are drawn.
        codes: One class code per row.
        classes: Class names by code.
    """

    rows: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    classes: tuple[str, ...]

    @classmethod
    def from_plan(cls, split: SplitPlan, labels: Labels) -> TrainRows:
        """Return the train rows of a split plan, in the order of their content."""
        rows = rows_of_partition(split, "train")
        return cls(rows, labels.codes[rows], labels.classes)

    def in_source_order(self) -> TrainRows:
        """Return the same rows in the order of the source."""
        order = np.argsort(self.rows)
        return TrainRows(self.rows[order], self.codes[order], self.classes)

    def positions(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the positions of source rows among the train rows, which must contain them.

        This uses a lookup table over all source rows, which is tens of times faster than a search.
        """
        if not len(self.rows):
            return np.zeros(0, np.int64)
        places = np.zeros(int(self.rows.max()) + 1, dtype=np.int32 if len(self.rows) < 2**31 else np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return places[rows].astype(np.int64)

    def counts(self) -> ClassCounts:
        """Return the number of rows by class."""
        found = np.bincount(self.codes, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}
