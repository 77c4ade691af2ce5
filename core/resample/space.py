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

from counterpoise.core.errors import ResamplingError
from counterpoise.core.resample.job import ResamplingJob
from counterpoise.core.resample.recipe_table import VOTE
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split import TrainRows

__all__ = [
    "ClassSpace",
    "NumericStatistics",
    "TrainSpace",
    "category_codes",
    "numeric_matrix",
    "sampled_rows",
    "train_statistics",
]

Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float64]

_SAMPLE_ROWS = 200_000
_SAMPLE_CELLS = 8_000_000
_FEWEST_SAMPLED = 20_000


@dataclass(frozen=True)
class NumericStatistics:
    """Median and standard deviation a column, over its present values; the deviation of a constant is 1."""

    median: Matrix
    deviation: Matrix


@dataclass(frozen=True)
class ClassSpace:
    """The rows of one class as points.

    Attributes:
        rows: Their source rows.
        table: Their features as they are.
        points: Numeric features, of shape (rows, numeric features).
        codes: Category codes, of shape (rows, voted features).
        categories: The values that the codes stand for, by voted feature.
    """

    rows: Ints
    table: pa.Table
    points: Matrix
    codes: Matrix
    categories: dict[str, pa.Array]

    @classmethod
    def read(cls, job: ResamplingJob, code: int) -> ClassSpace:
        """Read the train rows of one class."""
        rows = job.train.rows[job.train.codes == code]
        table = job.reader.read_rows(rows, job.roles.features)
        codes, categories = category_codes(table.select(job.voted))
        points = _placed(job, numeric_matrix(table.select(job.numeric)))
        return cls(rows, table, points, codes, dict(zip(job.voted, categories, strict=True)))


@dataclass(frozen=True)
class TrainSpace:
    """All train rows as points: numbers, then one column for each category of each voted feature.

    As in SMOTENC, two rows that differ in a category are half the median deviation of the numbers apart in each of its
    columns.

    Attributes:
        points: Of shape (train rows, numeric features + categories).
        codes: Category codes, of shape (train rows, voted features).
        categories: The values that the codes stand for, by voted feature.
        mismatch: The entry of a row's own category; the others are 0.
    """

    points: Matrix
    codes: Ints
    categories: dict[str, pa.Array]
    mismatch: float

    @classmethod
    def read(cls, job: ResamplingJob) -> TrainSpace:
        """Read all train rows, a row group at a time."""
        codes, categories = category_codes(job.reader.read_rows(job.train.rows, job.voted))
        whole, numbers = codes.astype(np.int64), len(job.numeric)
        points = np.zeros((len(job.train.rows), numbers + sum(map(len, categories))))
        _fill_numbers(job, points[:, :numbers])
        points[:, :numbers] = _placed(job, points[:, :numbers])
        mismatch = float(np.median(points[:, :numbers].std(axis=0))) / 2 if numbers else 1.0
        space = cls(points, whole, dict(zip(job.voted, categories, strict=True)), mismatch or 1.0)
        space.mark(points, whole)
        return space

    @property
    def numbers(self) -> int:
        """How many columns of the points are numbers."""
        return int(self.points.shape[1]) - sum(map(len, self.categories.values()))

    def mark(self, points: Matrix, codes: Ints) -> None:
        """Set the entries of the rows' own categories."""
        start = self.numbers
        for index, values in enumerate(self.categories.values()):
            points[np.arange(len(points)), start + codes[:, index]] = self.mismatch
            start += len(values)

    def synthetic_points(self, recipe: pa.Table, train: TrainRows) -> Matrix:
        """Return the points of synthetic rows.

        Args:
            recipe: How they are made.
            train: The train rows, in the order of the points.
        """
        first = train.positions(recipe["parent_a"].to_numpy())
        second = train.positions(pc.coalesce(recipe["parent_b"], recipe["parent_a"]).to_numpy())
        steps = pc.fill_null(recipe["lambda"], 0.0).to_numpy()[:, np.newaxis]
        made = np.zeros((recipe.num_rows, self.points.shape[1]))
        start = self.points[first, : self.numbers]
        made[:, : self.numbers] = start + steps * (self.points[second, : self.numbers] - start)
        votes = [_codes_of(recipe[f"{VOTE}{name}"], values) for name, values in self.categories.items()]
        self.mark(made, np.column_stack(votes) if votes else np.zeros((len(made), 0), np.int64))
        return made


def _fill_numbers(job: ResamplingJob, numbers: Matrix) -> None:
    """Fill in the numeric features of all train rows, a row group at a time."""
    rows = job.train.rows
    for group in job.reader.row_groups if job.numeric else ():
        low, high = np.searchsorted(rows, [group.first_row, group.first_row + group.rows])
        if low < high:
            part = job.reader.read_group(group, job.numeric).take(pa.array(rows[low:high] - group.first_row))
            numbers[low:high] = numeric_matrix(part)


def _placed(job: ResamplingJob, points: Matrix) -> Matrix:
    """Return numeric features imputed and (unless switched off) standardised."""
    missing = np.isnan(points)
    if not points.shape[1] or (not job.config.scale and not missing.any()):
        return points
    statistics = train_statistics(job.reader, job.train, job.numeric)
    points = np.where(missing, statistics.median, points)
    return (points - statistics.median) / statistics.deviation if job.config.scale else points


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
    matrix = numeric_matrix(reader.read_rows(_sample(reader, train, sampled_rows(len(columns))), columns))
    present = ~np.isnan(matrix).all(axis=0)
    median, deviation = np.zeros(len(columns)), np.ones(len(columns))
    median[present] = np.nanmedian(matrix[:, present], axis=0)
    deviation[present] = np.nanstd(matrix[:, present], axis=0)
    deviation[deviation == 0] = 1
    return NumericStatistics(median, deviation)


def sampled_rows(columns: int) -> int:
    """Return about how many train rows statistics are taken of at most: fewer where there are many columns.

    >>> sampled_rows(10), sampled_rows(300)
    (200000, 26666)
    """
    return min(_SAMPLE_ROWS, max(_FEWEST_SAMPLED, _SAMPLE_CELLS // max(1, columns)))


def _sample(reader: SnapshotReader, train: TrainRows, most: int) -> Ints:
    """Return train rows of evenly spread row groups, about as many as the sample may have."""
    if len(train.rows) <= most:
        return train.rows
    groups = reader.row_groups
    wanted = max(1, round(len(groups) * most / len(train.rows)))
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
        values = pa.concat_arrays([distinct, pa.nulls(1, distinct.type)])
        codes[:, index] = _codes_of(column, values)
        categories.append(values)
    return codes, categories


def _codes_of(column: pa.ChunkedArray, values: pa.Array) -> Ints:
    """Return the positions of a column's values among its categories, the last of which stands for missing."""
    missing = len(values) - 1
    return np.asarray(pc.fill_null(pc.index_in(_plain(column), value_set=values[:missing]), missing).to_numpy())


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _sorted_categories(column: pa.ChunkedArray) -> pa.Array:
    distinct = pc.unique(_plain(column)).drop_null()
    return distinct.take(pc.sort_indices(distinct))
