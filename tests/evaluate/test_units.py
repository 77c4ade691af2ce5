"""Intervals, the floor of a verdict and the record count what the split keeps together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.evaluate import compare_strategies, load_tables
from counterpoise.results import MetricsRecord, check_metrics
from counterpoise.split import expects_equal_rows
from counterpoise.verify._metrics import metric_differences
from tests.snapshots import run_engine


def distinct(rows: int, rng: np.random.Generator, *, prevalence: float = 0.12) -> pa.Table:
    positive = rng.random(rows) < prevalence
    return pa.table({"x": rng.normal(size=rows) + positive, "z": rng.normal(size=rows), "label": positive.astype("i1")})


def evaluated(table: pa.Table, folder: Path, *, strategy: str = "random_over", **sections: Any) -> dict[str, Any]:
    learners = {"learners": ["logistic_regression"], "bootstrap": 200}
    settings = {"resampling": {"strategy": strategy}, "evaluation": learners, **sections}
    run = run_engine(table, folder, **settings)
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    record = compare_strategies(tables, strategy=strategy, config=run.config.evaluation, seed=0)
    check_metrics(record)
    assert list(metric_differences(MetricsRecord.model_validate_json(json.dumps(record)))) == []
    return record


@pytest.mark.slow
def test_rows_that_stand_four_times_count_once(tmp_path: Path) -> None:
    once = distinct(700, np.random.default_rng(0))
    table = once.take(np.repeat(np.arange(700), 4))
    record, single = evaluated(table, tmp_path / "four"), evaluated(once, tmp_path / "one")
    assert record["independence"]["unit"] == "equal_rows"
    assert record["independence"]["test"] == {"number": 139, "mean": 4.0, "median": 4.0, "largest": 4}
    assert abs(record["deciding_rows"] - single["deciding_rows"]) <= 1
    assert record["deciding_rows"] < 30
    assert record["deciding_rows_are"] == "distinct positives"
    assert record["verdict_outcome"] == "undecided"
    assert f"Too few distinct positives ({record['deciding_rows']} in test" in record["verdict"]
    assert record["independence"]["as_rows"] is None
    widths = [
        arm["intervals"]["average_precision"]["high"] - arm["intervals"]["average_precision"]["low"]
        for arm in (record["arms"][1], single["arms"][1])
    ]
    assert widths[0] == pytest.approx(widths[1], rel=0.5)
    assert "of whole sets of equal rows" in record["bootstrap"]["method"]


@pytest.mark.slow
def test_few_distinct_rows_get_no_verdict_however_often_they_stand_and_both_counts_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    columns = {name: rng.integers(0, levels, 4_000) for name, levels in (("a", 5), ("b", 5), ("c", 3))}
    positive = rng.random(4_000) < np.where(columns["a"] > 2, 0.4, 0.1)
    record = evaluated(pa.table({**columns, "label": positive.astype("i1")}), tmp_path)
    found = record["independence"]
    assert record["deciding_rows"] < 30
    assert record["verdict_outcome"] == "undecided"
    assert found["coincidences"]
    assert found["as_rows"]["deciding_rows"] > 100
    assert found["as_rows"]["deciding_rows_are"] == "positives"
    assert found["as_rows"]["outcome"] != "undecided"
    assert f"{found['as_rows']['deciding_rows']:,} positives" in found["as_rows"]["text"]
    assert "mean over 5 draws of its rows" in found["as_rows"]["text"]


def test_both_are_told_without_resampling_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    table = pa.table(
        {"a": rng.integers(0, 6, 2_000), "b": rng.integers(0, 6, 2_000), "label": rng.integers(0, 2, 2000)}
    )
    record = evaluated(table, tmp_path, strategy="none")
    assert record["independence"]["as_rows"]["outcome"] == "baseline"
    assert "95 % CI" in record["independence"]["as_rows"]["text"]


@pytest.mark.slow
def test_groups_count_once_and_those_with_equal_rows_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    table = distinct(900, rng).append_column("who", pa.array(np.arange(900) // 3))
    record = evaluated(table, tmp_path / "plain", columns={"target": "label", "group": "who"})
    assert record["independence"]["unit"] == "groups"
    assert record["independence"]["test"]["number"] == 60
    linked = table.set_column(0, "x", pa.array(np.arange(900) // 6 * 1.0)).set_column(1, "z", pa.array([0.0] * 900))
    linked = linked.take(rng.permutation(900))
    record = evaluated(linked, tmp_path / "linked", columns={"target": "label", "group": "who"})
    assert record["independence"]["test"]["largest"] == 6


@pytest.mark.slow
def test_rows_that_may_be_separated_or_differ_count_on_their_own(tmp_path: Path) -> None:
    once = distinct(400, np.random.default_rng(3))
    twice = once.take(np.repeat(np.arange(400), 2))
    for folder, table, rule in (("all", once, "together"), ("free", twice, "ignore")):
        record = evaluated(table, tmp_path / folder, split={"duplicates": rule})
        found = record["independence"]
        assert (found["unit"], found["coincidences"], found["as_rows"]) == ("rows", False, None)
        assert found["test"]["number"] == record["rows"]["test"]["rows"]
        assert record["deciding_rows_are"] == "positives"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"a": np.arange(400) % 7, "b": np.arange(400) % 2}, True),
        ({"a": np.repeat(np.arange(100.0), 4), "b": np.repeat(np.arange(100.0) ** 2, 4)}, False),
        ({"a": np.arange(400.0)}, False),
        ({"a": ["x"] * 400}, True),
    ],
)
def test_coincidences_are_expected_of_few_discrete_values_alone(columns: dict[str, Any], expected: bool) -> None:
    assert expects_equal_rows(pa.table(columns)) == expected
