"""Structured conditions choose the rows that Great Expectations' own engine chooses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import ConfigError
from counterpoise.table import to_frame
from counterpoise.validate._gx.runner import load_engine, quiet
from counterpoise.validate._suites.conditions import chosen_rows, condition_fault

NUMBERS = [0, 1, 2.5, -1, 7]
PARAMETERS: dict[str, list[Any]] = {
    "whole": NUMBERS,
    "holes": NUMBERS,
    "real": NUMBERS,
    "single": [0.1, 1, 2.5],
    "word": ["a", "b", "", "it's", "`x`", "@pd"],
    "flag": [True, False],
    "gaps": [True, False],
    "a name with spaces": NUMBERS,
    "day": ["2024-01-02", "2024-01-02T12:00:00", "1999-01-01"],
    "zoned": ["2024-01-02T00:00:00+00:00"],
}


def frame() -> pd.DataFrame:
    """Return ten rows of every kind of column that a snapshot has."""
    days = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 11)]
    table = pa.table(
        {
            "whole": pa.array(range(10)),
            "holes": pa.array([0, 1, None, 7, 2, None, 1, 0, -1, 3]),
            "real": pa.array([0.0, 1.0, 2.5, None, float("nan"), -1.0, 7.0, 2.5, 0.5, 1e9]),
            "single": pa.array([0.1, 1, 2.5, None, 0.1, 0.2, 0.1, 3, 4, 5], pa.float32()),
            "word": pa.array(["a", "b", None, "it's", "`x`", "", "@pd", "a", "b", "c"]),
            "flag": pa.array([True, False] * 5),
            "gaps": pa.array([True, False, None, True, False] * 2),
            "a name with spaces": pa.array(range(10)),
            "day": pa.array([day.replace(tzinfo=None) for day in days], pa.timestamp("us")),
            "zoned": pa.array(days, pa.timestamp("us", tz="UTC")),
        }
    )
    return to_frame(table)


FRAME = frame()


def theirs(condition: dict[str, Any]) -> Any:
    load_engine()
    from great_expectations.execution_engine import PandasExecutionEngine

    with quiet():
        engine = PandasExecutionEngine(batch_data_dict={"x": FRAME})
        return engine.get_domain_records({"row_condition": condition})


def comparisons(column: str) -> st.SearchStrategy[dict[str, Any]]:
    values = st.sampled_from(PARAMETERS[column])
    text = column in ("flag", "gaps")
    one = st.fixed_dictionaries(
        {"operator": st.sampled_from(["==", "!="] if text else ["==", "!=", "<", "<=", ">", ">="]), "parameter": values}
    )
    plain = values.filter(lambda value: not isinstance(value, bool))
    several = st.fixed_dictionaries(
        {"operator": st.sampled_from(["IN", "NOT_IN"]), "parameter": st.lists(plain, min_size=1, max_size=3)}
    )
    whole = one if text or column in ("day", "zoned") else one | several
    return whole.map(lambda found: {"type": "comparison", "column": {"name": column}, **found})


def nullities(column: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.booleans().map(lambda null: {"type": "nullity", "column": {"name": column}, "is_null": null})


SINGLE = st.sampled_from(sorted(PARAMETERS)).flatmap(lambda column: comparisons(column) | nullities(column))
ALL = st.lists(SINGLE, min_size=1, max_size=3).map(lambda parts: {"type": "and", "conditions": parts})
ANY = st.lists(SINGLE | ALL, min_size=1, max_size=3).map(lambda parts: {"type": "or", "conditions": parts})


@pytest.mark.slow
@given(SINGLE | ALL | ANY)
def test_the_rows_chosen_are_those_that_great_expectations_chooses(condition: dict[str, Any]) -> None:
    assert condition_fault(condition) == ""
    pd.testing.assert_frame_equal(FRAME[chosen_rows(FRAME, condition)], theirs(condition))


@pytest.mark.parametrize("condition", ["x > 1", {"type": "pass_through", "pass_through_filter": "x > 1"}, {}, 7, None])
def test_what_is_no_structured_condition_is_refused_also_by_the_engine(condition: Any) -> None:
    with pytest.raises(ConfigError, match=r"structured form.*comparison"):
        chosen_rows(FRAME, condition)


def test_a_condition_of_many_values_is_quick_to_apply() -> None:
    many = {"type": "comparison", "column": {"name": "whole"}, "operator": "IN", "parameter": list(range(5, 200_000))}
    assert condition_fault(many) == ""
    assert np.flatnonzero(chosen_rows(FRAME, many)).tolist() == [5, 6, 7, 8, 9]
