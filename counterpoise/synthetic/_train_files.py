"""The published train partition with the origin of its rows, read one row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.persist import ORIGINS, iter_part
from counterpoise.records import Snapshot, SnapshotFile
from counterpoise.runtime import json_sha256
from counterpoise.table import Hashes, Labels, encode_labels, row_hashes
from counterpoise.typing import Ints, Mask
from counterpoise.versions import Version

_SOURCE_ROWS = ("source_row", "parent_a", "parent_b")
_IDENTITY = (*_SOURCE_ROWS, "lambda")


@dataclass(frozen=True)
class Scan:
    """The result of one pass over the features: a hash for every row, and the requested rows in the requested order."""

    hashes: Hashes
    rows: pa.Table


class PublishedTrain:
    """The rows of a version's train partition, in the order of its part files.

    Args:
        version: The published version.
        target: The label column.
        rank: The place of each source row in the order of content; only needed for the identity of rows.
    """

    def __init__(self, version: Version, target: str, rank: Ints | None = None) -> None:
        self._data = sorted(version.path("train").glob("*.parquet"))
        self._keys = sorted(version.path("keys/train").glob("*.parquet"))
        self._target = target
        self._rank = None if rank is None else pa.array(rank)

    @cached_property
    def labels(self) -> Labels:
        """The class of each row."""
        return encode_labels(_concat(table for _, table in _batches(self._data, [self._target])).column(0))

    @cached_property
    def synthetic(self) -> Mask:
        """Whether each row is synthetic."""
        return self._of_origin("synthetic")

    @cached_property
    def real(self) -> Mask:
        """Whether each row is the first occurrence of a source row."""
        return self._of_origin("original")

    @cached_property
    def _origins(self) -> npt.NDArray[np.int8]:
        found = [table["origin"] for _, table in _batches(self._keys, ["origin"])]
        return np.concatenate([np.zeros(0, np.int8), *(_positions(column) for column in found)])

    def _of_origin(self, name: str) -> Mask:
        return np.asarray(self._origins == ORIGINS.index(name))

    @cached_property
    def identity(self) -> Hashes:
        """A hash that identifies a row wherever it is stored: of its source row's rank, or its parents' and step."""
        found = [row_hashes(self._ranked(table)) for _, table in _batches(self._keys, _IDENTITY)]
        return np.concatenate([np.zeros(0, np.uint64), *found])

    def _ranked(self, keys: pa.Table) -> pa.Table:
        """Return the keys with ranks in the place of source rows."""
        assert self._rank is not None  # noqa: S101  # whoever asks for the identity gives the ranks
        for name in {*_SOURCE_ROWS}.intersection(keys.column_names):
            place = keys.column_names.index(name)
            keys = keys.set_column(place, name, self._rank.take(keys[name].combine_chunks()))
        return keys

    def scan(self, features: Sequence[str], positions: Ints) -> Scan:
        """Read all features once.

        Args:
            features: The columns.
            positions: The rows to return.
        """
        order, hashes, taken = np.sort(positions), [], []
        for start, table in _batches(self._data, features):
            hashes.append(row_hashes(table))
            taken.append(_between(table, order, start))
        return Scan(np.concatenate(hashes), _in_order_of(_concat(taken), positions))

    def key_columns(self, names: Sequence[str], positions: Ints) -> pa.Table:
        """Return the key columns of the given rows, in the given order, with ranks in the place of source rows."""
        order = np.sort(positions)
        taken = [self._ranked(_between(table, order, start)) for start, table in _batches(self._keys, names)]
        return _in_order_of(_concat(taken), positions)


def train_snapshot(version: Version) -> Snapshot:
    """Return the published train partition as a snapshot, with rows numbered in part file order."""
    folder = version.path("train")
    known = sorted(version.manifest.part_files("train"), key=lambda file: file.path)
    files = tuple(
        SnapshotFile(
            path=str(folder / Path(file.path).name),
            format="parquet",
            rows=file.rows,
            bytes=file.bytes,
            sha256=file.sha256,
        )
        for file in known
    )
    return Snapshot(
        files=files,
        rows=sum(file.rows for file in files),
        columns=version.manifest.columns,
        digest=json_sha256([file.sha256 for file in files]),
    )


def _batches(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[tuple[int, pa.Table]]:
    """Yield the first position and the rows of every row group."""
    start = 0
    for path in paths:
        for table in iter_part(path, columns):
            yield start, table.select(list(columns))
            start += table.num_rows


def _positions(column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    return np.asarray(pc.index_in(column, value_set=pa.array(ORIGINS)).to_numpy(), dtype=np.int8)


def _between(table: pa.Table, order: Ints, start: int) -> pa.Table:
    low, high = np.searchsorted(order, [start, start + table.num_rows])
    return table.take(pa.array(order[low:high] - start))


def _concat(tables: Iterator[pa.Table] | Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(list(tables)).unify_dictionaries()


def _in_order_of(table: pa.Table, positions: Ints) -> pa.Table:
    """Return rows that were read in ascending order in the order of the positions."""
    return table.take(pa.array(np.argsort(np.argsort(positions))))
