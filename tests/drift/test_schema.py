from __future__ import annotations

import pyarrow as pa
import pytest

from counterpoise.drift._schema import schema_differences, type_kind

BEFORE = {"a": "int64", "b": "string", "when": "timestamp[us]"}


def test_the_same_schema_has_no_differences() -> None:
    assert schema_differences(BEFORE, BEFORE, exact=True) == []


def test_gone_new_and_changed_columns_are_named() -> None:
    after = {"a": "string", "c": "bool", "when": "timestamp[us]"}
    assert schema_differences(BEFORE, after, exact=False) == [
        "'b' is missing",
        "'c' is new (bool)",
        "'a' was int64 and is string",
    ]


def test_order_and_width_matter_only_exactly() -> None:
    after = {"b": "string", "a": "int32", "when": "timestamp[ns]"}
    assert schema_differences(BEFORE, after, exact=False) == []
    assert schema_differences(BEFORE, after, exact=True) == [
        "'a' was int64 and is int32",
        "'when' was timestamp[us] and is timestamp[ns]",
        "the order of the columns has changed",
    ]


def test_how_arrow_stores_a_text_makes_no_difference() -> None:
    stored = [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    for kind in stored:
        assert schema_differences({"b": "string"}, {"b": str(kind)}, exact=True) == []


def test_a_column_without_any_value_may_have_any_kind() -> None:
    assert schema_differences({"a": "int64"}, {"a": "null"}, exact=False) == []
    assert schema_differences({"a": "null"}, {"a": "string"}, exact=False) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.uint8(), "number"),
        (pa.float16(), "number"),
        (pa.decimal256(50, 2), "number"),
        (pa.bool_(), "boolean"),
        (pa.date64(), "time"),
        (pa.timestamp("ns", "UTC"), "time"),
        (pa.large_binary(), "bytes"),
        (pa.list_(pa.int8()), "list<item: int8>"),
    ],
    ids=str,
)
def test_kinds_of_types(kind: pa.DataType, expected: str) -> None:
    assert type_kind(str(kind)) == expected
