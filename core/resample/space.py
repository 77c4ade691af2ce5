"""The space in which neighbours are searched: scaled numbers and category codes.

Numbers are imputed by the median and standardised with statistics of the train partition (of an evenly spread sample of
whole row groups where it is large); the values of synthetic rows are made in the original space, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.core.columns import ColumnRoles
from counterpoise.core.errors import ResamplingError
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split import TrainRows

__all__ = ["NumericStatistics", "category_codes", "is_interpolated", "numeric_matrix", "train_statistics"]

Matrix = npt.NDArray[np.float64]

_SAMPLE_ROWS = 200_000


def is_interpolated(field: pa.Field, roles: ColumnRoles) -> bool:
    """Return whether synthetic rows interpolate the column; the others take a vote."""
    kind = field.type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return (numeric or pa.types.is_temporal(kind)) and field.name not in roles.categorical


@dataclass(frozen=True)
class NumericStatistics:
    """Median and standard deviation a column, over its present values; the deviation of a constant is 1."""

    median: Matrix
    deviation: Matrix


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


def train_statistics(reader: SnapshotReader, train: TrainRows, columns: Sequence[str]) -> NumericStatistics:
    """Return statistics of numeric columns over the train partition, or an even sample of it."""
    matrix = numeric_matrix(reader.read_rows(_sample(reader, train), columns))
    present = ~np.isnan(matrix).all(axis=0)
    median, deviation = np.zeros(len(columns)), np.ones(len(columns))
    median[present] = np.nanmedian(matrix[:, present], axis=0)
    deviation[present] = np.nanstd(matrix[:, present], axis=0)
    deviation[deviation == 0] = 1
    return NumericStatistics(median, deviation)


def _sample(reader: SnapshotReader, train: TrainRows) -> npt.NDArray[np.int64]:
    """Return train rows of evenly spread row groups, about as many as the sample may have."""
    if len(train.rows) <= _SAMPLE_ROWS:
        return train.rows
    groups = reader.row_groups
    wanted = max(1, round(len(groups) * _SAMPLE_ROWS / len(train.rows)))
    chosen = [groups[int(index)] for index in np.linspace(0, len(groups) - 1, wanted)]
    bounds = [np.searchsorted(train.rows, [group.first_row, group.first_row + group.rows]) for group in chosen]
    return np.concatenate([train.rows[low:high] for low, high in bounds])


def category_codes(table: pa.Table) -> tuple[Matrix, list[pa.Array]]:
    """Return category codes as float64 of shape (rows, columns) and each column's categories in code order.

    A missing value is a category of its own, the last one.

    Raises:
        ResamplingError: A column's type has no categories, such as a list.
    """
    codes = np.empty((table.num_rows, table.num_columns), dtype=np.float64)
    categories: list[pa.Array] = []
    for index, (field, column) in enumerate(zip(table.schema, table.columns, strict=True)):
        if pa.types.is_nested(field.type):
            raise ResamplingError(
                "unsupported_feature_type",
                expected="numbers, dates, texts, booleans or categories as features",
                found=f"{field.name!r} of type {field.type}",
                remedy="name it in columns.drop or columns.ids, or use random_over",
                values={"column": field.name, "type": str(field.type)},
            )
        distinct = _sorted_categories(column)
        found = pc.fill_null(pc.index_in(_plain(column), value_set=distinct), len(distinct))
        codes[:, index] = found.to_numpy()
        categories.append(pa.concat_arrays([distinct, pa.nulls(1, distinct.type)]))
    return codes, categories


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _sorted_categories(column: pa.ChunkedArray) -> pa.Array:
    distinct = pc.unique(_plain(column)).drop_null()
    return distinct.take(pc.sort_indices(distinct))
