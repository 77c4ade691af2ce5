from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoise.config import ColumnsConfig, ValidationConfig
from counterpoise.errors import ContractError
from counterpoise.expectations.propose import propose_suite
from counterpoise.expectations.suite_file import load_suite, write_suite
from counterpoise.records import Validation
from counterpoise.validate import validate_snapshot
from tests.snapshots import mixed_table, snapshot_of

COLUMNS = ColumnsConfig(target="label", ids=("id",))


def proposed(table: pa.Table, folder: Path, columns: ColumnsConfig = COLUMNS) -> list[dict[str, Any]]:
    return propose_suite(snapshot_of(table, folder / "proposed"), columns)


def check(suite: list[dict[str, Any]], table: pa.Table, folder: Path) -> Validation:
    write_suite(folder / "suite.json", "proposed", suite)
    return validate_snapshot(
        snapshot_of(table, folder / "checked"),
        [load_suite(folder / "suite.json")],
        config=ValidationConfig(),
        folder=folder / "validation",
    )


def broken(validation: Validation) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (outcome.expectation.split("(")[0].removeprefix("expect_"), outcome.columns)
        for outcome in validation.outcomes
        if outcome.status != "passed"
    ]


def of_column(suite: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    return {
        each["type"].removeprefix("expect_column_"): {
            key: value for key, value in each["kwargs"].items() if key != "column"
        }
        for each in suite
        if each["kwargs"].get("column") == name
    }


def test_the_snapshot_it_was_proposed_from_meets_the_suite(tmp_path: Path) -> None:
    table = mixed_table(3000)
    suite = proposed(table, tmp_path)
    assert broken(check(suite, table, tmp_path)) == []
    assert all(each["notes"] for each in suite)


def test_the_same_snapshot_gives_the_same_suite(tmp_path: Path) -> None:
    first = proposed(mixed_table(500), tmp_path / "a")
    assert json.dumps(first) == json.dumps(proposed(mixed_table(500), tmp_path / "b"))


@pytest.mark.parametrize("seed", range(3))
def test_next_week_s_data_meet_the_suite(seed: int, tmp_path: Path) -> None:
    suite = proposed(mixed_table(3000, seed=99), tmp_path)
    assert broken(check(suite, mixed_table(2800, seed=seed), tmp_path)) == []


def test_each_column_gets_what_suits_it(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": [f"i{number}" for number in range(200)],
            "amount": np.arange(200) / 2,
            "count": pa.array([*range(1, 200), None]),
            "flag": [True, False] * 100,
            "kind": ["a", "b", None, "a"] * 50,
            "at": pa.array(range(200), pa.timestamp("us")),
            "code": np.arange(200) + 2**60,
            "constant": [5] * 200,
            "text": [f"t{number}" for number in range(200)],
            "empty": pa.nulls(200),
            "left": [1] * 200,
            "label": ["no"] * 150 + ["yes"] * 50,
        }
    )
    suite = proposed(table, tmp_path, ColumnsConfig(target="label", ids=("id",), drop=("left",)))
    assert of_column(suite, "amount") == {
        "values_to_be_in_type_list": {"type_list": ["float64", "int64", "Int64Dtype"]},
        "values_to_not_be_null": {"mostly": 0.99},
        "values_to_be_between": {"min_value": 0.0, "max_value": 109.5, "mostly": 0.99},
        "median_to_be_between": {"min_value": 24.5, "max_value": 74.5},
        "stdev_to_be_between": {"min_value": 0, "strict_min": True},
    }
    assert of_column(suite, "count")["values_to_be_in_type_list"] == {"type_list": ["int64", "Int64Dtype"]}
    assert of_column(suite, "count")["values_to_be_between"] == {"min_value": 0, "max_value": 219, "mostly": 0.99}
    assert set(of_column(suite, "flag")) == {"values_to_be_in_type_list", "values_to_not_be_null"}
    assert of_column(suite, "kind")["values_to_be_in_set"] == {"value_set": ["a", "b"], "mostly": 0.99}
    assert of_column(suite, "kind")["values_to_not_be_null"]["mostly"] == 0.595
    assert of_column(suite, "kind")["distinct_values_to_contain_set"] == {"value_set": ["a", "b"]}
    assert of_column(suite, "at")["type_to_be"] == {"type_": "datetime64"}
    assert set(of_column(suite, "code")) == {"values_to_be_in_type_list", "values_to_not_be_null"}
    assert of_column(suite, "constant")["values_to_be_between"] == {"min_value": 4, "max_value": 6, "mostly": 0.99}
    assert "values_to_be_in_set" not in of_column(suite, "text")
    assert set(of_column(suite, "id")) == {"type_to_be", "values_to_be_unique"}
    assert of_column(suite, "empty") == of_column(suite, "left") == {}
    assert of_column(suite, "label")["distinct_values_to_be_in_set"] == {"value_set": ["no", "yes"]}
    assert of_column(suite, "label")["class_proportions_to_be_between"]["bands"]["yes"] == [0.125, 0.375]
    assert "stdev_to_be_between" not in of_column(suite, "constant")
    assert of_column(suite, "label")["imbalance_degree_to_be_at_most"] == {"degree": "mild"}
    assert broken(check(suite, table, tmp_path)) == []


def test_features_that_do_not_give_the_label_away_are_held_to_that(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.random(1_000) < 0.2
    table = pa.table({"weak": rng.normal(size=1_000) + label, "leak": label * 2.0, "label": label})
    suite = proposed(table, tmp_path, ColumnsConfig(target="label"))
    held = [each for each in suite if each["type"] == "expect_column_pair_separation_to_be_at_most"]
    assert [each["kwargs"]["column_A"] for each in held] == ["weak"]
    assert "ROC-AUC of 0.7" in held[0]["notes"]
    leaking = table.set_column(0, "weak", pa.array(label * 1.0 + rng.normal(size=1_000) / 100))
    assert ("column_pair_separation_to_be_at_most", ("weak", "label")) in broken(check(suite, leaking, tmp_path))


def test_a_code_with_many_values_is_held_to_stay_a_feature(tmp_path: Path) -> None:
    table = pa.table({"shop": [f"s{row % 60}" for row in range(300)], "label": [row % 3 == 0 for row in range(300)]})
    suite = proposed(table, tmp_path, ColumnsConfig(target="label"))
    assert "values_to_not_identify_rows" in of_column(suite, "shop")
    unique = table.set_column(0, "shop", pa.array([f"s{row}" for row in range(300)]))
    assert ("column_values_to_not_identify_rows", ("shop",)) in broken(check(suite, unique, tmp_path))


def test_only_what_gives_the_data_their_meaning_is_critical(tmp_path: Path) -> None:
    critical = {each["type"] for each in proposed(mixed_table(500), tmp_path) if each["severity"] == "critical"}
    assert critical == {
        "expect_table_columns_to_match_set",
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_type_to_be",
        "expect_column_values_to_be_in_type_list",
    }


def replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.names.index(name), name, pa.array(values))


FEED = mixed_table(2000, share=0.2, target="label")


@pytest.mark.parametrize(
    ("feed", "found"),
    [
        (FEED.drop_columns(["x"]), "table_columns_to_match_set"),
        (FEED.append_column("new", FEED["x"]), "table_columns_to_match_set"),
        (replaced(FEED, "word", ["one"] * 2000), "values_to_be_in_set"),
        (
            replaced(FEED, "small", [str(value) for value in FEED["small"].to_pylist()]),
            "column_values_to_be_in_type_list",
        ),
        (replaced(FEED, "x", np.asarray(FEED["x"].to_numpy()) * 100), "values_to_be_between"),
        (replaced(FEED, "x", np.asarray(FEED["x"].to_numpy()) + 3), "median_to_be_between"),
        (replaced(FEED, "x", [None] * 1000 + [1.0] * 1000), "values_to_not_be_null"),
        (FEED.slice(0, 900), "table_row_count_to_be_between"),
        (pa.concat_tables([FEED, FEED]), "column_values_to_be_unique"),
        (replaced(FEED, "label", 1 - FEED["label"].to_numpy()), "class_proportions_to_be_between"),
        (replaced(FEED, "label", FEED["label"].to_numpy() + 1), "distinct_values_to_be_in_set"),
        (replaced(FEED, "label", np.zeros(2000, "i1")), "distinct_values_to_contain_set"),
    ],
    ids=[
        "column gone",
        "column new",
        "categories other",
        "numbers as text",
        "unit times 100",
        "numbers shifted",
        "half missing",
        "half the rows",
        "feed doubled",
        "labels swapped",
        "labels renamed",
        "class gone",
    ],
)
def test_a_broken_feed_is_caught(feed: pa.Table, found: str, tmp_path: Path) -> None:
    suite = proposed(FEED, tmp_path)
    try:
        names = [name for name, _ in broken(check(suite, feed, tmp_path))]
    except ContractError as error:
        names = [failed["expectation"] for failed in error.values["failed"]]
    assert any(found in name for name in names), names


VALUES = st.one_of(
    st.lists(st.none() | st.floats(), min_size=4, max_size=40).map(lambda values: pa.array(values, pa.float64())),
    st.lists(st.none() | st.floats(width=32), min_size=4, max_size=40).map(
        lambda values: pa.array(values, pa.float32())
    ),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=4, max_size=40).map(
        lambda values: pa.array(values, pa.int64())
    ),
    st.lists(st.none() | st.integers(0, 3), min_size=4, max_size=40).map(lambda values: pa.array(values, pa.uint8())),
    st.lists(st.none() | st.sampled_from(["a", "b", ""]), min_size=4, max_size=40).map(
        lambda values: pa.array(values, pa.string())
    ),
    st.lists(st.none() | st.booleans(), min_size=4, max_size=40).map(lambda values: pa.array(values, pa.bool_())),
)


@pytest.mark.slow
@given(values=VALUES, classes=st.integers(1, 3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_column_holds_its_own_suite_is_met(values: pa.Array, classes: int, tmp_path: Path) -> None:
    table = pa.table({"c": values, "label": np.arange(len(values)) % classes})
    columns = ColumnsConfig(target="label")
    assert broken(check(proposed(table, tmp_path, columns), table, tmp_path)) == []


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([True, False] * 40),
        pa.array([1.0, 0.0] * 39 + [None, float("nan")]),
        pa.array(["a", "b"] * 40).dictionary_encode(),
        pa.array([f"c{number}" for number in range(80)]),
        pa.array([1, 2] * 40, pa.date32()),
        pa.nulls(80, pa.string()),
    ],
    ids=["booleans", "floats with gaps", "categories", "too many", "dates", "none"],
)
def test_labels_of_any_type_give_a_suite_that_holds(labels: pa.Array, tmp_path: Path) -> None:
    table = pa.table({"x": np.arange(80), "label": labels})
    columns = ColumnsConfig(target="label")
    assert broken(check(proposed(table, tmp_path, columns), table, tmp_path)) == []
