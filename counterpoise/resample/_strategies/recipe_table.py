"""The recipe of synthetic rows as a table: parents as source rows, steps, and votes in the columns' own types."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.resample._strategies.smote import Recipe

VOTE = "vote:"
"""The prefix of a voted column's name in a recipe."""


def recipe_table(recipe: Recipe, rows: npt.NDArray[np.int64], categories: Mapping[str, pa.Array]) -> pa.Table:
    """Return the recipe with the columns parent_a, parent_b (int64), lambda (float64) and `vote:<feature>`.

    A synthetic row made by votes only has neither second parent nor step: both are null.

    Args:
        recipe: Parents as positions among the rows; a second parent of -1 means none.
        rows: The source rows of these positions.
        categories: The category of each code of the votes, by voted feature in the order of the votes.
    """
    alone = recipe.parent_b < 0
    columns = {
        "parent_a": pa.array(rows[recipe.parent_a]),
        "parent_b": pa.array(rows[recipe.parent_b], mask=alone),
        "lambda": pa.array(recipe.steps, mask=alone),
    }
    for index, (name, values) in enumerate(categories.items()):
        columns[f"{VOTE}{name}"] = values.take(pa.array(recipe.votes[:, index].astype(np.int64)))
    return pa.table(columns)
