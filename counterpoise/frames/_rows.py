"""The rows of a result as positions in the frame, so that original rows come back as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from counterpoise.table import encode_values, to_series
from counterpoise.typing import Ints, Mask


@dataclass(frozen=True)
class ResultRows:
    """Rows to return: those of the frame by their positions, and synthetic ones by their values.

    Attributes:
        names: The columns to return, by their names in the engine.
        positions: The position of each row in the frame; -1 for synthetic rows.
        made: The synthetic rows in their order.
        source: All rows of the frame as the engine read them.
        chosen: Columns whose synthetic values are some row's, whatever their type: label and categories.
        reread: Columns that the engine reads differently from how the frame holds them, as the configuration says.
    """

    names: tuple[str, ...]
    positions: Ints
    made: pa.Table
    source: pa.Table
    chosen: frozenset[str]
    reread: frozenset[str] = frozenset()

    @cached_property
    def is_made(self) -> Mask:
        """Whether each row is synthetic."""
        return np.asarray(self.positions < 0)

    @property
    def original(self) -> Ints:
        """The positions of the rows that are the frame's, in their order."""
        return self.positions[~self.is_made]

    @cached_property
    def merge(self) -> Ints:
        """Where each row stands if the frame's rows come first and the synthetic ones follow."""
        order = np.empty(len(self.positions), np.int64)
        order[~self.is_made] = np.arange(len(self.original))
        order[self.is_made] = len(self.original) + np.arange(self.made.num_rows)
        return order

    def positions_of(self, name: str) -> Ints | None:
        """Return for each row a position in the frame with its value; None if some synthetic value stands nowhere."""
        if not self.made.num_rows:
            return self.positions
        kind = self.source[name].type
        numeric = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
        if (numeric or pa.types.is_temporal(kind)) and name not in self.chosen:
            return None
        found = _first_positions(self.made[name], self.source[name])
        if (found < 0).any():
            return None
        positions = self.positions.copy()
        positions[self.is_made] = found
        return positions

    def read_values(self, name: str) -> pa.ChunkedArray:
        """Return the values of all rows as the engine reads them."""
        original = self.source[name].take(pa.array(self.original))
        made = self.made[name].cast(original.type)
        return pa.chunked_array([*original.chunks, *made.chunks], original.type).take(pa.array(self.merge))


def _first_positions(wanted: pa.ChunkedArray, among: pa.ChunkedArray) -> Ints:
    """Return the first position of each wanted value, -1 where there is none."""
    together = pa.chunked_array([*among.chunks, *wanted.cast(among.type).chunks], among.type)
    codes = encode_values(to_series(together)).codes
    known, first = np.unique(codes[: len(among)], return_index=True)
    places = np.minimum(np.searchsorted(known, codes[len(among) :]), len(known) - 1)
    return np.where(known[places] == codes[len(among) :], first[places], -1).astype(np.int64)
