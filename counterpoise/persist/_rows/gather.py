"""Read rows from a snapshot in nearly source order, without loading the table."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from counterpoise.records import Snapshot
from counterpoise.runtime import thread_pool
from counterpoise.table import RowGroup, SnapshotReader
from counterpoise.typing import Floats, Ints


class SlabReader:
    """Read stretches of rows; cheap while the stretches move forward.

    Args:
        snapshot: The snapshot to read.
        columns: The columns to read.
    """

    def __init__(self, snapshot: Snapshot, columns: Sequence[str]) -> None:
        self._reader = SnapshotReader(snapshot)
        self._columns = tuple(columns)
        self._first_rows = np.array([group.first_row for group in self._reader.row_groups], dtype=np.int64)
        self._held: deque[tuple[int, pa.Table]] = deque()
        self._coming: Iterator[tuple[int, pa.Table]] = iter(())
        self._next_row = -1

    def slab(self, start: int, stop: int) -> pa.Table:
        """Return the rows from `start` up to but excluding `stop`."""
        pieces = [
            table.slice(max(start - first, 0), stop - max(start, first)) for first, table in self._over(start, stop)
        ]
        return pa.concat_tables(pieces) if pieces else self._empty()

    def rows(self, rows: Ints) -> pa.Table:
        """Return the given rows, which must ascend."""
        if not len(rows):
            return self._empty()
        pieces = []
        for part in np.split(rows, np.unique(np.searchsorted(rows, self._first_rows))):
            for first, table in self._over(int(part[0]), int(part[-1]) + 1) if len(part) else ():
                low, high = np.searchsorted(part, [first, first + table.num_rows])
                pieces.append(table.take(pa.array(part[low:high] - first)))
        return pa.concat_tables(pieces)

    def _empty(self) -> pa.Table:
        return self._reader.subschema(self._columns).empty_table()

    def _over(self, start: int, stop: int) -> Iterator[tuple[int, pa.Table]]:
        """Yield the batches that overlap a stretch, and keep those that a later stretch may need."""
        if stop <= start:
            return
        if not self._reaches(start):
            self._restart(start)
        while self._held and self._end(self._held[0]) <= start:
            self._held.popleft()
        for held in list(self._held):
            if held[0] < stop:
                yield held
        while self._next_row < stop:
            batch = next(self._coming)
            self._next_row = self._end(batch)
            if self._next_row > start:
                self._held.append(batch)
                yield batch
            while len(self._held) > 1:
                self._held.popleft()

    def _reaches(self, row: int) -> bool:
        """Return whether reading on reaches a row: it is neither behind nor in a later row group."""
        behind = row < (self._held[0][0] if self._held else self._next_row)
        return self._next_row >= 0 and not behind and self._group_start(row) <= self._next_row

    def _group_start(self, row: int) -> int:
        return int(self._first_rows[int(np.searchsorted(self._first_rows, row, side="right")) - 1])

    @staticmethod
    def _end(batch: tuple[int, pa.Table]) -> int:
        return batch[0] + int(batch[1].num_rows)

    def _restart(self, row: int) -> None:
        """Restart at the row group that contains the row."""
        self._held.clear()
        index = int(np.searchsorted(self._first_rows, row, side="right")) - 1
        self._next_row = int(self._first_rows[index])
        self._coming = _batches(self._reader, self._reader.row_groups[index:], self._columns)


def _batches(
    reader: SnapshotReader, groups: Sequence[RowGroup], columns: Sequence[str]
) -> Iterator[tuple[int, pa.Table]]:
    """Yield first rows and batches. As a function, not a method, so that deleting the reader frees them at once."""
    for group in groups:
        first = group.first_row
        for table in reader.iter_batches(group, columns):
            yield first, table
            first += table.num_rows


@dataclass(frozen=True)
class RowPool:
    """Distinct rows held in memory, for classes that are repeated or interpolated.

    Attributes:
        rows: Their source rows, ascending.
        table: The rows, in that order.
    """

    rows: Ints
    table: pa.Table

    def take(self, rows: Ints) -> pa.Table:
        """Return the given source rows, in the given order."""
        return self.table.take(pa.array(self.places(rows)))

    def places(self, rows: Ints) -> Ints:
        """Return the positions of the given source rows in the table."""
        return np.searchsorted(self.rows, rows)

    @cached_property
    def complete_doubles(self) -> dict[str, Floats]:
        """The values of the float64 columns without missing values."""
        doubles = {field.name: self.table[field.name] for field in self.table.schema if field.type == pa.float64()}
        values = {name: column.to_numpy() for name, column in doubles.items() if column.null_count == 0}
        return {name: column for name, column in values.items() if not np.isnan(column).any()}


def read_pool(snapshot: Snapshot, rows: Ints, columns: Sequence[str]) -> pa.Table:
    """Read the given source rows, which must ascend, with several readers in parallel."""
    reader = SnapshotReader(snapshot)
    if not len(rows):
        return reader.subschema(columns).empty_table()
    firsts = [group.first_row for group in reader.row_groups]
    cut = int(np.searchsorted(rows, firsts[len(firsts) // 2]))
    stretches = [part for part in (rows[:cut], rows[cut:]) if len(part)]
    with thread_pool(len(stretches)) as pool:
        parts = list(pool.map(lambda part: SlabReader(snapshot, columns).rows(part), stretches))
    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()
