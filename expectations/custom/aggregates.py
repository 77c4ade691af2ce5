"""Base classes for expectations that check several columns as a whole instead of row by row.

Great Expectations' own expectations on pairs and lists of columns only check row by row.
"""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar, Union

import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.exceptions import InvalidMetricAccessorDomainKwargsKeyError
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import MetricProvider
from great_expectations.expectations.model_field_types import ConditionParser
from great_expectations.expectations.row_conditions import RowConditionType

__all__ = ["ColumnPairAggregateExpectation", "ColumnPairMetric", "counted", "read_columns"]

_PAIR = ("batch_id", "column_A", "column_B", "row_condition", "condition_parser")


class ColumnPairMetric(MetricProvider):  # type: ignore[misc]  # GX ships no types
    """A metric of a pair of columns."""

    domain_keys = (*_PAIR, "table")


class ColumnPairAggregateExpectation(BatchExpectation, ABC):  # type: ignore[misc]  # GX ships no types
    """An expectation on a pair of different columns.

    Args:
        column_A: A column.
        column_B: Another column.
        row_condition: The condition that selects rows; None for all rows.
        condition_parser: The parser for a condition written as text.
    """

    column_A: pydantic.StrictStr = pydantic.Field(min_length=1)  # noqa: N815  # the keyword of GX
    column_B: pydantic.StrictStr = pydantic.Field(min_length=1)  # noqa: N815  # the keyword of GX
    row_condition: RowConditionType = None
    condition_parser: Union[ConditionParser, None] = None  # noqa: UP007  # pydantic 1 reads it at run time

    domain_keys: ClassVar[tuple[str, ...]] = _PAIR
    domain_type: ClassVar[Any] = MetricDomainTypes.COLUMN_PAIR

    @pydantic.validator("column_B")  # type: ignore[untyped-decorator]  # GX ships no types
    def _is_another(cls, name: str, values: dict[str, Any]) -> str:  # noqa: N805  # pydantic passes the class
        if name == values.get("column_A"):
            raise ValueError("column_A and column_B must be different columns")
        return name


def read_columns(engine: Any, domain: dict[str, Any], names: list[str]) -> list[pd.Series[Any]]:
    """Return columns of the batch, restricted to the rows that meet the domain's condition."""
    frame = engine.get_domain_records(domain_kwargs=domain)
    for name in names:
        if name not in frame.columns:
            raise InvalidMetricAccessorDomainKwargsKeyError(
                message=f'Error: The column "{name}" in BatchData does not exist.'
            )
    return [frame[name] for name in names]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural if necessary.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
