"""The days of test rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from counterpoise.typing import Ints


@dataclass(frozen=True)
class DayCodes:
    """The day of each test row.

    Attributes:
        codes: One code per row, a position in `names`; every day occurs.
        names: The days as text, ascending.
    """

    codes: Ints
    names: tuple[str, ...]

    @classmethod
    def of(cls, days: Ints, *, in_calendar: bool) -> DayCodes:
        """Number the days of rows.

        Args:
            days: The day of each row: since 1970, or since 0 for plain numbers.
            in_calendar: Whether the days are those of the calendar.
        """
        known, codes = np.unique(days, return_inverse=True)
        names = (str(day) for day in (known.astype("M8[D]") if in_calendar else known))
        return cls(np.asarray(codes, dtype=np.int64), tuple(names))

    @property
    def rows(self) -> list[Ints]:
        """The positions of each day's rows."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.searchsorted(self.codes[order], np.arange(len(self.names) + 1))
        return [order[start:end] for start, end in pairwise(ends)]
