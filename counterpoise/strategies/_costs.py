"""The memory and time that a sampler needs, as declared by its strategy.

Seconds are rough: a search for neighbours counts as the distances that it may compute, at one cost on two cores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MIB = 2**20
DISTANCE = 1.5e-10
"""Seconds for one column of one distance."""
NODE = 4e-7
"""Seconds for one value in one step of a model."""
TREE_COLUMNS = 15
"""The largest number of columns for which a tree of the points is searched; above it, all distances are computed."""
_TREE_DISTANCE = 6e-10


@dataclass(frozen=True)
class Workload:
    """The properties of a table that a sampler's time depends on.

    Attributes:
        rows: The number of train rows.
        columns: The number of columns of the neighbour space.
        least: Rows of the smallest class.
        growing: Rows of the growing classes before resampling.
        wanted: Wanted rows of all classes together.
        added: The number of rows to make.
    """

    rows: int
    columns: int
    least: int
    growing: int
    wanted: int
    added: int

    @property
    def searching(self) -> float:
        """The seconds to search the neighbours of every row among all rows."""
        return search_seconds(self.rows, self.rows, self.columns)


@dataclass(frozen=True)
class Costs:
    """The costs of a sampler, measured by `benchmarks/preflight.py`.

    Attributes:
        copies: How many copies of the points it holds at its peak.
        seconds: Its time, without the search within the classes that it grows.
        model_bytes: The fixed memory of the model inside it; 0 if there is none.
        model_row_bytes: The model's memory per row.
    """

    copies: float
    seconds: Callable[[Workload], float]
    model_bytes: int = 0
    model_row_bytes: int = 0


NO_COSTS = Costs(copies=0.0, seconds=lambda _: 0.0)
"""The costs of strategies that only look at labels: they hold no points."""


def search_seconds(queries: float, candidates: float, columns: int) -> float:
    """Return the seconds of a search for neighbours: by a tree up to 15 columns, by all distances above."""
    if columns > TREE_COLUMNS:
        return DISTANCE * queries * candidates * columns
    return _TREE_DISTANCE * queries * min(candidates, 500 * 2.0**columns) * columns
