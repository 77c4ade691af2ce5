"""The suite that checks the split: nothing is in two partitions, and every partition keeps the prevalence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from counterpoise.expectations.registration import register_types
from counterpoise.records import PARTITIONS, ClassCounts, SplitPlan
from counterpoise.validate import Suite

Expectation = dict[str, Any]

_TOLERANCE = 0.1
_CONTRADICTORY = 0.05
_FEWEST = 10
_SPREAD = 3
_ALLOWED = {"stable": f" or {_SPREAD} standard errors", "time": " (changes over time are legitimate)"}


def build_partition_suite(split: SplitPlan, columns: tuple[str, ...]) -> Suite:
    """Return the suite for the rows that have a partition.

    Args:
        split: The plan, whose counts define the prevalence to keep.
        columns: The columns of the rows, from `counterpoise.validate.partition_rows`.
    """
    found = (
        *_disjoint(columns),
        *_contradictions(columns),
        *_all_there(),
        *_enough_of_each(split),
        *_prevalence(split),
    )
    register_types(found)
    return Suite(source="partitions", expectations=found)


def _disjoint(columns: tuple[str, ...]) -> Iterator[Expectation]:
    for name, what in (("content", "Rows with equal features"), ("group", "Rows of one group")):
        if name in columns:
            yield {
                "type": "expect_column_pair_values_to_be_disjoint_between_partitions",
                "kwargs": {"column_A": name, "column_B": "partition"},
                "severity": "critical",
                "notes": f"{what} are all in one partition.",
                "meta": _fault("partitions_overlap"),
            }


def _contradictions(columns: tuple[str, ...]) -> Iterator[Expectation]:
    if "content" in columns:
        yield {
            "type": "expect_multicolumn_contradictory_share_to_be_at_most",
            "kwargs": {"column_list": ["content"], "label": "label", "max_share": _CONTRADICTORY},
            "severity": "warning",
            "notes": "Few rows have the features of a row of another class: no learner can distinguish such rows.",
        }


def _all_there() -> Iterator[Expectation]:
    yield {
        "type": "expect_column_distinct_values_to_equal_set",
        "kwargs": {"column": "partition", "value_set": list(PARTITIONS)},
        "severity": "critical",
        "notes": "There are train, validation and test rows.",
        "meta": _fault("partition_empty"),
    }


def _enough_of_each(split: SplitPlan) -> Iterator[Expectation]:
    """Yield the expectations that each class has enough rows in each partition, unless a random draw ensures it."""
    for part in PARTITIONS if split.method in ("stable", "time") else ():
        yield {
            "type": "expect_column_class_rows_to_be_at_least",
            "kwargs": {"column": "label", "min_rows": _FEWEST, "row_condition": _in_partition(part)},
            "severity": "warning",
            "notes": f"The {part} partition has enough rows of every class, at least {_FEWEST}.",
        }


def _prevalence(split: SplitPlan) -> Iterator[Expectation]:
    """Yield the expectations on the share of each class in each partition.

    They are warnings, since rows tied together can shift shares, and only information if time decides.
    """
    everywhere: ClassCounts = {}
    for counts in split.counts.values():
        everywhere = {name: everywhere.get(name, 0) + rows for name, rows in counts.items()}
    stratified = [name for name in everywhere if all(split.counts[part].get(name) for part in PARTITIONS)]
    for part in PARTITIONS:
        rows = max(1, sum(split.counts[part].values()))
        total = max(1, sum(everywhere.values()))
        yield {
            "type": "expect_column_class_proportions_to_be_between",
            "kwargs": {
                "column": "label",
                "bands": {name: _band(everywhere[name] / total, rows, split.method) for name in stratified},
                "row_condition": _in_partition(part),
            },
            "severity": "info" if split.method == "time" else "warning",
            "notes": f"Each class has the same share of the {part} partition as of all rows, within a tenth"
            f"{_ALLOWED.get(split.method, '')}.",
        }


def _band(share: float, rows: int, method: str) -> list[float]:
    chance = _SPREAD * math.sqrt(share * (1 - share) / rows) if method == "stable" else 0.0
    slack = max(_TOLERANCE * share, 2 / rows, chance)
    return [round(max(0.0, share - slack), 6), round(min(1.0, share + slack), 6)]


def _in_partition(part: str) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": "partition"}, "operator": "==", "parameter": part}


def _fault(reason: str) -> dict[str, Any]:
    remedy = "report this as a bug in Counterpoise; nothing was published"
    return {"counterpoise": {"reason": reason, "remedy": remedy}}
