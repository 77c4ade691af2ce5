"""Where the values of synthetic rows are, in words."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.resample import describe_grid, grids_of
from counterpoise.results import ColumnGrid
from counterpoise.versions import Version

_MOST_COLUMNS = 200


def grids_in_words(version: Version, schema: pa.Schema) -> Iterator[ColumnGrid]:
    """Yield where the values of synthetic rows are, from the recipe that they were made by.

    Args:
        version: The version.
        schema: A schema with the types of its features.

    Raises:
        IntegrityError: The recipe has no valid grids.
    """
    recipe = pq.read_schema(version.path("recipe") / "synthetic.parquet")
    for column, grid in list(grids_of(recipe).items())[:_MOST_COLUMNS]:
        yield ColumnGrid(column=column, text=describe_grid(grid, schema.field(column).type))
