from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from benchmarks.probabilities import LABEL, Cell, cells, read_table
from tests.catalog import real_tables

pytestmark = pytest.mark.slow


def generated(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    features = {name: rng.normal(size=rows) for name in "abc"}
    odds = 2 * features["a"] - features["b"] - 4
    return pa.table({**features, LABEL: np.where(rng.random(rows) < expit(odds), "yes", "no")})


def check(found: list[Cell]) -> None:
    for cell in found:
        assert not cell.worse, cell.line()
        assert cell.says_so == cell.misses, cell.line()


@pytest.mark.parametrize("seed", [0, 1])
def test_published_probabilities_are_never_worse_than_raw_ones_and_say_where_the_mean_is_off(seed: int) -> None:
    found = list(
        cells(
            "generated", generated(6_000, seed), seed=seed, strategies=("none", "random_over", "smote"),
            learners=("logistic_regression", "random_forest"),
        )
    )  # fmt: skip
    assert len(found) == 6
    check(found)
    over = next(one for one in found if (one.strategy, one.learner) == ("random_over", "random_forest"))
    assert over.calibration["after"]["mean_probability"] < 0.6 * over.prevalence, "it knows its copies by heart"
    assert over.calibration["published"]["method"] != "prior"
    assert "prior correction" in over.calibration["published"]["why"]


def test_on_a_real_table_of_231_positives_they_are_not_worse_either() -> None:
    known = {table.name: table.path for table in real_tables()}
    if "sick" not in known:
        pytest.skip("the real tables (../shared/data) are not here")
    table = read_table(Path(os.path.commonpath(known.values())), "sick", rows=4_000)
    check(list(cells("sick", table, seed=1, strategies=("random_over",))))
