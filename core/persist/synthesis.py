"""Synthetic rows from their recipe and their parents' values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.columns import ColumnRoles
from counterpoise.core.persist.gather import RowPool
from counterpoise.core.resample.interpolate import interpolate, rounding_draws
from counterpoise.core.resample.plan import VOTE

__all__ = ["Synthesis"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Synthesis:
    """Makes synthetic rows.

    Attributes:
        recipe: Parents, steps and votes, a row a synthetic row.
        roles: The roles of the columns.
        seed: The run's seed, for unbiased rounding.
    """

    recipe: pa.Table
    roles: ColumnRoles
    seed: int

    def rows(self, numbers: Ints, pool: RowPool) -> tuple[pa.Table, pa.Table]:
        """Return the synthetic rows with the given numbers, and their part of the recipe.

        Features are interpolated or voted, the label is the parents', key columns are null.
        """
        recipe = self.recipe.take(pa.array(numbers))
        first = pool.take(recipe["parent_a"].to_numpy())
        second = pool.take(recipe["parent_b"].to_numpy())
        columns = [self._column(field, first, second, recipe, numbers) for field in first.schema]
        return pa.table(columns, schema=first.schema), recipe

    def _column(
        self, field: pa.Field, first: pa.Table, second: pa.Table, recipe: pa.Table, numbers: Ints
    ) -> pa.Array | pa.ChunkedArray:
        vote = f"{VOTE}{field.name}"
        if field.name in self.roles.keys:
            return pa.nulls(len(numbers), field.type)
        if field.name == self.roles.target:
            return first[field.name]
        if vote in recipe.schema.names:
            return recipe[vote].cast(field.type)
        steps = np.asarray(recipe["lambda"].to_numpy())
        draws = rounding_draws(self.seed, field.name, numbers)
        return interpolate(
            first[field.name].combine_chunks(), second[field.name].combine_chunks(), steps=steps, draws=draws
        )
