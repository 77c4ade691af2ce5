"""Medians and deviations of numeric features over the train partition, used to scale the neighbour space.

With up to `SAMPLE_ROWS` train rows, all are used. With more, the first ones by content are: a random sample. So neither
the order of the source nor the layout of its row groups matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from counterpoise.errors import ResamplingError
from counterpoise.split import TrainRows
from counterpoise.table import RowGroup, SnapshotReader
from counterpoise.typing import Ints, Matrix

SAMPLE_ROWS = 200_000
"""The largest sample: its deviation is then accurate to about 0.2 %, or a few percent with heavy tails."""

_SAMPLE_CELLS = 8_000_000
_FEWEST_SAMPLED = 20_000


@dataclass(frozen=True)
class NumericStatistics:
    """Median and standard deviation per column, over its present values; the deviation of a constant is 1."""

    median: Matrix
    deviation: Matrix


def train_statistics(reader: SnapshotReader, train: TrainRows, columns: Sequence[str]) -> NumericStatistics:
    """Return statistics of numeric columns over the train partition, or over a sample of it.

    A column that is missing in the whole sample is read for all train rows; without any value its median is 0.

    Args:
        reader: The source.
        train: Its train rows; the first ones are the sample.
        columns: The numeric columns.

    Raises:
        ResamplingError: There are no train rows, or a value is infinite.
    """
    if not len(train.rows):
        raise ResamplingError(
            "no_train_rows",
            expected="train rows to compute medians and deviations of",
            found="none",
            remedy="lower split.test_size and split.validation_size, or add rows",
        )
    sample = train.rows[: sampled_rows(len(columns))]
    matrix = read_numbers(reader, sample, columns)
    present = ~np.isnan(matrix).all(axis=0)
    median, deviation = np.zeros(len(columns)), np.ones(len(columns))
    median[present] = np.nanmedian(matrix[:, present], axis=0)
    deviation[present] = np.nanstd(matrix[:, present], axis=0)
    for index in np.flatnonzero(~present) if len(sample) < len(train.rows) else ():
        if len(values := _present_values(reader, train.rows, columns[int(index)])):
            median[index], deviation[index] = np.median(values), np.std(values)
    deviation[deviation == 0] = 1
    return NumericStatistics(median, deviation)


def sampled_rows(columns: int) -> int:
    """Return the largest number of train rows to compute statistics on; it falls with the number of columns.

    >>> sampled_rows(10), sampled_rows(300)
    (200000, 26666)
    """
    return min(SAMPLE_ROWS, max(_FEWEST_SAMPLED, _SAMPLE_CELLS // max(1, columns)))


def read_numbers(reader: SnapshotReader, rows: Ints, columns: Sequence[str], *, into: Matrix | None = None) -> Matrix:
    """Return numeric columns of some rows as float64, shape (rows, columns), read one row group at a time.

    Args:
        reader: The source.
        rows: Its row numbers, each once.
        columns: The numeric columns.
        into: The matrix to write them to; a new one by default.

    Raises:
        ResamplingError: A value is infinite.
    """
    numbers = np.empty((len(rows), len(columns))) if into is None else into
    for group, places in _groups_of(reader, rows) if columns else ():
        part = reader.read_group(group, columns).take(pa.array(rows[places] - group.first_row))
        numbers[places] = numeric_matrix(part)
    return numbers


def numeric_matrix(table: pa.Table) -> Matrix:
    """Return numeric and temporal columns as float64, shape (rows, columns), with missing values as NaN.

    Raises:
        ResamplingError: A value is infinite, which would make distances infinite.
    """
    matrix = np.empty((table.num_rows, table.num_columns), dtype=np.float64)
    for index, column in enumerate(table.columns):
        matrix[:, index] = _as_float(column)
        if np.isinf(matrix[:, index]).any():
            raise ResamplingError(
                "infinite_value",
                expected="finite values in the features of the neighbour search",
                found=f"an infinite value in {table.schema.names[index]!r}",
                remedy="let validation quarantine such rows, drop the column, or use random_over",
                values={"column": table.schema.names[index]},
            )
    return matrix


def _as_float(column: pa.ChunkedArray) -> Matrix:
    kind = column.type
    if pa.types.is_temporal(kind):
        column = column.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _groups_of(reader: SnapshotReader, rows: Ints) -> Iterator[tuple[RowGroup, Ints]]:
    """Yield the row groups that have some of the rows, and the places of these among the rows."""
    ascending = np.argsort(rows)
    ordered = rows[ascending]
    for group in reader.row_groups:
        low, high = np.searchsorted(ordered, [group.first_row, group.first_row + group.rows])
        if low < high:
            yield group, ascending[low:high]


def _present_values(reader: SnapshotReader, rows: Ints, column: str) -> Matrix:
    """Return the present values of a column that has few, in the order of the rows."""
    values = read_numbers(reader, rows, [column])[:, 0]
    return values[~np.isnan(values)]
