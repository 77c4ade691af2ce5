"""Register Counterpoise's expectations with Great Expectations."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from counterpoise.validate import load_engine, quiet

MODULES = {
    "expect_column_class_proportions_to_be_between": "class_proportions",
    "expect_column_class_proportions_to_stay": "class_proportions_change",
    "expect_column_class_rows_to_be_at_least": "minimum_class_rows",
    "expect_column_imbalance_degree_to_be_at_most": "imbalance_degree",
    "expect_column_missing_share_to_stay": "missing_share",
    "expect_column_pair_separation_to_be_at_most": "class_separation",
    "expect_column_pair_values_to_be_disjoint_between_partitions": "partition_overlap",
    "expect_column_population_stability_index_to_be_at_most": "population_stability",
    "expect_column_values_to_not_be_infinite": "finite_values",
    "expect_column_values_to_not_identify_rows": "identifying_values",
    "expect_multicolumn_contradictory_share_to_be_at_most": "contradictory_rows",
    "expect_table_column_to_be_unobtrusive": "unobtrusive_column",
    "expect_table_growth_measure_to_be_between": "growth_measure",
    "expect_table_schema_to_stay": "table_schema",
    "expect_table_texts_to_not_look_like_values": "texts_like_values",
}
"""The modules of `custom` by the expectations that they define."""


def register_expectations(kinds: Collection[str] = MODULES.keys()) -> None:
    """Register expectations; repeated calls have no effect.

    Args:
        kinds: Only these, to save time: Great Expectations takes 30 ms for each. Others than ours are ignored.
    """
    load_engine()
    with quiet():
        for kind in MODULES.keys() & set(kinds):
            importlib.import_module(f"counterpoise.expectations.custom.{MODULES[kind]}")


def register_types(expectations: Iterable[Mapping[str, Any]]) -> None:
    """Register the expectations among these that are ours."""
    register_expectations({each["type"] for each in expectations})
