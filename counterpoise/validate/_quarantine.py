"""Quarantine the rows that break a critical expectation, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from counterpoise.table import REJECTS_SCHEMA, SnapshotReader, value_texts
from counterpoise.validate._gx.outcomes import ScopedExpectation
from counterpoise.validate._suites.suite import describe

_NONE = np.iinfo(np.int32).max


class InvalidRows:
    """The first critical expectation that each row breaks; takes four bytes per snapshot row.

    Args:
        rows: The number of rows of the snapshot.
    """

    def __init__(self, rows: int) -> None:
        self._first = np.full(rows, _NONE, dtype=np.int32)

    def add(self, rows: npt.NDArray[np.int64], index: int) -> None:
        """Record that rows break the expectation at a position in the run; the lowest position wins."""
        self._first[rows] = np.minimum(self._first[rows], index)

    @property
    def count(self) -> int:
        """The number of rows that break at least one expectation."""
        return int(np.count_nonzero(self._first != _NONE))

    def write(self, reader: SnapshotReader, expectations: Mapping[int, ScopedExpectation], path: Path) -> None:
        """Write the rows to a Parquet file with REJECTS_SCHEMA, one row group of the snapshot at a time."""
        found = np.unique(self._first[self._first != _NONE])
        needed = sorted({name for index in found for name in expectations[int(index)].scope.columns})
        columns = [name for name in reader.schema.names if name in set(needed)]
        options = {"compression": "zstd", "write_page_checksum": True}
        with pq.ParquetWriter(path, REJECTS_SCHEMA, **options) as writer:
            for group in reader.row_groups:
                first = self._first[group.first_row : group.first_row + group.rows]
                positions = np.flatnonzero(first != _NONE)
                if len(positions):
                    cells = reader.read_group(group, columns).take(pa.array(positions))
                    writer.write_table(_rejects(cells, first[positions], positions + group.first_row, expectations))


def _rejects(
    cells: pa.Table,
    indices: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int64],
    expectations: Mapping[int, ScopedExpectation],
) -> pa.Table:
    """Return rejects in row order, each with its expectation's name, columns and values."""
    parts = []
    for index in np.unique(indices):
        chosen = np.flatnonzero(indices == index)
        scoped = expectations[int(index)]
        names = scoped.scope.columns
        parts.append(
            pa.table(
                [
                    pa.array(rows[chosen]),
                    _repeated(describe(scoped.expectation), len(chosen)),
                    _repeated(", ".join(names), len(chosen)),
                    _values(cells.select(list(names)).take(pa.array(chosen))),
                ],
                schema=REJECTS_SCHEMA,
            )
        )
    return pa.concat_tables(parts).sort_by("source_row")


def _repeated(text: str, number: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), number)


def _values(cells: pa.Table) -> pa.ChunkedArray:
    """Return one text per row: the value, or `name=value` for several columns; null if a single value is missing."""
    texts = [value_texts(column) for column in cells.columns]
    if len(texts) == 1:
        return texts[0]
    shown = [
        pc.binary_join_element_wise(pa.scalar(name), pc.fill_null(text, "missing"), "=")
        for name, text in zip(cells.schema.names, texts, strict=True)
    ]
    return pc.binary_join_element_wise(*shown, ", ")
