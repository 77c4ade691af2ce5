"""The leak simulator holds out what the split of the run would keep together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._inputs import load_tables
from counterpoise.evaluate._tables import EvaluationTables
from tests.snapshots import run_engine


def noise(rows: int) -> pa.Table:
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(rows) < rows // 5).astype("i1")
    return pa.table({**{f"x{number}": rng.normal(size=rows) for number in range(4)}, "label": label})


def loaded(table: pa.Table, folder: Path, **sections: Any) -> EvaluationTables:
    run = run_engine(table, folder, **{"resampling": {"strategy": "random_over", "ratio": 0.5}, **sections})
    return load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)


def leak_of(tables: EvaluationTables, strategy: str = "random_over") -> dict[str, Any]:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=0)
    found: dict[str, Any] = compare_strategies(tables, strategy=strategy, config=config, seed=0)["leak"]
    return found


@pytest.mark.slow
def test_equal_rows_of_the_source_are_held_out_together_and_at_the_ratio_of_the_run(tmp_path: Path) -> None:
    table = noise(500)
    again = np.random.default_rng(1).permutation(np.repeat(np.arange(500), 4))
    found = leak_of(loaded(table.take(pa.array(again)), tmp_path))
    assert found["held_out"] == "tied"
    assert found["ratio"] == pytest.approx(0.5, abs=0.01)
    assert 0.35 < found["honest"]["roc_auc"] < 0.65
    assert found["leaky"]["roc_auc"] > 0.9


@pytest.mark.slow
def test_rows_of_a_group_are_held_out_together(tmp_path: Path) -> None:
    table = noise(1_000).append_column("customer", pa.array(np.arange(1_000) // 5))
    tables = loaded(table, tmp_path, columns={"target": "label", "group": "customer"})
    assert tables.train_ties is not None
    assert np.bincount(tables.train_ties.codes).tolist() == [5] * (tables.natural_rows // 5)
    assert leak_of(tables)["held_out"] == "tied"


def test_equal_rows_that_the_split_lets_part_are_not_tied(tmp_path: Path) -> None:
    table = pa.concat_tables([noise(400)] * 2)
    tables = loaded(table, tmp_path, split={"duplicates": "ignore"})
    assert tables.train_ties is not None
    assert len(np.unique(tables.train_ties.codes)) == tables.natural_rows


@pytest.mark.slow
def test_where_the_split_is_in_time_the_newest_train_rows_are_held_out(tmp_path: Path) -> None:
    days = np.random.default_rng(2).permutation(1_000)
    table = noise(1_000).append_column("at", pa.array(days.astype("i4"), pa.date32()))
    tables = loaded(table, tmp_path, columns={"target": "label", "time": "at"}, split={"method": "time"})
    assert tables.train_ties is not None
    assert tables.train_ties.times is not None
    assert sorted(tables.train_ties.times) == list(range(tables.natural_rows))
    assert leak_of(tables)["held_out"] == "newest"


def test_ties_are_those_of_the_sampled_rows(tmp_path: Path) -> None:
    table = noise(4_000).append_column("customer", pa.array(np.arange(4_000) // 2))
    tables = loaded(
        table, tmp_path, columns={"target": "label", "group": "customer"}, evaluation={"max_train_rows": 1_000}
    )
    assert tables.train_ties is not None
    assert len(tables.train_ties.codes) == tables.train_natural.num_rows < tables.natural_rows


@pytest.mark.slow
def test_more_than_two_classes_are_told_to_be_left_out(tmp_path: Path) -> None:
    table = noise(900)
    label = pa.array(np.arange(900) % 3)
    tables = loaded(table.set_column(table.schema.get_field_index("label"), "label", label), tmp_path)
    assert "more than two classes" in leak_of(tables)["skipped"]
