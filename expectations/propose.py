"""Propose a first suite for a dataset: strict enough to catch a broken feed, lenient enough for next week's data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from counterpoise.config import ColumnsConfig
from counterpoise.records import Snapshot
from counterpoise.suggest import ColumnSummary, class_separation, profile_columns
from counterpoise.table import (
    Labels,
    SnapshotReader,
    distinct_labels,
    encode_labels,
    imbalance_degree,
    read_labels,
    to_series,
)

Expectation = dict[str, Any]

_MOSTLY = 0.99
_MOST_CLASSES = 50
_STEADY_CLASS = 30
_FEW_VALUES_PER_ROW = 0.05
_USUAL = 0.05
_VARIES = 1e-5  # relative to the largest value; smaller variation is lost in a sum of squares
_MANY_VALUES = 0.1
_IDENTIFIES = 0.95
_LEAK = 0.995
_QUANTITY = 2**53  # larger integers are codes, and Great Expectations compares with floats


def propose_suite(snapshot: Snapshot, columns: ColumnsConfig) -> list[Expectation]:
    """Return expectations that the snapshot meets and that a person would keep, each with a note that explains it.

    Columns, types and classes are critical, because the data means something else without them. Sizes, ranges,
    categories and missing shares vary, so they are warnings. The same snapshot gives the same suite.

    Args:
        snapshot: The reference data.
        columns: The roles of its columns.
    """
    reader = SnapshotReader(snapshot)
    labels = read_labels(reader, columns.target)
    suite = [*_table(snapshot), *_classes(snapshot, columns.target, labels)]
    for profile in profile_columns(snapshot):
        if profile.name in columns.drop or profile.present == 0:
            continue
        suite += _type(profile)
        if profile.name in columns.ids:
            suite += _identifier(profile)
        elif profile.name != columns.target:
            suite += [*_missing_share(profile), *_range(profile), *_categories(reader, profile)]
        if profile.name != columns.target and profile.name not in columns.key_columns():
            suite += [*_no_identifier(profile), *_no_leak(reader, profile.name, columns.target)]
    return suite


def _table(snapshot: Snapshot) -> Iterator[Expectation]:
    names = [column.name for column in snapshot.columns]
    yield _critical(
        "expect_table_columns_to_match_set",
        {"column_set": names, "exact_match": True},
        "A missing, renamed or new column changes what the model sees.",
    )
    low, high = math.floor(snapshot.rows * 0.6), math.ceil(snapshot.rows * 1.6)
    yield _warning(
        "expect_table_row_count_to_be_between",
        {"min_value": low, "max_value": high},
        f"There were {snapshot.rows:,} rows: far fewer or twice as many suggest a truncated or doubled feed.",
    )


def _classes(snapshot: Snapshot, target: str, labels: Labels) -> Iterator[Expectation]:
    """Yield the expectations on the set of classes and on their shares."""
    counts = labels.counts()
    total = sum(counts.values())
    if not 0 < len(counts) <= _MOST_CLASSES:
        return
    values = _label_values(snapshot, target)
    if values:
        yield _critical(
            "expect_column_distinct_values_to_be_in_set",
            {"column": target, "value_set": values},
            "A new label is usually a misspelt one.",
        )
        steady = [value for value, rows in zip(values, counts.values(), strict=True) if rows >= _STEADY_CLASS]
        if steady:
            yield _critical(
                "expect_column_distinct_values_to_contain_set",
                {"column": target, "value_set": steady},
                f"These classes had at least {_STEADY_CLASS} rows each: none should disappear.",
            )
    yield _warning(
        "expect_column_class_proportions_to_be_between",
        {"column": target, "bands": {name: _band(rows, total) for name, rows in counts.items()}},
        "A class whose share changes by half or more suggests swapped labels or another population.",
    )
    degree = imbalance_degree(counts)
    if degree != "extreme" and len(counts) > 1:
        yield _warning(
            "expect_column_imbalance_degree_to_be_at_most",
            {"column": target, "degree": degree},
            f"The imbalance was {degree}: if it gets worse, review the strategy and the metrics.",
        )


def _label_values(snapshot: Snapshot, target: str) -> list[Any]:
    """Return the labels as JSON values in class order; empty for types that JSON cannot represent."""
    _, distinct = distinct_labels(SnapshotReader(snapshot).read_columns([target]).column(0))
    values = distinct.to_pylist()
    return values if all(isinstance(value, str | bool | int | float) for value in values) else []


def _band(rows: int, total: int) -> list[float]:
    share = rows / total
    slack = max(share / 2, 4 * math.sqrt(share * (1 - share) / total))
    return [max(0.0, _down(share - slack, 5)), min(1.0, _up(share + slack, 5))]


def _type(profile: ColumnSummary) -> Iterator[Expectation]:
    note = "Another type affects every later step."
    kind = profile.type
    if names := _type_names(kind):
        yield _critical("expect_column_values_to_be_in_type_list", {"column": profile.name, "type_list": names}, note)
    elif profile.is_text:
        yield _critical("expect_column_type_to_be", {"column": profile.name, "type_": "str"}, note)
    elif pa.types.is_timestamp(kind):
        zone = "" if kind.tz is None else f"[{kind.unit}, {kind.tz}]"
        yield _critical("expect_column_type_to_be", {"column": profile.name, "type_": f"datetime64{zone}"}, note)


def _type_names(kind: pa.DataType) -> list[str]:
    """Return the possible pandas types of a column of this type, with and without missing values."""
    if pa.types.is_boolean(kind):
        return ["bool", "BooleanDtype"]
    if pa.types.is_integer(kind):
        nullable = str(kind).replace("uint", "UInt").replace("int", "Int") + "Dtype"
        return [str(kind), nullable]
    if pa.types.is_float64(kind):
        return ["float64", "int64", "Int64Dtype"]
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return [f"float{kind.bit_width}"]
    return []


def _identifier(profile: ColumnSummary) -> Iterator[Expectation]:
    if profile.is_unique:
        yield _warning(
            "expect_column_values_to_be_unique",
            {"column": profile.name},
            "It identified every row: repeated values suggest a doubled feed.",
        )


def _missing_share(profile: ColumnSummary) -> Iterator[Expectation]:
    share = profile.missing / profile.rows
    slack = max(0.01, 0.25 * share + 3 * math.sqrt(share * (1 - share) / profile.rows))
    mostly = _down(1 - share - slack, 3)
    if mostly > 0:
        yield _warning(
            "expect_column_values_to_not_be_null",
            {"column": profile.name, "mostly": mostly},
            f"{share:.2%} of the values were missing.",
        )


def _range(profile: ColumnSummary) -> Iterator[Expectation]:
    """Yield the expectations on the range, median and variation of a column of plain quantities."""
    if not profile.quantiles or profile.infinite or max(map(abs, profile.quantiles)) > _QUANTITY:
        return
    low, quarter, _, three_quarters, high = profile.quantiles
    low_limit, high_limit = _limits(profile, low, high)
    yield _warning(
        "expect_column_values_to_be_between",
        {"column": profile.name, "min_value": low_limit, "max_value": high_limit, "mostly": _MOSTLY},
        f"Values ranged from {low:.6g} to {high:.6g}; a tenth of that range is allowed on both sides.",
    )
    if quarter < three_quarters:
        yield _warning(
            "expect_column_median_to_be_between",
            {"column": profile.name, "min_value": quarter, "max_value": three_quarters},
            "The median should stay in the middle half; another unit would move it.",
        )
    if high - low > _VARIES * max(1e-9, abs(low), abs(high)):
        yield _warning(
            "expect_column_stdev_to_be_between",
            {"column": profile.name, "min_value": 0, "strict_min": True},
            "The values differed: a column stuck at one value carries no information.",
        )


def _limits(profile: ColumnSummary, low: float, high: float) -> tuple[float, float]:
    slack = (high - low) / 10 or max(1.0, abs(low) / 10)
    below = 0.0 if 0 <= low < slack else low - slack
    if pa.types.is_integer(profile.type):
        return math.floor(below), math.ceil(high + slack)
    return _rounded(below, slack, math.floor), _rounded(high + slack, slack, math.ceil)


def _rounded(value: float, slack: float, towards: Callable[[float], int]) -> float:
    """Round the value to the digits that are meaningful given its slack."""
    digits = 1 - math.floor(math.log10(slack))
    if not -15 <= digits <= 15:
        return float(value)
    return float(round(towards(value * 10**digits) / 10**digits, digits))


def _categories(reader: SnapshotReader, profile: ColumnSummary) -> Iterator[Expectation]:
    """Yield the expectations on the set of categories and on those that are too frequent to be absent."""
    if not (profile.is_text and profile.values):
        return
    if len(profile.values) > max(2, _FEW_VALUES_PER_ROW * profile.present):
        return
    yield _warning(
        "expect_column_values_to_be_in_set",
        {"column": profile.name, "value_set": list(profile.values), "mostly": _MOSTLY},
        f"These were all {len(profile.values)} categories; a few new ones are allowed.",
    )
    counts = encode_labels(reader.read_columns([profile.name]).column(0)).counts()
    usual = [name for name, rows in counts.items() if rows >= max(_STEADY_CLASS, _USUAL * profile.present)]
    if len(usual) > 1:
        yield _warning(
            "expect_column_distinct_values_to_contain_set",
            {"column": profile.name, "value_set": usual},
            f"Each of these made up at least {_USUAL:.0%} of the values: a feed without one of them is incomplete.",
        )


def _no_identifier(profile: ColumnSummary) -> Iterator[Expectation]:
    """Yield the expectation that a feature with many values does not become unique per row."""
    whole = profile.is_text or (profile.is_number and pa.types.is_integer(profile.type))
    if whole and _MANY_VALUES < profile.distinct / profile.present <= _IDENTIFIES:
        yield _warning(
            "expect_column_values_to_not_identify_rows",
            {"column": profile.name, "max_distinct_share": _IDENTIFIES},
            f"It had {profile.distinct:,} distinct values in {profile.present:,} rows: with a unique one in each row "
            "it would be an identifier, which belongs in columns.ids.",
        )


def _no_leak(reader: SnapshotReader, name: str, target: str) -> Iterator[Expectation]:
    """Yield the expectation that a feature does not start to reveal the label."""
    table = reader.read_columns([name, target])
    found = class_separation(to_series(table.column(0)), to_series(table.column(1)))
    if found is not None and found.area < _LEAK:
        yield _warning(
            "expect_column_pair_separation_to_be_at_most",
            {"column_A": name, "column_B": target, "max_separation": _LEAK},
            f"On its own it separates class {found.name!r} from the rest with a ROC-AUC of {found.area:.2f}; near 1 it "
            "would probably be known only after the fact.",
        )


def _critical(kind: str, kwargs: dict[str, Any], note: str) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "severity": "critical", "notes": note}


def _warning(kind: str, kwargs: dict[str, Any], note: str) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "severity": "warning", "notes": note}


def _down(value: float, digits: int) -> float:
    return float(round(math.floor(value * 10**digits) / 10**digits, digits))


def _up(value: float, digits: int) -> float:
    return float(round(math.ceil(value * 10**digits) / 10**digits, digits))
