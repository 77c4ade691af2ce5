"""The splits of the leak simulation: honest, as in the run, and careless, as in the mistake."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.split import GroupedRows, allocate_groups, group_codes
from counterpoise.table import row_hashes
from counterpoise.typing import Ints, Mask

Numbers = npt.NDArray[np.int64 | np.float64]

TEST_SHARE = 0.4
"""The share of rows held out: large, because there are few positives and only one split."""


@dataclass(frozen=True)
class Sides:
    """Masks of the train rows and the held-out rows; a row may be neither."""

    train: Mask
    test: Mask

    @classmethod
    def drawn(cls, positive: Mask, *, seed: int, codes: Ints | None = None) -> Sides:
        """Draw the sides at random, stratified by class, with tied rows on one side.

        Args:
            positive: Which rows are of the class of interest.
            seed: The seed of the draw.
            codes: One code per row, from 0 without gaps by first appearance; by default no rows are tied.
        """
        codes = np.arange(len(positive)) if codes is None else codes
        rows = GroupedRows(codes, positive.astype(np.int32), ("negative", "positive"))
        test = allocate_groups(rows, shares=(1 - TEST_SHARE, TEST_SHARE), seed=seed) == 1
        return cls(~test, test)

    def fewest(self, positive: Mask) -> int:
        """Return the size of the smallest class on either side."""
        return min(int((side & own).sum()) for side in (self.train, self.test) for own in (positive, ~positive))


@dataclass(frozen=True)
class Ties:
    """The constraints that keep rows on one side.

    Attributes:
        codes: One code per row, equal for rows that stay together.
        times: The time of each row in any unit if the split is by time; None if it is random.
    """

    codes: Ints
    times: Numbers | None = None

    @classmethod
    def of_equal_rows(cls, features: pa.Table) -> Ties:
        """Tie rows that are equal in all features."""
        return cls(group_codes(row_hashes(features)) if features.num_columns else np.arange(features.num_rows))

    def of(self, rows: Ints) -> Ties:
        """Return the ties of the given rows."""
        return replace(self, codes=self.codes[rows], times=None if self.times is None else self.times[rows])

    @property
    def kind(self) -> str:
        """How rows are held out: the `newest`, `tied` rows together, or single `rows`."""
        if self.times is not None:
            return "newest"
        return "tied" if len(np.unique(self.codes)) < len(self.codes) else "rows"

    def sides(self, positive: Mask, *, seed: int) -> Sides:
        """Hold out the newest rows and drop older ones tied to them; without times, draw with tied rows together."""
        if self.times is None:
            return Sides.drawn(positive, seed=seed, codes=group_codes(self.codes.astype(np.uint64)))
        wanted = round(TEST_SHARE * len(positive))
        test = self.times >= np.sort(self.times)[len(positive) - wanted]
        return Sides(~test & ~np.isin(self.codes, self.codes[test]), test)
