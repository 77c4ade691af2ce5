"""What our expectations share: they judge one metric of a batch, computed from whole columns.

Great Expectations' own expectations on pairs and lists of columns only check row by row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Union

import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.exceptions import InvalidMetricAccessorDomainKwargsKeyError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value
from great_expectations.expectations.model_field_types import ConditionParser
from great_expectations.expectations.row_conditions import RowConditionType

METADATA = {"maturity": "production", "package": "counterpoise"}
_ROWS = ("batch_id", "table", "row_condition", "condition_parser")
_PAIR = ("batch_id", "column_A", "column_B", "row_condition", "condition_parser")


def register_metric(
    name: str, compute: Callable[..., Any], *, domain: tuple[str, ...], values: tuple[str, ...] = ()
) -> None:
    """Register a metric with Great Expectations.

    Args:
        name: The name of the metric.
        compute: Computes it from the pandas engine, the domain's keywords and the value's keywords.
        domain: The keywords that select its columns.
        values: The keywords that its value depends on.
    """

    class Metric(MetricProvider):  # type: ignore[misc]  # GX ships no types
        metric_name = name
        domain_keys = (*domain, *_ROWS)
        value_keys = values

        @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]  # GX ships no types
        def _pandas(
            cls,  # noqa: N805  # GX passes the class
            execution_engine: PandasExecutionEngine,
            metric_domain_kwargs: dict[str, Any],
            metric_value_kwargs: dict[str, Any],
            **_: Any,
        ) -> Any:
            return compute(execution_engine, metric_domain_kwargs, metric_value_kwargs)


class Judging(ABC):
    """An expectation that judges one metric; all fields of its own take part in the judgement."""

    library_metadata: ClassVar[dict[str, Any]] = METADATA
    metric_dependencies: ClassVar[tuple[str, ...]]
    domain_keys: ClassVar[tuple[str, ...]]
    success_keys: ClassVar[tuple[str, ...]]
    args_keys: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **options: Any) -> None:
        """Tell Great Expectations the keywords that select columns, and those that decide."""
        super().__init_subclass__(**options)
        own = [name for name in cls.__fields__ if name not in (*BatchExpectation.__fields__, *_ROWS)]  # type: ignore[attr-defined]
        cls.success_keys = tuple(name for name in own if name not in cls.domain_keys)
        cls.args_keys = tuple(name for name in own if name in cls.domain_keys) + cls.success_keys

    @abstractmethod
    def _judge(self, found: Any) -> dict[str, Any]:
        """Return the verdict on the metric, from `verdict`."""

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self._judge(metrics[self.metric_dependencies[0]])


def verdict(success: Any, observed: Any, summary: str, **details: Any) -> dict[str, Any]:
    """Return a verdict as Great Expectations wants it.

    Args:
        success: Whether the expectation is met.
        observed: The observed value.
        summary: What was found, for the report.
        details: Further facts.
    """
    return {
        "success": bool(success),
        "result": {"observed_value": observed, "details": {**details, "summary": summary}},
    }


class ColumnPairAggregateExpectation(Judging, BatchExpectation):  # type: ignore[misc]  # GX ships no types
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


def read_pair(engine: Any, domain: dict[str, Any]) -> list[pd.Series[Any]]:
    """Return the two columns of a metric's domain."""
    return read_columns(engine, domain, [domain["column_A"], domain["column_B"]])


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
