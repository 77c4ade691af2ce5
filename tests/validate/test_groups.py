from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.validate._gx.groups import plan_groups
from counterpoise.validate._gx.runner import load_engine
from counterpoise.validate._suites.scope import Scope, find_scope

NULL_C = {"type": "nullity", "column": {"name": "c"}, "is_null": True}
NULL_D = {"type": "nullity", "column": {"name": "d"}, "is_null": True}
NAMES = ["a", "b", "c", "d", "e"]


def scope(kind: str, **kwargs: Any) -> Scope:
    load_engine()
    return find_scope({"type": kind, "kwargs": kwargs}, NAMES)


@pytest.mark.parametrize(
    ("kind", "kwargs", "expected"),
    [
        ("expect_column_values_to_be_null", {"column": "b"}, Scope("columns", ("b",))),
        ("expect_column_to_exist", {"column": "z"}, Scope("names", ("z",))),
        ("expect_table_columns_to_match_set", {"column_set": ["a"]}, Scope("names")),
        ("expect_table_row_count_to_equal", {"value": 1}, Scope("columns")),
        ("expect_column_pair_values_to_be_equal", {"column_A": "c", "column_B": "a"}, Scope("columns", ("c", "a"))),
        ("expect_compound_columns_to_be_unique", {"column_list": ["d", "b"]}, Scope("columns", ("d", "b"))),
        ("expect_column_values_to_be_null", {"column": "z"}, Scope("columns", ("z",), ("z",))),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "select a"}, Scope("table")),
        (
            "expect_column_values_to_be_null",
            {
                "column": "b",
                "row_condition": {"type": "or", "conditions": [{**NULL_D, "column": {"name": "c"}}, NULL_D]},
            },
            Scope("columns", ("b", "c", "d")),
        ),
        (
            "expect_table_row_count_to_equal",
            {
                "row_condition": {
                    "type": "and",
                    "conditions": [
                        NULL_D,
                        {"type": "comparison", "column": {"name": "a"}, "operator": ">", "parameter": 1},
                    ],
                }
            },
            Scope("columns", ("d", "a")),
        ),
    ],
)
def test_an_expectation_touches_the_columns_it_names(kind: str, kwargs: dict[str, Any], expected: Scope) -> None:
    assert scope(kind, **kwargs) == expected


def test_an_expectation_from_elsewhere_sees_the_whole_table() -> None:
    load_engine()
    from great_expectations.expectations.expectation import ColumnAggregateExpectation

    class ExpectColumnFromElsewhere(ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
        metric_dependencies = ("column.max",)

        def _validate(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {"success": True, "result": {}}

    assert scope("expect_column_from_elsewhere", column="a") == Scope("table", ("a",))


SCOPES = st.one_of(
    st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(lambda names: Scope("columns", tuple(names))),
    st.sampled_from([Scope("names"), Scope("table")]),
)


@given(st.lists(SCOPES, max_size=30), st.integers(1, 30))
def test_every_expectation_is_in_one_group_that_holds_its_columns(scopes: list[Scope], cells: int) -> None:
    groups = plan_groups(dict(enumerate(scopes)), names=NAMES, rows=5, cells=cells)
    assert sorted(index for group in groups for index in group.members) == list(range(len(scopes)))
    for group in groups:
        for index in group.members:
            assert set(scopes[index].columns) <= set(group.columns)
            assert scopes[index].kind == group.kind
        widest = max(len(scopes[index].columns) for index in group.members)
        assert group.kind != "columns" or len(group.columns) <= max(cells // 5, widest, 1)


def test_expectations_on_part_of_another_s_columns_share_its_frame() -> None:
    scopes = {0: Scope("columns", ("e",)), 1: Scope("columns", ("a", "e")), 2: Scope("columns")}
    (group,) = plan_groups({0: scopes[0], 1: scopes[1]}, names=NAMES, rows=10, cells=1)
    assert (group.columns, group.members) == (("a", "e"), (0, 1))


def test_no_frame_gets_more_than_its_share_of_expectations() -> None:
    scopes = {index: Scope("columns", (f"c{index}",)) for index in range(450)}
    groups = plan_groups(scopes, names=[f"c{index}" for index in range(450)], rows=1)
    assert [len(group.members) for group in groups] == [200, 200, 50]
