"""Medians and deviations of numeric features over the train partition: what neighbours are scaled by.

Up to `SAMPLE_ROWS` train rows all are looked at, so that the row groups they lie in have no say. Of more, evenly spaced
ones are, by their rank among the train rows: of all row groups where these are few or small, else of some spread
evenly.
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

__all__ = ["NumericStatistics", "numeric_matrix", "read_numbers", "sampled_rows", "train_statistics"]


SAMPLE_ROWS = 200_000
"""The most rows of a sample: a deviation is then right to about 0.2 %, and a heavy-tailed one to a few percent."""

FEWEST_GROUPS = 16
"""Row groups of a sample where they are large: sixteen places show how a column moves along the source."""

_READ_FOR_ONE = 10  # train rows decoded for each that is looked at: as cheap as the passes that follow
_SAMPLE_CELLS = 8_000_000
_FEWEST_SAMPLED = 20_000
_GOLDEN = (5**0.5 - 1) / 2  # its multiples fill the space between whole numbers most evenly


@dataclass(frozen=True)
class NumericStatistics:
    """Median and standard deviation a column, over its present values; the deviation of a constant is 1."""

    median: Matrix
    deviation: Matrix


def train_statistics(reader: SnapshotReader, train: TrainRows, columns: Sequence[str]) -> NumericStatistics:
    """Return statistics of numeric columns over the train partition, or over evenly spaced rows of it.

    A column that is missing in all of these is looked up in all train rows; without any value its median is 0.

    Args:
        reader: The source.
        train: Its train rows.
        columns: The numeric columns.

    Raises:
        ResamplingError: There is no train row, or a value is infinite.
    """
    if not len(train.rows):
        raise ResamplingError(
            "no_train_rows",
            expected="train rows to take medians and deviations of",
            found="none",
            remedy="lower split.test_size and split.validation_size, or add rows",
        )
    sample = _sample(reader, train.rows, sampled_rows(len(columns)))
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
    """Return how many train rows statistics are taken of at most: fewer where there are many columns.

    >>> sampled_rows(10), sampled_rows(300)
    (200000, 26666)
    """
    return min(SAMPLE_ROWS, max(_FEWEST_SAMPLED, _SAMPLE_CELLS // max(1, columns)))


def read_numbers(reader: SnapshotReader, rows: Ints, columns: Sequence[str], *, into: Matrix | None = None) -> Matrix:
    """Return numeric columns of some rows as float64 of shape (rows, columns), read a row group at a time.

    Args:
        reader: The source.
        rows: Its row numbers, strictly ascending.
        columns: The numeric columns.
        into: Where to write them; a new matrix by default.

    Raises:
        ResamplingError: A value is infinite.
    """
    numbers = np.empty((len(rows), len(columns))) if into is None else into
    for group, low, high in _groups_of(reader, rows) if columns else ():
        part = reader.read_group(group, columns).take(pa.array(rows[low:high] - group.first_row))
        numbers[low:high] = numeric_matrix(part)
    return numbers


def numeric_matrix(table: pa.Table) -> Matrix:
    """Return numeric and temporal columns as float64 of shape (rows, columns), missing values as NaN.

    Raises:
        ResamplingError: A value is infinite: distances would be, too.
    """
    matrix = np.empty((table.num_rows, table.num_columns), dtype=np.float64)
    for index, column in enumerate(table.columns):
        matrix[:, index] = _as_float(column)
        if np.isinf(matrix[:, index]).any():
            raise ResamplingError(
                "infinite_value",
                expected="finite values in the features that neighbours are searched by",
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


def _groups_of(reader: SnapshotReader, rows: Ints) -> Iterator[tuple[RowGroup, int, int]]:
    """Yield the row groups that hold some of the rows, with where these begin and end."""
    for group in reader.row_groups:
        low, high = np.searchsorted(rows, [group.first_row, group.first_row + group.rows])
        if low < high:
            yield group, int(low), int(high)


def _present_values(reader: SnapshotReader, rows: Ints, column: str) -> Matrix:
    """Return the values of a column that has few."""
    found = [np.zeros(0)]
    for group, low, high in _groups_of(reader, rows):
        part = reader.read_group(group, [column]).take(pa.array(rows[low:high] - group.first_row))
        values = numeric_matrix(part)[:, 0]
        found.append(values[~np.isnan(values)])
    return np.concatenate(found)


def _sample(reader: SnapshotReader, rows: Ints, most: int) -> Ints:
    """Return train rows evenly spaced by rank, at most so many; of some row groups only where all are much to read.

    The ranks are cut into as many equal stretches as row groups are to be read; a stretch is looked at in the group
    that holds its middle. So every stretch counts alike, whatever the sizes of the groups.
    """
    if len(rows) <= most:
        return rows
    ends = np.array([high for _, _, high in _groups_of(reader, rows)])
    stretches = max(FEWEST_GROUPS, round(_READ_FOR_ONE * most * len(ends) / len(rows)))
    if stretches >= len(ends):
        return rows[_evenly_spaced(0, len(rows), most)]
    edges = np.arange(stretches + 1) * len(rows) // stretches
    held = np.searchsorted(ends, (edges[:-1] + edges[1:]) // 2, side="right")
    lows = np.maximum(edges[:-1], np.append(0, ends)[held])
    highs = np.minimum(edges[1:], ends[held])
    each = -(-most // stretches)
    ranks = [_evenly_spaced(int(low), int(high), each) for low, high in zip(lows, highs, strict=True)]
    return rows[np.concatenate(ranks)]


def _evenly_spaced(low: int, high: int, number: int) -> Ints:
    """Return about so many ranks from low up to high: one of each stretch, at places that follow no period.

    >>> _evenly_spaced(10, 40, 4).tolist()
    [10, 22, 26, 38]
    """
    if high - low <= number:
        return np.arange(low, high)
    counted = np.arange(number)
    places = (counted + counted * _GOLDEN % 1) * ((high - low) / number)
    return np.unique(low + places.astype(np.int64))
