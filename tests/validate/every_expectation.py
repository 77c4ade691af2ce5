"""One passing and one failing use of every expectation that Great Expectations ships for pandas, on one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

Expectation = dict[str, Any]

SQL_ONLY = {
    "expect_query_results_to_match_comparison",
    "expect_table_row_count_to_equal_other_table",
    "unexpected_rows_expectation",
}


def table() -> pa.Table:
    """Return 60 rows of every kind of column, some with missing values."""
    rows = 60
    number = np.arange(rows)
    holes = number % 7 == 3
    return pa.table(
        {
            "up": pa.array(number),
            "down": pa.array(-number),
            "whole": pa.array(number % 5, mask=holes),
            "real": pa.array(np.where(number == 58, 1000.0, number / 10.0), mask=holes),
            "more": pa.array(number + 1.0, mask=number % 11 == 1),
            "same": pa.array(number),
            "word": pa.array([f"w{value % 4}" for value in number], mask=holes),
            "kind": pa.array(["a", "b", "a"] * 20).dictionary_encode(),
            "flag": pa.array(number % 2 == 0, mask=holes),
            "json": ['{"a": 1}' if value % 2 else "[1]" for value in number],
            "day": [f"2024-01-{value % 28 + 1:02d}" for value in number],
            "text": ["not a day"] * rows,
        }
    )


def _pair(kind: str, passing: dict[str, Any], failing: dict[str, Any], **shared: Any) -> list[Expectation]:
    return [{"type": kind, "kwargs": {**shared, **own}} for own in (passing, failing)]


AFTER_40 = {"type": "comparison", "column": {"name": "up"}, "operator": ">", "parameter": 40}
HAS_WORD = {"type": "nullity", "column": {"name": "word"}, "is_null": False}
W1_AFTER_10 = {
    "type": "and",
    "conditions": [
        {"type": "comparison", "column": {"name": "word"}, "operator": "==", "parameter": "w1"},
        {"type": "comparison", "column": {"name": "up"}, "operator": ">", "parameter": 10},
    ],
}
BOTH = {"type": "and", "conditions": [AFTER_40, HAS_WORD]}

EXPECTATIONS: list[Expectation] = [
    *_pair(
        "expect_column_distinct_values_to_be_in_set", {"value_set": ["a", "b"]}, {"value_set": ["a"]}, column="kind"
    ),
    *_pair("expect_column_distinct_values_to_contain_set", {"value_set": ["a"]}, {"value_set": ["z"]}, column="kind"),
    *_pair(
        "expect_column_distinct_values_to_equal_set", {"value_set": ["a", "b"]}, {"value_set": ["b"]}, column="kind"
    ),
    *_pair(
        "expect_column_kl_divergence_to_be_less_than",
        {"partition_object": {"values": ["a", "b"], "weights": [0.66, 0.34]}},
        {"partition_object": {"values": ["a", "b"], "weights": [0.01, 0.99]}},
        column="kind",
        threshold=0.1,
    ),
    *_pair("expect_column_max_to_be_between", {"max_value": 59}, {"max_value": 58}, column="up"),
    *_pair("expect_column_mean_to_be_between", {"min_value": 1}, {"min_value": 5}, column="whole"),
    *_pair("expect_column_median_to_be_between", {"min_value": 1}, {"min_value": 5}, column="whole"),
    *_pair("expect_column_min_to_be_between", {"min_value": 0}, {"min_value": 1}, column="up"),
    *_pair("expect_column_most_common_value_to_be_in_set", {"value_set": ["a"]}, {"value_set": ["b"]}, column="kind"),
    *_pair(
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "more", "column_B": "up"},
        {"column_A": "real", "column_B": "up"},
        ignore_row_if="either_value_is_missing",
    ),
    *_pair(
        "expect_column_pair_values_to_be_equal",
        {"column_A": "up", "column_B": "same"},
        {"column_A": "up", "column_B": "down"},
    ),
    *_pair(
        "expect_column_pair_values_to_be_in_set",
        {"value_pairs_set": [["a", True], ["b", True], ["a", False], ["b", False]]},
        {"value_pairs_set": [["a", True]]},
        column_A="kind",
        column_B="flag",
        ignore_row_if="either_value_is_missing",
    ),
    *_pair(
        "expect_column_proportion_of_non_null_values_to_be_between",
        {"max_value": 0.9},
        {"min_value": 0.9},
        column="word",
    ),
    *_pair(
        "expect_column_proportion_of_unique_values_to_be_between", {"min_value": 1}, {"max_value": 0.5}, column="up"
    ),
    *_pair(
        "expect_column_quantile_values_to_be_between",
        {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[20, 40]]}},
        {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}},
        column="up",
    ),
    *_pair("expect_column_stdev_to_be_between", {"min_value": 1}, {"max_value": 1}, column="up"),
    *_pair("expect_column_sum_to_be_between", {"min_value": 1}, {"max_value": 1}, column="up"),
    *_pair("expect_column_to_exist", {"column": "up"}, {"column": "gone"}),
    *_pair("expect_column_type_to_be", {"type_": "str"}, {"type_": "int64"}, column="word"),
    *_pair("expect_column_unique_value_count_to_be_between", {"max_value": 4}, {"max_value": 3}, column="word"),
    *_pair("expect_column_value_lengths_to_be_between", {"max_value": 2}, {"max_value": 1}, column="word"),
    *_pair("expect_column_value_lengths_to_equal", {"value": 2}, {"value": 3}, column="word"),
    *_pair(
        "expect_column_value_z_scores_to_be_less_than",
        {"threshold": 99},
        {"threshold": 3},
        column="real",
        double_sided=True,
    ),
    *_pair("expect_column_values_to_be_between", {"max_value": 4}, {"max_value": 3}, column="whole"),
    *_pair("expect_column_values_to_be_between", {"min_value": 41}, {"min_value": 50}, column="up", row_condition=BOTH),
    *_pair(
        "expect_column_values_to_be_between",
        {"min_value": 0},
        {"min_value": 50},
        column="real",
        row_condition=W1_AFTER_10,
    ),
    *_pair("expect_column_values_to_be_dateutil_parseable", {"column": "day"}, {"column": "text"}),
    *_pair("expect_column_values_to_be_decreasing", {"column": "down"}, {"column": "up"}),
    *_pair("expect_column_values_to_be_in_set", {"value_set": [True, False]}, {"value_set": [True]}, column="flag"),
    *_pair(
        "expect_column_values_to_be_in_type_list", {"type_list": ["int64"]}, {"type_list": ["float64"]}, column="up"
    ),
    *_pair("expect_column_values_to_be_increasing", {"column": "up"}, {"column": "down"}),
    *_pair("expect_column_values_to_be_json_parseable", {"column": "json"}, {"column": "text"}),
    *_pair("expect_column_values_to_be_null", {"mostly": 0.1}, {"mostly": 0.9}, column="word"),
    *_pair("expect_column_values_to_be_of_type", {"type_": "float64"}, {"type_": "int64"}, column="real"),
    *_pair("expect_column_values_to_be_unique", {"column": "up"}, {"column": "word"}),
    *_pair(
        "expect_column_values_to_match_json_schema",
        {"json_schema": {"type": ["object", "array"]}},
        {"json_schema": {"type": "object"}},
        column="json",
    ),
    *_pair("expect_column_values_to_match_regex", {"regex": "^w"}, {"regex": "^w[01]"}, column="word"),
    *_pair("expect_column_values_to_match_regex_list", {"regex_list": ["^w"]}, {"regex_list": ["x"]}, column="word"),
    *_pair(
        "expect_column_values_to_match_strftime_format",
        {"column": "day"},
        {"column": "text"},
        strftime_format="%Y-%m-%d",
    ),
    *_pair("expect_column_values_to_not_be_in_set", {"value_set": ["x"]}, {"value_set": ["w1"]}, column="word"),
    *_pair("expect_column_values_to_not_be_null", {"column": "kind"}, {"column": "word"}),
    *_pair(
        "expect_column_values_to_not_be_outliers", {"column": "up"}, {"column": "real"}, method="iqr", multiplier=1.5
    ),
    *_pair("expect_column_values_to_not_match_regex", {"regex": "x"}, {"regex": "1$"}, column="word"),
    *_pair(
        "expect_column_values_to_not_match_regex_list", {"regex_list": ["x"]}, {"regex_list": ["1$"]}, column="word"
    ),
    *_pair("expect_compound_columns_to_be_unique", {"column_list": ["up", "kind"]}, {"column_list": ["word", "kind"]}),
    *_pair("expect_multicolumn_sum_to_equal", {"sum_total": 0}, {"sum_total": 1}, column_list=["up", "down"]),
    *_pair("expect_multicolumn_values_to_be_equal", {"column_list": ["up", "same"]}, {"column_list": ["up", "down"]}),
    *_pair(
        "expect_select_column_values_to_be_unique_within_record",
        {"column_list": ["word", "kind"]},
        {"column_list": ["up", "same"]},
    ),
    *_pair("expect_table_column_count_to_be_between", {"max_value": 12}, {"max_value": 11}),
    *_pair("expect_table_column_count_to_equal", {"value": 12}, {"value": 11}),
    *_pair(
        "expect_table_columns_to_match_ordered_list",
        {"column_list": ["up", "down", "whole", "real", "more", "same", "word", "kind", "flag", "json", "day", "text"]},
        {"column_list": ["down", "up"]},
    ),
    *_pair(
        "expect_table_columns_to_match_set",
        {"column_set": ["up"], "exact_match": False},
        {"column_set": ["up", "gone"]},
    ),
    *_pair("expect_table_row_count_to_be_between", {"max_value": 60}, {"max_value": 59}),
    *_pair("expect_table_row_count_to_be_between", {"max_value": 19}, {"max_value": 18}, row_condition=AFTER_40),
    *_pair("expect_table_row_count_to_equal", {"value": 60}, {"value": 59}),
]
NOT_FOR_PANDAS = {
    "expect_column_values_to_match_like_pattern": {"column": "word", "like_pattern": "w%"},
    "expect_column_values_to_match_like_pattern_list": {"column": "word", "like_pattern_list": ["w%"]},
    "expect_column_values_to_not_match_like_pattern": {"column": "word", "like_pattern": "w%"},
    "expect_column_values_to_not_match_like_pattern_list": {"column": "word", "like_pattern_list": ["w%"]},
}
