"""The space in which neighbours are searched: scaled numbers and category codes.

Numbers are imputed by the median and standardised with statistics of the train partition. The values of synthetic rows
are computed in the original space, not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.errors import ResamplingError
from counterpoise.resample._job import ResamplingJob
from counterpoise.resample._neighbours.statistics import numeric_matrix, read_numbers
from counterpoise.resample._strategies.recipe_table import VOTE
from counterpoise.split import TrainRows
from counterpoise.typing import Ints, Matrix


@dataclass(frozen=True)
class ClassSpace:
    """The rows of one class as points.

    Attributes:
        rows: Their source rows.
        table: Their original features.
        points: Their numeric features, shape (rows, numeric features).
        codes: Their category codes, shape (rows, voted features).
        categories: The category of each code, by voted feature.
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

    As in SMOTENC, the entry of a row's own category is the median deviation of the numbers divided by √2: two rows that
    differ in one category have the distance of one median deviation. If that is 0, because most numbers are constant,
    it is 1 instead, so that categories still count; SMOTENC itself would ignore them.

    Attributes:
        points: Shape (train rows, numeric features + categories).
        codes: Category codes, shape (train rows, voted features).
        categories: The category of each code, by voted feature.
        mismatch: The entry of a row's own category; the others are 0.
    """

    points: Matrix
    codes: Ints
    categories: dict[str, pa.Array]
    mismatch: float

    @classmethod
    def read(cls, job: ResamplingJob) -> TrainSpace:
        """Read all train rows, one row group at a time."""
        codes, categories = read_codes(job)
        width = len(job.numeric)
        points = np.zeros((len(job.train.rows), width + sum(map(len, categories.values()))))
        numbers = points[:, :width]
        read_numbers(job.reader, job.train.rows, job.numeric, into=numbers)
        numbers[:] = _placed(job, numbers)
        spread = float(np.median(numbers.std(axis=0))) if width else 0.0
        space = cls(points, codes, categories, (spread or np.sqrt(2)) / np.sqrt(2))
        space.mark(points, codes)
        return space

    @property
    def numbers(self) -> int:
        """The number of numeric columns of the points."""
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
            recipe: How to make them.
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


def _placed(job: ResamplingJob, points: Matrix) -> Matrix:
    """Return numeric features imputed and, unless this is switched off, standardised."""
    missing = np.isnan(points)
    if not points.shape[1] or (not job.config.scale and not missing.any()):
        return points
    median, deviation = job.statistics.median, job.statistics.deviation
    points = np.where(missing, median, points)
    return (points - median) / deviation if job.config.scale else points


def read_codes(job: ResamplingJob) -> tuple[Ints, dict[str, pa.Array]]:
    """Return the category codes of all train rows, shape (rows, voted features), and the category of each code."""
    codes, categories = category_codes(job.reader.read_rows(job.train.rows, job.voted))
    return codes.astype(np.int64), dict(zip(job.voted, categories, strict=True))


def category_codes(table: pa.Table) -> tuple[Matrix, list[pa.Array]]:
    """Return category codes as float64, shape (rows, columns), and each column's categories in code order.

    A missing value is a separate category, the last one.

    Raises:
        ResamplingError: A column's type has no categories, for example a list.
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
    """Return the positions of a column's values among its categories, the last of which is missing."""
    missing = len(values) - 1
    return np.asarray(pc.fill_null(pc.index_in(_plain(column), value_set=values[:missing]), missing).to_numpy())


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without dictionary, and half floats, which Arrow cannot sort, as floats."""
    if pa.types.is_float16(column.type):
        return column.cast(pa.float32())
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _sorted_categories(column: pa.ChunkedArray) -> pa.Array:
    distinct = pc.unique(_plain(column)).drop_null()
    return distinct.take(pc.sort_indices(distinct))
