"""Find the rows that must stay together: rows with equal features and rows of the same group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.records import Snapshot, UnitKind, UnitSizes
from counterpoise.runtime import thread_pool
from counterpoise.table import Hashes, RowGroup, SnapshotReader, plain_values, row_hashes

Codes = npt.NDArray[np.int64]

_READERS = 2


def content_hashes(
    snapshot: Snapshot, columns: Sequence[str], hashes: Callable[[pa.Table], Hashes] = row_hashes
) -> Hashes:
    """Return a hash of the given columns for each snapshot row, reading one row group at a time.

    Args:
        snapshot: The source.
        columns: The columns.
        hashes: The hash function for rows.
    """

    def of_groups(groups: Sequence[RowGroup]) -> list[Hashes]:
        reader = SnapshotReader(snapshot)
        return [hashes(reader.read_group(group, columns)) for group in groups]

    groups = SnapshotReader(snapshot).row_groups
    half = len(groups) // 2
    with thread_pool(_READERS) as pool:
        parts = [hashes for part in pool.map(of_groups, [groups[:half], groups[half:]]) for hashes in part]
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def group_codes(values: Hashes | pa.ChunkedArray) -> Codes:
    """Return one code per row, equal for equal values and numbered by first appearance.

    Each row without a value (null or NaN) is its own group.
    """
    import pandas as pd

    if isinstance(values, pa.ChunkedArray):
        indices = plain_values(values).combine_chunks().dictionary_encode().indices
        codes = np.asarray(indices.fill_null(-1).to_numpy(), dtype=np.int64)
        nulls = np.flatnonzero(codes < 0)
        codes[nulls] = codes.max(initial=-1) + 1 + np.arange(len(nulls))
        return np.asarray(pd.factorize(codes)[0], dtype=np.int64)
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


def link_groups(first: Codes, second: Codes) -> Codes:
    """Return the codes of connected components: rows that share a code in either input stay together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left, right = int(first.max(initial=-1)) + 1, int(second.max(initial=-1)) + 1
    edges = coo_array((np.ones(len(first), np.int8), (first, second + left)), shape=(left + right, left + right))
    _, component = connected_components(edges, directed=False)
    return group_codes(component[first].astype(np.uint64))


def tie_codes(reader: SnapshotReader, rows: Codes, *, content: Codes | None, group: str = "") -> Codes:
    """Return one code per selected row, equal for rows that the split keeps together.

    Args:
        reader: The source.
        rows: The selected row numbers.
        content: One code per source row, equal for equal rows; None if rows with equal features may be separated.
        group: The group column; empty if there is none.
    """
    ties = np.arange(len(rows)) if content is None else group_codes(content[rows].astype(np.uint64))
    if not group:
        return ties
    return link_groups(group_codes(reader.read_columns([group]).column(0))[rows], ties)


@dataclass(frozen=True)
class Units:
    """The independent units of some rows: what the split keeps together.

    Attributes:
        kind: `groups` of the group column, sets of `equal_rows`, or single `rows`.
        codes: One code per row, from 0 without gaps by first appearance.
    """

    kind: UnitKind
    codes: Codes

    @classmethod
    def of(cls, ties: Codes, *, grouped: bool) -> Units:
        """Return the units from the codes of tied rows.

        Args:
            ties: One code per row, equal for tied rows, without gaps.
            grouped: Whether there is a group column.
        """
        if grouped:
            return cls("groups", ties)
        return cls("equal_rows" if int(ties.max(initial=-1)) + 1 < len(ties) else "rows", ties)

    def sizes(self) -> UnitSizes:
        """Return the number of the units and their sizes in rows."""
        return unit_sizes(np.bincount(self.codes))


def unit_sizes(sizes: npt.NDArray[np.int64]) -> UnitSizes:
    """Return the number of units with these sizes, and the mean, the median and the largest of them."""
    if not len(sizes):
        return UnitSizes(number=0, mean=0.0, median=0.0, largest=0)
    return UnitSizes(
        number=len(sizes), mean=float(sizes.mean()), median=float(np.median(sizes)), largest=int(sizes.max())
    )


def count_contradictory(groups: Codes, labels: npt.NDArray[np.int32]) -> int:
    """Count the rows that share their features with a row of another class."""
    return int(mixed_groups(groups, labels)[groups].sum())


def mixed_groups(groups: Codes, labels: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return for each group whether it contains more than one class."""
    number = int(groups.max(initial=-1)) + 1
    some_label = np.zeros(number, dtype=np.int32)
    some_label[groups] = labels
    return np.bincount(groups, weights=labels != some_label[groups], minlength=number) > 0
