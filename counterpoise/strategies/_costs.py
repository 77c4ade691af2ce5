"""What a sampler needs of memory and time, as a strategy declares it.

Seconds are coarse: a search for neighbours is taken for as many distances as it may need, at one cost on two cores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["DISTANCE", "MIB", "NODE", "NO_COSTS", "TREE_COLUMNS", "Costs", "Workload", "search_seconds"]

MIB = 2**20
DISTANCE = 1.5e-10
"""Seconds for one column of one distance."""
NODE = 4e-7
"""Seconds for one value in one step of a model."""
TREE_COLUMNS = 15
"""Up to so many columns a tree of the points is searched, above it all distances are taken."""
_TREE_DISTANCE = 6e-10


@dataclass(frozen=True)
class Workload:
    """A table as a sampler's time depends on it.

    Attributes:
        rows: Train rows.
        columns: Columns of the space in which they are points.
        least: Rows of the smallest class.
        growing: Rows of the classes that should grow, before they do.
        wanted: Rows wanted of all classes together.
        added: Rows to be made.
    """

    rows: int
    columns: int
    least: int
    growing: int
    wanted: int
    added: int

    @property
    def searching(self) -> float:
        """The seconds of a search for the neighbours of every row among all rows."""
        return search_seconds(self.rows, self.rows, self.columns)


@dataclass(frozen=True)
class Costs:
    """What a sampler needs, measured by `benchmarks/preflight.py`.

    Attributes:
        copies: How often it copies the points, at its peak.
        seconds: Its time beyond the search within the classes that it grows.
        model_bytes: What the model inside it takes, whatever the rows; 0 where there is none.
        model_row_bytes: What the model takes for each row.
    """

    copies: float
    seconds: Callable[[Workload], float]
    model_bytes: int = 0
    model_row_bytes: int = 0


NO_COSTS = Costs(copies=0.0, seconds=lambda _: 0.0)
"""Of strategies that look at labels alone: no sampler holds a point."""


def search_seconds(queries: float, candidates: float, columns: int) -> float:
    """Return the seconds of a search for neighbours: by a tree up to 15 columns, by all distances above."""
    if columns > TREE_COLUMNS:
        return DISTANCE * queries * candidates * columns
    return _TREE_DISTANCE * queries * min(candidates, 500 * 2.0**columns) * columns
