"""All our own expectations: found without a list, written, read back, and refused with wrong keywords."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.errors import ConfigError
from counterpoise.expectations.registration import MODULES, register_expectations
from counterpoise.expectations.suite_file import load_suite, write_suite
from counterpoise.validate import find_scope, load_engine, quiet
from tests.expectations.custom.asking import ask

PAIR = {"column_A": "f", "column_B": "label"}
COUNTS = {"kind": "number", "edges": [0.5], "counts": [5, 5]}
OWN: dict[str, dict[str, Any]] = {
    "expect_column_class_proportions_to_be_between": {"column": "label", "bands": {"a": [0.1, 0.9]}},
    "expect_column_class_proportions_to_stay": {"column": "label", "baseline": {"a": 30, "b": 10}},
    "expect_column_class_rows_to_be_at_least": {"column": "label", "min_rows": 3},
    "expect_column_imbalance_degree_to_be_at_most": {"column": "label", "degree": "moderate"},
    "expect_column_missing_share_to_stay": {"column": "f", "missing": 0, "rows": 40},
    "expect_column_pair_separation_to_be_at_most": {**PAIR, "max_separation": 0.9},
    "expect_column_pair_values_to_be_disjoint_between_partitions": {**PAIR},
    "expect_column_population_stability_index_to_be_at_most": {"column": "f", "baseline": COUNTS},
    "expect_column_values_to_not_be_infinite": {"column": "f"},
    "expect_column_values_to_not_identify_rows": {"column": "f", "max_distinct_share": 0.5},
    "expect_multicolumn_contradictory_share_to_be_at_most": {"column_list": ["f"], "label": "label", "max_share": 0.1},
    "expect_table_growth_measure_to_be_between": {"measure": "rows added", "value": 1},
    "expect_table_schema_to_stay": {"schema_before": {"f": "double", "label": "string"}},
    "expect_table_column_to_be_unobtrusive": {"column": "f", "found": "constant_feature"},
    "expect_table_texts_to_not_look_like_values": {"column": "f", "present": 4, "alike": 3},
}
SEPARATION = "expect_column_pair_separation_to_be_at_most"
CONTRADICTIONS = "expect_multicolumn_contradictory_share_to_be_at_most"


def custom_modules() -> list[str]:
    package = importlib.import_module("counterpoise.expectations.custom")
    return [module.name for module in pkgutil.iter_modules(package.__path__, "counterpoise.expectations.custom.")]


def test_every_expectation_of_the_package_is_registered_and_tried_here() -> None:
    register_expectations()
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    registered = list_registered_expectation_implementations()
    own = {kind for kind in registered if get_expectation_impl(kind).__module__ in custom_modules()}
    assert own == OWN.keys()


def test_every_expectation_is_found_by_its_name_and_alone() -> None:
    register_expectations()
    from great_expectations.expectations.registry import get_expectation_impl

    package = "counterpoise.expectations.custom"
    found = {kind: get_expectation_impl(kind).__module__ for kind in OWN}
    assert found == {kind: f"{package}.{module}" for kind, module in MODULES.items()}
    code = (
        "from counterpoise.expectations.registration import register_expectations\n"
        "register_expectations({'expect_table_schema_to_stay', 'expect_column_to_exist'})\n"
        f"import sys; sys.exit({package + '.partition_overlap'!r} in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", sorted(OWN.keys() - {"expect_column_values_to_not_be_infinite"}))
def test_every_keyword_of_its_own_selects_columns_or_decides(kind: str) -> None:
    register_expectations()
    from great_expectations.expectations.expectation import BatchExpectation
    from great_expectations.expectations.registry import get_expectation_impl

    impl = get_expectation_impl(kind)
    own = impl.__fields__.keys() - BatchExpectation.__fields__.keys() - {"row_condition", "condition_parser"}
    assert own >= OWN[kind].keys()
    assert {*impl.args_keys} == own
    assert {*impl.success_keys} == own - {*impl.domain_keys}


@pytest.mark.parametrize("name", custom_modules())
def test_examples_in_the_docstrings_hold(name: str) -> None:
    register_expectations()
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("kind", OWN)
def test_an_expectation_comes_back_from_a_file(kind: str, tmp_path: Path) -> None:
    expectation = {"type": kind, "kwargs": OWN[kind], "severity": "warning", "notes": "Why.", "meta": {"owner": "us"}}
    write_suite(tmp_path / "suite.json", "own", [expectation])
    assert load_suite(tmp_path / "suite.json").expectations == (expectation,)


@pytest.mark.parametrize(
    ("kind", "conditional"),
    [*((kind, False) for kind in OWN), *((kind, True) for kind in OWN if "_table_" not in kind)],
)
def test_an_expectation_comes_back_from_great_expectations(kind: str, conditional: bool, tmp_path: Path) -> None:
    register_expectations()
    with quiet():
        engine = load_engine()
        engine.get_context(mode="ephemeral")
        over_0 = {"type": "comparison", "column": {"name": "f"}, "operator": ">", "parameter": 0}
        condition = {"row_condition": over_0} if conditional else {}
        kwargs = {**OWN[kind], **condition}
        suite = engine.ExpectationSuite(name="own", expectations=[{"type": kind, "kwargs": kwargs}])
        exported = json.dumps(suite.to_json_dict())
        again = engine.ExpectationSuite(**json.loads(exported))
    assert again == suite
    (tmp_path / "suite.json").write_text(exported)
    (read,) = load_suite(tmp_path / "suite.json").expectations
    assert read["type"] == kind
    assert OWN[kind].items() <= read["kwargs"].items()
    assert ("row_condition" in read["kwargs"]) == bool(condition)


@pytest.mark.parametrize("kind", OWN)
def test_the_result_is_json(kind: str) -> None:
    frame = pd.DataFrame({"f": np.arange(40.0) // 4, "label": ["a", "b"] * 20})
    frame.index = pd.date_range("2024-01-01", periods=40)
    result = ask(frame, kind, **OWN[kind])
    with quiet():
        text = json.dumps(result.to_json_dict())
    assert kind in text


@pytest.mark.parametrize("kind", OWN)
def test_an_expectation_touches_the_columns_that_it_names(kind: str) -> None:
    register_expectations()
    named = {"f", "label"} & {text for value in OWN[kind].values() for text in np.ravel(value).astype(str)}
    assert set(find_scope({"type": kind, "kwargs": OWN[kind]}, ["f", "label"]).columns) == named


@pytest.mark.parametrize(
    ("kind", "changes", "match"),
    [
        ("expect_column_imbalance_degree_to_be_at_most", {"degree": "severe"}, "degree: .*'balanced', 'mild'"),
        ("expect_column_imbalance_degree_to_be_at_most", {"degree": None}, "degree: "),
        (SEPARATION, {"max_separation": 0.4}, "max_separation: .*greater than or equal to 0.5"),
        (SEPARATION, {"max_separation": 1.1}, "max_separation: .*less than or equal to 1"),
        (SEPARATION, {"column_B": "f"}, "column_B: column_A and column_B must be different"),
        (SEPARATION, {"column_A": ""}, "column_A: "),
        (SEPARATION, {"mostly": 0.9}, "mostly: extra fields not permitted"),
        (CONTRADICTIONS, {"max_share": -0.1}, "max_share: .*greater than or equal to 0"),
        (CONTRADICTIONS, {"max_share": 1.1}, "max_share: .*less than or equal to 1"),
        (CONTRADICTIONS, {"max_share": "few"}, "max_share: value is not a valid float"),
        (CONTRADICTIONS, {"column_list": []}, "column_list: ensure this value has at least 1 item"),
        (CONTRADICTIONS, {"column_list": "f"}, "column_list: value is not a valid list"),
        (CONTRADICTIONS, {"column_list": ["f", "label"]}, "label: label must not be one of column_list"),
        ("expect_column_values_to_not_identify_rows", {"max_distinct_share": 1.5}, "max_distinct_share: .*equal to 1"),
        ("expect_column_values_to_not_identify_rows", {"max_distinct_share": -1}, "max_distinct_share: .*equal to 0"),
        ("expect_column_pair_values_to_be_disjoint_between_partitions", {"column_B": 7}, "column_B: str type expected"),
        ("expect_column_pair_values_to_be_disjoint_between_partitions", {"column_B": "f"}, "must be different columns"),
    ],
)
def test_wrong_keywords_are_refused(kind: str, changes: dict[str, Any], match: str, tmp_path: Path) -> None:
    kwargs = {**OWN[kind], **changes}
    write_suite(tmp_path / "suite.json", "own", [{"type": kind, "kwargs": kwargs}])
    with pytest.raises(ConfigError, match=match):
        load_suite(tmp_path / "suite.json")
