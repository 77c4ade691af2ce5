"""The built-in contract: what every dataset must satisfy before it is split and resampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.expectations.registration import register_expectations
from counterpoise.records import PARTITIONS, Snapshot
from counterpoise.split import partition_targets
from counterpoise.strategies import STRATEGIES
from counterpoise.table import ColumnRoles, SourceTable
from counterpoise.validate import Suite

__all__ = ["build_contract", "rows_for_neighbors"]

Expectation = dict[str, Any]


def build_contract(config: BalanceConfig, snapshot: Snapshot) -> Suite:
    """Return the expectations that the configuration and the snapshot's columns imply.

    A label is there, not null, and of at least two classes; every class has enough rows for the partitions and for
    the sampler; no feature is entirely missing; no feature is infinite (such rows are set apart). What the
    configuration handles in another way than stopping is a warning.

    Raises:
        ColumnNotFoundError: A configured column is not in the snapshot.
        InputError: No feature is left.
    """
    register_expectations()
    source = SourceTable(snapshot, config.columns)
    roles = source.roles
    expectations = [*_label(roles), *_class_sizes(config, roles), *_features(source.schema, roles)]
    return Suite(source="contract", expectations=tuple(expectations))


def _label(roles: ColumnRoles) -> Iterator[Expectation]:
    yield _expectation(
        "expect_table_row_count_to_be_between",
        {"min_value": 1},
        notes="There are rows.",
        reason="no_rows",
        remedy="check the source and how it is read",
    )
    yield _expectation(
        "expect_column_to_exist",
        {"column": roles.target},
        notes="The label is there.",
        reason="column_not_found",
        remedy="correct columns.target",
    )
    yield _expectation(
        "expect_column_values_to_not_be_null",
        {"column": roles.target},
        notes="Every row has a label.",
        reason="null_label",
        remedy="mend the labels in the source",
    )
    yield _expectation(
        "expect_column_unique_value_count_to_be_between",
        {"column": roles.target, "min_value": 2},
        notes="There are at least two classes.",
        reason="single_class",
        remedy="check columns.target and that the source holds all classes",
    )


def _class_sizes(config: BalanceConfig, roles: ColumnRoles) -> Iterator[Expectation]:
    """Yield what split and sampler need of each class; a warning where the configuration copes with less."""
    split, resampling = config.split, config.resampling
    yield _expectation(
        "expect_column_class_rows_to_be_at_least",
        {"column": roles.target, "min_rows": len(PARTITIONS)},
        severity="critical" if split.rare_classes == "stop" else "warning",
        notes="Every class can stand in train, validation and test.",
        reason="class_too_small_for_split",
        remedy="collect more rows or merge classes, or set split.rare_classes to train_only or reject",
    )
    sampler = STRATEGIES[resampling.strategy]
    if not sampler.searches:
        return
    k = resampling.k_neighbors
    yield _expectation(
        "expect_column_class_rows_to_be_at_least",
        {
            "column": roles.target,
            "min_rows": rows_for_neighbors(config),
            "below_ratio": min(resampling.ratio, *resampling.ratios().values(), 1.0),
            "ignore_below": 0 if split.rare_classes == "train_only" else len(PARTITIONS),
        },
        severity="critical" if resampling.too_few_neighbors == "stop" else "warning",
        notes=f"Every class that {sampler.label} enlarges keeps more than k_neighbors = {k} rows in train.",
        reason="class_too_small_for_sampler",
        remedy=f"lower resampling.k_neighbors (now {k}), set resampling.too_few_neighbors to lower_k or random_over, "
        "or choose random_over as resampling.strategy",
    )


def rows_for_neighbors(config: BalanceConfig) -> int:
    """Return how many rows a class needs for more than `k_neighbors` of them to be in train."""
    split = config.split
    shares = (1 - split.validation_size - split.test_size, split.validation_size, split.test_size)
    wanted = rows = config.resampling.k_neighbors + 1
    while int(partition_targets(rows, shares)[0]) < wanted:
        rows += 1
    return rows


def _features(schema: pa.Schema, roles: ColumnRoles) -> Iterator[Expectation]:
    for name in roles.features:
        yield _expectation(
            "expect_column_proportion_of_non_null_values_to_be_between",
            {"column": name, "min_value": 0.0, "strict_min": True},
            notes="The feature is not entirely missing.",
            reason="feature_entirely_missing",
            remedy="name entirely missing features in columns.drop",
        )
    for name in roles.features:
        if pa.types.is_floating(schema.field(name).type):
            yield _expectation(
                "expect_column_values_to_not_be_infinite",
                {"column": name},
                notes="No value is infinite; rows with one are set apart.",
                reason="infinite_value",
                remedy="mend infinite values in the source or name the feature in columns.drop",
            )


def _expectation(
    kind: str, kwargs: dict[str, Any], *, notes: str, reason: str, remedy: str, severity: str = "critical"
) -> Expectation:
    meta = {"counterpoise": {"reason": reason, "remedy": remedy}}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": notes, "meta": meta}
