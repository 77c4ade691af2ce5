"""The expectation that a feature does not identify the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.expectations.custom.aggregates import Judging, counted, read_columns, register_metric, verdict
from counterpoise.table import as_numbers, encode_values

_MIN_ROWS = 20


@dataclass(frozen=True)
class DistinctRows:
    """The number of distinct values in a column.

    Attributes:
        distinct: The number of distinct values.
        present: The number of values that are not missing.
        names_rows: Whether values of this kind can be identifiers.
    """

    distinct: int
    present: int
    names_rows: bool

    @property
    def share(self) -> float:
        """The number of distinct values per present value; 0 if there are none."""
        return self.distinct / max(self.present, 1)

    @property
    def is_checked(self) -> bool:
        """Whether there are enough values, and they can be identifiers."""
        return self.names_rows and self.present >= _MIN_ROWS


def count_distinct_rows(column: pd.Series[Any]) -> DistinctRows:
    """Count the distinct values of a column, and return whether they can be identifiers.

    Texts, bytes, UUIDs and whole numbers can be identifiers, even if stored as floats or decimals that are all whole.
    Other numbers, booleans, dates, times and nested values cannot. Missing values are ignored.

    >>> count_distinct_rows(pd.Series([1.0, 2.0, None])), count_distinct_rows(pd.Series([0.5, 0.5]))
    (DistinctRows(distinct=2, present=2, names_rows=True), DistinctRows(distinct=1, present=2, names_rows=False))
    """
    numbers = as_numbers(column)
    if numbers is None:
        coded = encode_values(column)
        present = int(np.count_nonzero(coded.codes >= 0))
        return DistinctRows(len(coded.values), present, _can_identify(coded.values) and not _is_nested(column))
    values = np.sort(numbers.values[~numbers.missing])
    distinct = int(np.count_nonzero(values[1:] != values[:-1])) + min(len(values), 1)
    return DistinctRows(distinct, len(values), _are_whole_numbers(column, values))


def _are_whole_numbers(column: pd.Series[Any], values: Any) -> bool:
    if values.dtype.kind == "f":
        return bool(np.isfinite(values).all() and (values == np.floor(values)).all())
    return bool(pd.api.types.is_integer_dtype(column.dtype))


def _can_identify(values: Sequence[Any]) -> bool:
    return all(
        isinstance(value, str | bytes | UUID)
        or (isinstance(value, int | float | Decimal) and not isinstance(value, bool) and _is_whole(value))
        for value in values
    )


def _is_whole(value: float | Decimal) -> bool:
    return math.isfinite(value) and value % 1 == 0


def _is_nested(column: pd.Series[Any]) -> bool:
    """Return whether the first present value is a list, an array or a mapping, which are counted as texts."""
    present = column.notna().to_numpy(dtype=bool)
    return bool(present.any()) and isinstance(column.iloc[int(np.argmax(present))], list | dict | np.ndarray)


register_metric(
    "column.distinct_rows",
    lambda engine, domain, _: count_distinct_rows(*read_columns(engine, domain, [domain["column"]])),
    domain=("column",),
)


class ExpectColumnValuesToNotIdentifyRows(Judging, ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect a feature not to be unique in nearly every row, because a model can learn nothing from such a feature.

    The expectation checks texts, bytes and whole numbers, even if stored as floats that are all whole. It passes for
    other values and for fewer than 20 present values. The observed value is the number of distinct values per present
    value.

    Args:
        column: Any column; missing values are ignored.
        max_distinct_share: The largest allowed share of distinct values, 0 to 1.
    """

    max_distinct_share: float = pydantic.Field(0.95, ge=0, le=1)

    metric_dependencies = ("column.distinct_rows",)

    def _judge(self, found: DistinctRows) -> dict[str, Any]:
        passed = not found.is_checked or found.share <= self.max_distinct_share
        return verdict(passed, found.share, _summary(found), distinct=found.distinct, present=found.present)


def _summary(found: DistinctRows) -> str:
    """Describe the count.

    >>> _summary(DistinctRows(19, 19, True))
    '19 distinct values in 19 rows: not checked below 20 rows'
    """
    words = f"{counted(found.distinct, 'distinct value')} in {counted(found.present, 'row')}"
    if found.present < _MIN_ROWS:
        return f"{words}: not checked below {_MIN_ROWS} rows"
    return words if found.names_rows else f"{words}: not checked, only texts and whole numbers can identify rows"
