"""The built-in contract: what every dataset must satisfy before it is split and resampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.expectations.registration import register_types
from counterpoise.records import PARTITIONS, Snapshot
from counterpoise.split import partition_targets
from counterpoise.strategies import STRATEGIES
from counterpoise.suggest import find_hints
from counterpoise.table import ColumnRoles, SourceTable
from counterpoise.validate import Suite

Expectation = dict[str, Any]

_ABOUT_HINTS = {
    "constant_feature": "The feature has several values.",
    "reveals_label": "The feature does not give the label away.",
    "other_target": "The feature is no other target of the study.",
    "rows_of_one_entity": "Rows that belong together stay in one partition.",
}


def build_contract(config: BalanceConfig, snapshot: Snapshot) -> Suite:
    """Return the expectations that follow from the configuration and the snapshot's columns.

    The label exists, is never null and has at least two classes. Every class has enough rows for the partitions and the
    sampler. No feature is entirely missing, and no value is infinite (rows with infinite values are rejected). No
    feature is text although its values look like numbers or dates. Features that have one value, give the label away,
    seem to be other targets or name what rows belong to are warned of. An expectation is only a warning if the
    configuration copes with a failure without stopping.

    Raises:
        ColumnNotFoundError: A configured column is not in the snapshot.
        InputError: No feature remains.
    """
    source = SourceTable(snapshot, config.columns)
    roles = source.roles
    expectations = [*_label(roles), *_class_sizes(config, roles), *_features(source.schema, roles)]
    expectations += [*_unread(snapshot, roles), *_hints(config, snapshot, roles)]
    register_types(expectations)
    return Suite(source="contract", expectations=tuple(expectations))


def _label(roles: ColumnRoles) -> Iterator[Expectation]:
    yield _expectation(
        "expect_table_row_count_to_be_between",
        {"min_value": 1},
        notes="The table has rows.",
        reason="no_rows",
        remedy="check the source and how it is read",
    )
    yield _expectation(
        "expect_column_to_exist",
        {"column": roles.target},
        notes="The label column exists.",
        reason="column_not_found",
        remedy="correct columns.target",
    )
    yield _expectation(
        "expect_column_values_to_not_be_null",
        {"column": roles.target},
        notes="Every row has a label.",
        reason="null_label",
        remedy="fix the labels in the source",
    )
    yield _expectation(
        "expect_column_unique_value_count_to_be_between",
        {"column": roles.target, "min_value": 2},
        notes="There are at least two classes.",
        reason="single_class",
        remedy="check columns.target, and that the source contains all classes",
    )


def _class_sizes(config: BalanceConfig, roles: ColumnRoles) -> Iterator[Expectation]:
    """Yield the class sizes that split and sampler need, as warnings if the configuration copes with fewer rows."""
    split, resampling = config.split, config.resampling
    yield _expectation(
        "expect_column_class_rows_to_be_at_least",
        {"column": roles.target, "min_rows": len(PARTITIONS)},
        severity="critical" if split.rare_classes == "stop" else "warning",
        notes="Every class has enough rows for train, validation and test.",
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
    """Return the number of rows that a class needs so that train gets more than `k_neighbors` of them."""
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
            remedy="add entirely missing features to columns.drop",
        )
    for name in roles.features:
        if pa.types.is_floating(schema.field(name).type):
            yield _expectation(
                "expect_column_values_to_not_be_infinite",
                {"column": name},
                notes="No value is infinite; rows with infinite values are rejected.",
                reason="infinite_value",
                remedy="fix infinite values in the source or add the feature to columns.drop",
            )


def _unread(snapshot: Snapshot, roles: ColumnRoles) -> Iterator[Expectation]:
    """Yield a warning for each feature that stays text although it looks like numbers, dates or times."""
    for unread in snapshot.unread:
        if unread.name in roles.features and not unread.as_good_as_text:
            yield _expectation(
                "expect_table_texts_to_not_look_like_values",
                {"column": unread.name, "present": unread.present, "alike": unread.alike, "summary": unread.note},
                severity="warning",
                notes="The feature is text because its values are texts.",
                reason="texts_like_values",
                remedy="declare source.notations",
            )


def _hints(config: BalanceConfig, snapshot: Snapshot, roles: ColumnRoles) -> Iterator[Expectation]:
    """Yield a warning for each feature of which a person should know something before training on it."""
    named = config.model_copy(update={"columns": config.columns.model_copy(update={"target": roles.target})})
    for hint in find_hints(snapshot, named):
        yield _expectation(
            "expect_table_column_to_be_unobtrusive",
            {"column": hint.column, "found": hint.reason, "summary": f"{hint.note}: {hint.remedy}"},
            severity="warning",
            notes=_ABOUT_HINTS[hint.reason],
            reason=hint.reason,
            remedy=hint.remedy,
        )


def _expectation(
    kind: str, kwargs: dict[str, Any], *, notes: str, reason: str, remedy: str, severity: str = "critical"
) -> Expectation:
    meta = {"counterpoise": {"reason": reason, "remedy": remedy}}
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": notes, "meta": meta}
