"""Near-duplicates: rows whose fractional numbers differ by rounding noise only, and that are equal in the rest.

Each fractional column is rounded to a millionth of its own spread, on three grids that are a third of a step apart:
values that noise puts on two sides of one grid's edge are on one side of the others'. Rows that agree on a grid are
near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa

from counterpoise.records import NearDuplicates, Snapshot
from counterpoise.split._files import Partition
from counterpoise.split._groups import Codes, content_hashes, group_codes, link_groups
from counterpoise.table import Hashes, SnapshotReader, row_hashes
from counterpoise.typing import Ints

Steps = Mapping[str, float]
"""The width of the grid by column; columns without one are compared exactly."""

OFFSETS = (0.0, 1 / 3, 2 / 3)
MOST_CELLS = 10_000_000
"""The number of cells up to which near-duplicates are looked for unasked."""
_FRACTIONAL = ("halffloat", "float", "double")
_PRECISION = 1e-6
_CHANCE = 1e-4
"""The number of near rows by chance alone that is accepted for each row, so that many rows need a finer grid."""


def near_steps(columns: Iterable[tuple[str, pa.ChunkedArray]], rows: int) -> dict[str, float]:
    """Return the grid of each column with fractional numbers: a millionth of its spread, less if there are many rows.

    The spread is the median distance from the median, without zeros. Columns of whole numbers have no rounding noise.

    Args:
        columns: Names and values.
        rows: The number of rows.
    """
    spreads = {}
    for name, values in columns:
        if pa.types.is_floating(values.type) and (spread := _spread(values)) > 0:
            spreads[name] = spread
    if not spreads:
        return {}
    precision = min(_PRECISION, (_CHANCE / max(1, rows)) ** (1 / len(spreads)))
    return {name: spread * precision for name, spread in spreads.items()}


def _spread(values: pa.ChunkedArray) -> float:
    """Return the spread of fractional numbers; 0 if there are none."""
    numbers = values.drop_null().to_numpy().astype(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers) or (numbers == np.round(numbers)).all():
        return 0.0
    distances = np.abs(numbers - np.median(numbers))
    distances = distances[distances > 0]
    return float(np.median(distances)) if len(distances) else 0.0


def near_hashes(steps: Steps, offset: float) -> Callable[[pa.Table], Hashes]:
    """Return a function that hashes rows after rounding on a grid.

    Args:
        steps: The grid's widths.
        offset: Where the grid begins, in steps.
    """

    def hashes(table: pa.Table) -> Hashes:
        for name, step in steps.items():
            if name in table.column_names:
                place = table.column_names.index(name)
                numbers = table.column(place).cast(pa.float64()).combine_chunks()
                rounded = np.floor(numbers.fill_null(0).to_numpy(zero_copy_only=False) / step + offset)
                table = table.set_column(place, name, pa.array(rounded, mask=np.asarray(numbers.is_null())))
        return row_hashes(table)

    return hashes


def steps_of(found: NearDuplicates | None) -> Steps:
    """Return the grids of a split's near-duplicates; empty if they were not looked for."""
    return {} if found is None else found.steps


@dataclass(frozen=True)
class NearRows:
    """Near rows of a source: the grids by column, and one code per usable row, equal for near rows."""

    steps: Steps
    codes: Codes

    @classmethod
    def of(cls, snapshot: Snapshot, features: Sequence[str], usable: Ints) -> NearRows:
        """Find the near rows among the usable rows of a snapshot, reading it once per grid."""
        kinds = {column.name: column.type for column in snapshot.columns}
        reader, rows = SnapshotReader(snapshot), pa.array(usable)
        fractional = [name for name in features if kinds.get(name) in _FRACTIONAL]
        steps = near_steps(
            ((name, reader.read_columns([name]).column(0).take(rows)) for name in fractional), len(usable)
        )
        hashes = [
            content_hashes(snapshot, features, near_hashes(steps, offset))[usable]
            for offset in (OFFSETS if steps else OFFSETS[:1])
        ]
        return cls(steps, near_codes(*hashes))


def near_codes(*grids: Hashes) -> Codes:
    """Return one code per row, equal for rows that agree on one of the grids, or are linked by such rows."""
    return reduce(link_groups, map(group_codes, grids))


def near_duplicates(steps: Steps, near: Codes, content: Codes, partition: Partition) -> NearDuplicates:
    """Return how many sets of rows are near, but not equal, and how many of them stand in several partitions.

    Args:
        steps: The grid's widths.
        near: One code per row, equal for near rows, without gaps.
        content: One code per row, equal for equal rows.
        partition: The partition of each row; negative for rows in none, which do not count.
    """
    placed = np.flatnonzero(partition >= 0)
    near, content, own = near[placed], content[placed], partition[placed]
    several = _values_by_code(near, content) > 1
    apart = several & (_values_by_code(near, own.astype(np.int64)) > 1)
    return NearDuplicates(
        steps=dict(steps), rows=int(several[near].sum()), sets=int(several.sum()), apart=int(apart.sum())
    )


def _values_by_code(codes: Codes, values: Ints) -> Ints:
    """Return the number of distinct values by code."""
    number = int(codes.max(initial=-1)) + 1
    pairs = np.unique(codes * (int(values.max(initial=0)) + 1) + values)
    return np.bincount(pairs // (int(values.max(initial=0)) + 1), minlength=number)


def notes_on_near(found: NearDuplicates | None, *, looked: bool) -> Iterator[str]:
    """Yield a note if near-duplicates stand in several partitions, or were not looked for because there is too much."""
    if found is None and looked:
        yield (
            f"near-duplicates were not looked for among more than {MOST_CELLS:,} values; split.duplicates: near looks "
            "for them all the same"
        )
    elif found is not None and found.apart:
        yield (
            f"{found.apart:,} of {found.sets:,} sets of near-duplicates (rows that differ by rounding noise) are in "
            "several partitions; split.duplicates: near keeps them together"
        )
