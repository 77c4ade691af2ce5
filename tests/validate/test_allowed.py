"""What an expectation may say keeps up with the installed Great Expectations, and large values stay quick."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import pytest

from counterpoise.errors import ConfigError
from counterpoise.validate._gx.runner import load_engine, quiet, run_expectations
from counterpoise.validate._suites import allowed
from counterpoise.validate._suites.allowed import check_expectation
from counterpoise.validate._suites.keywords import KEYWORDS, NEEDS_SQL
from tests.validate import every_expectation

IN_SET = "expect_column_values_to_be_in_set"
SCHEMA = "expect_column_values_to_match_json_schema"


def test_keywords_are_those_of_the_installed_great_expectations_but_for_what_is_left_out_on_purpose() -> None:
    """A keyword that a new release brings shows up here, to be looked at before anybody can use it."""
    load_engine()
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    shipped = {
        kind: get_expectation_impl(kind)
        for kind in list_registered_expectation_implementations()
        if get_expectation_impl(kind).__module__.startswith("great_expectations.")
    }
    assert shipped.keys() == KEYWORDS.keys() | NEEDS_SQL
    for kind, taken in KEYWORDS.items():
        assert frozenset(shipped[kind].__fields__) - allowed._EVERYWHERE == taken, kind
    assert {name for taken in KEYWORDS.values() for name in taken} == allowed._KINDS.keys() | {"row_condition"}


@pytest.mark.parametrize("expectation", every_expectation.EXPECTATIONS, ids=lambda each: each["type"])
def test_every_use_of_every_expectation_is_taken_as_it_is(expectation: dict[str, Any]) -> None:
    assert check_expectation(expectation, "here") == expectation


@pytest.mark.parametrize(
    "kwargs",
    [
        {"min_value": 0, "max_value": None},
        {"min_value": "2024-01-01T00:00:00", "mostly": 0.9},
        {"min_value": -1.5, "strict_min": True, "row_condition": every_expectation.BOTH},
    ],
)
def test_dates_nulls_and_structured_conditions_are_data(kwargs: dict[str, Any]) -> None:
    expectation = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", **kwargs}}
    assert check_expectation(expectation, "here")["kwargs"] == {"column": "x", **kwargs}


def test_a_schema_may_have_properties_called_like_keywords() -> None:
    schema = {
        "type": "object",
        "required": ["$ref"],
        "properties": {"$ref": {"type": "string"}, "pattern": {"items": {"enum": [{"$id": 1}]}}},
        "additionalProperties": False,
    }
    expectation = {"type": SCHEMA, "kwargs": {"column": "x", "json_schema": schema}}
    assert check_expectation(expectation, "here")["kwargs"]["json_schema"] == schema


def test_an_unknown_keyword_is_refused_with_the_one_that_is_meant() -> None:
    with pytest.raises(ConfigError, match=r"value_sett: extra fields.*\(here\).*perhaps you mean value_set"):
        check_expectation({"type": IN_SET, "kwargs": {"column": "x", "value_sett": [1]}}, "here")


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        IN_SET,
        "expect_column_values_to_not_be_in_set",
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_most_common_value_to_be_in_set",
    ],
)
def test_a_set_of_200_000_values_is_asked_in_seconds(kind: str) -> None:
    """Processor seconds, since other work on the machine is no fault of ours; it took 36 before."""
    frame = pd.DataFrame({"x": [f"v{number}" for number in range(1_000)]})
    expectation = {"type": kind, "kwargs": {"column": "x", "value_set": [f"v{number}" for number in range(200_000)]}}
    load_engine()
    started = time.process_time()
    with quiet():
        answer = run_expectations(frame, {0: check_expectation(expectation, "here")})[0]
    assert answer.error == ""
    assert time.process_time() - started < 10
