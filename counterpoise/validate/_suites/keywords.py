"""The supported keywords of each Great Expectations expectation; all others are rejected.

Deliberately unsupported: `condition_parser`, `result_format`, `catch_exceptions`, `windows`, `batch_id`, `id`,
`rendered_content`, `library_metadata`, and expectations that run a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NEEDS_SQL = frozenset(
    {
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
        "unexpected_rows_expectation",
    }
)
"""Expectations whose keywords are queries or refer to another source."""

_BETWEEN = "min_value max_value strict_min strict_max"
_COLUMN = "column row_condition"
_ROWS = f"{_COLUMN} mostly"
_PAIR = "column_A column_B row_condition mostly ignore_row_if"
_LIST = "column_list row_condition mostly ignore_row_if"

_TAKEN = {
    "expect_column_distinct_values_to_be_in_set": f"{_COLUMN} value_set",
    "expect_column_distinct_values_to_contain_set": f"{_COLUMN} value_set",
    "expect_column_distinct_values_to_equal_set": f"{_COLUMN} value_set",
    "expect_column_kl_divergence_to_be_less_than": f"{_COLUMN} partition_object threshold internal_weight_holdout "
    "tail_weight_holdout bucketize_data min_value max_value",
    "expect_column_max_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_mean_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_median_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_min_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_most_common_value_to_be_in_set": f"{_COLUMN} value_set ties_okay",
    "expect_column_pair_values_a_to_be_greater_than_b": f"{_PAIR} or_equal",
    "expect_column_pair_values_to_be_equal": _PAIR,
    "expect_column_pair_values_to_be_in_set": f"{_PAIR} value_pairs_set",
    "expect_column_proportion_of_non_null_values_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_proportion_of_unique_values_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_quantile_values_to_be_between": f"{_COLUMN} quantile_ranges allow_relative_error",
    "expect_column_stdev_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_sum_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_to_exist": "column column_index",
    "expect_column_type_to_be": "column type_",
    "expect_column_unique_value_count_to_be_between": f"{_COLUMN} {_BETWEEN}",
    "expect_column_value_lengths_to_be_between": f"{_ROWS} {_BETWEEN}",
    "expect_column_value_lengths_to_equal": f"{_ROWS} value",
    "expect_column_value_z_scores_to_be_less_than": f"{_ROWS} threshold double_sided",
    "expect_column_values_to_be_between": f"{_ROWS} {_BETWEEN}",
    "expect_column_values_to_be_dateutil_parseable": _ROWS,
    "expect_column_values_to_be_decreasing": f"{_ROWS} strictly",
    "expect_column_values_to_be_in_set": f"{_ROWS} value_set",
    "expect_column_values_to_be_in_type_list": f"{_ROWS} type_list",
    "expect_column_values_to_be_increasing": f"{_ROWS} strictly",
    "expect_column_values_to_be_json_parseable": _ROWS,
    "expect_column_values_to_be_null": _ROWS,
    "expect_column_values_to_be_of_type": f"{_ROWS} type_",
    "expect_column_values_to_be_unique": _ROWS,
    "expect_column_values_to_match_json_schema": f"{_ROWS} json_schema",
    "expect_column_values_to_match_like_pattern": f"{_ROWS} like_pattern escape",
    "expect_column_values_to_match_like_pattern_list": f"{_ROWS} like_pattern_list match_on escape",
    "expect_column_values_to_match_regex": f"{_ROWS} regex",
    "expect_column_values_to_match_regex_list": f"{_ROWS} regex_list match_on",
    "expect_column_values_to_match_strftime_format": f"{_ROWS} strftime_format",
    "expect_column_values_to_not_be_in_set": f"{_ROWS} value_set",
    "expect_column_values_to_not_be_null": _ROWS,
    "expect_column_values_to_not_be_outliers": f"{_ROWS} method multiplier",
    "expect_column_values_to_not_match_like_pattern": f"{_ROWS} like_pattern escape",
    "expect_column_values_to_not_match_like_pattern_list": f"{_ROWS} like_pattern_list escape",
    "expect_column_values_to_not_match_regex": f"{_ROWS} regex",
    "expect_column_values_to_not_match_regex_list": f"{_ROWS} regex_list",
    "expect_compound_columns_to_be_unique": _LIST,
    "expect_multicolumn_sum_to_equal": f"{_LIST} sum_total",
    "expect_multicolumn_values_to_be_equal": _LIST,
    "expect_select_column_values_to_be_unique_within_record": _LIST,
    "expect_table_column_count_to_be_between": "min_value max_value",
    "expect_table_column_count_to_equal": "value",
    "expect_table_columns_to_match_ordered_list": "column_list",
    "expect_table_columns_to_match_set": "column_set exact_match",
    "expect_table_row_count_to_be_between": f"row_condition {_BETWEEN}",
    "expect_table_row_count_to_equal": "row_condition value",
}

KEYWORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {kind: frozenset(taken.split()) for kind, taken in _TAKEN.items()}
)
"""The supported keywords of Great Expectations' pandas expectations, by type."""
