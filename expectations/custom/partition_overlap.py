"""The expectation that no value is in several partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from counterpoise.expectations.custom.aggregates import (
    ColumnPairAggregateExpectation,
    counted,
    read_pair,
    register_metric,
    verdict,
)
from counterpoise.table import Coded, encode_values

_EXAMPLES = 3
_SHOWN = 60


@dataclass(frozen=True)
class SharedValues:
    """Values that are in several partitions.

    Attributes:
        shared: The number of such values.
        distinct: The number of distinct values that were checked.
        examples: Up to three of them as text, with their partitions.
    """

    shared: int
    distinct: int
    examples: dict[str, list[str]]


def find_shared_values(values: pd.Series[Any], partitions: pd.Series[Any]) -> SharedValues:
    """Find the values that are in more than one partition.

    >>> find_shared_values(pd.Series([7, 7, 8, None, None]), pd.Series(["train", "test", "train", "train", "test"]))
    SharedValues(shared=1, distinct=2, examples={'7.0': ['train', 'test']})

    Args:
        values: Groups or hashes of rows, of any type; rows with a missing value are ignored.
        partitions: The partition of each row; rows with a missing partition are ignored.
    """
    groups, parts = encode_values(values), encode_values(partitions)
    both = (groups.codes >= 0) & (parts.codes >= 0)
    own, part = groups.codes[both], parts.codes[both]
    home = np.zeros(len(groups.values), dtype=part.dtype)
    home[own] = part
    shared = np.zeros(len(groups.values), dtype=np.bool_)
    shared[own[home[own] != part]] = True
    found = np.flatnonzero(shared)
    seen = np.zeros(len(groups.values), dtype=np.bool_)
    seen[own] = True
    parts_of = {code: np.unique(part[own == code]) for code in found[:_EXAMPLES].tolist()}
    examples = {_shown(groups, code): [_shown(parts, each) for each in parts_of[code]] for code in parts_of}
    return SharedValues(len(found), int(np.count_nonzero(seen)), examples)


def _shown(coded: Coded, code: Any) -> str:
    text = str(coded.values[int(code)])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


register_metric(
    "column_pair.shared_values",
    lambda engine, domain, _: find_shared_values(*read_pair(engine, domain)),
    domain=("column_A", "column_B"),
)


class ExpectColumnPairValuesToBeDisjointBetweenPartitions(ColumnPairAggregateExpectation):
    """Expect no value, such as a group or the hash of equal rows, to be in several partitions, which would be a leak.

    Rows with a missing value or partition are ignored, because a missing group ties no rows. The observed value is the
    number of values that are in several partitions.

    Args:
        column_A: A row's group, or the hash of its content, of any type.
        column_B: The row's partition.
    """

    metric_dependencies = ("column_pair.shared_values",)

    def _judge(self, found: SharedValues) -> dict[str, Any]:
        return verdict(found.shared == 0, found.shared, _summary(found), examples=found.examples)


def _summary(found: SharedValues) -> str:
    """Describe the shared values.

    >>> _summary(SharedValues(1, 9, {"g7": ["train", "test"]}))
    "1 of 9 distinct values is in several partitions, such as 'g7' in train and test"
    """
    if not found.shared:
        return f"none of {counted(found.distinct, 'distinct value')} is in several partitions"
    verb = "is" if found.shared == 1 else "are"
    shown = "; ".join(f"{value!r} in {' and '.join(parts)}" for value, parts in found.examples.items())
    of = counted(found.distinct, "distinct value")
    return f"{found.shared:,} of {of} {verb} in several partitions, such as {shown}"
