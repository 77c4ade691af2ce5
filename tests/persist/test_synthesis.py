from __future__ import annotations

import numpy as np
import pyarrow as pa

from counterpoise.config import ColumnsConfig
from counterpoise.persist._rows.gather import RowPool
from counterpoise.persist._rows.synthesis import Synthesis
from counterpoise.resample import interpolate
from counterpoise.table._source_table import column_roles


def test_complete_columns_are_interpolated_bit_for_bit_as_all_others() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=97) * 10.0 ** rng.integers(-300, 300, 97), [0.0, -0.0, np.inf]])
    table = pa.table({"x": values, "label": np.ones(100, np.int8)})
    parents, steps = rng.integers(0, 100, (2, 5000)), rng.random(5000)
    recipe = pa.table({"parent_a": parents[0], "parent_b": parents[1], "lambda": steps})
    synthesis = Synthesis(recipe, column_roles(table.schema, ColumnsConfig(target="label")), 0)
    pool = RowPool(np.arange(100), table)
    with np.errstate(invalid="ignore", over="ignore"):
        made, _ = synthesis.rows(np.arange(5000), pool)
        first, second = (table["x"].combine_chunks().take(pa.array(places)) for places in parents)
        expected = interpolate(first, second, steps=steps, draws=steps)
    assert "x" in pool.complete_doubles
    assert made["x"].combine_chunks().buffers()[1] == expected.buffers()[1]


def test_columns_with_missing_values_are_not_complete() -> None:
    table = pa.table({"null": pa.array([1.0, None]), "nan": [1.0, np.nan], "whole": [1, 2], "x": [1.0, 2.0]})
    assert set(RowPool(np.arange(2), table).complete_doubles) == {"x"}
