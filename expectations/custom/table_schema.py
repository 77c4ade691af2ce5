"""The expectation that a table keeps its columns and types.

Importing this module imports Great Expectations and registers the expectation and its metric there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from counterpoise.drift import schema_differences
from counterpoise.table import ARROW_TYPES

__all__ = ["ExpectTableSchemaToStay", "TableArrowTypes"]

_SHOWN = 10


class TableArrowTypes(TableMetricProvider):  # type: ignore[misc]  # GX ships no types
    """The Arrow types of a frame's columns as text: those it was converted from, or else those of its values."""

    metric_name = "table.arrow_types"

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(
        cls,  # noqa: N805  # GX passes the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        **_: Any,
    ) -> dict[str, str]:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, MetricDomainTypes.TABLE)
        return dict(frame.attrs.get(ARROW_TYPES) or {str(name): _arrow_type(frame[name]) for name in frame.columns})


def _arrow_type(column: pd.Series[Any]) -> str:
    try:
        return str(pa.Array.from_pandas(column).type)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return "mixed values"


class ExpectTableSchemaToStay(BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect a table to keep its columns, with values of the same kinds.

    Args:
        schema_before: Arrow types as text by column name, in the order of the columns.
        compare: `kinds` distinguishes numbers, texts, booleans and times; `exact` compares types and order.
        ignore: Columns that may appear, disappear and change.
    """

    schema_before: dict[str, str]
    compare: Literal["kinds", "exact"] = "kinds"
    ignore: list[str] = []  # noqa: RUF012  # pydantic copies it

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("table.arrow_types",)
    success_keys = ("schema_before", "compare", "ignore")
    args_keys = ("schema_before", "compare", "ignore")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002  # GX passes it
        execution_engine: Any = None,  # noqa: ARG002  # GX passes it
    ) -> dict[str, Any]:
        before, after = (
            {name: kind for name, kind in types.items() if name not in self.ignore}
            for types in (self.schema_before, metrics["table.arrow_types"])
        )
        differences = schema_differences(before, after, exact=self.compare == "exact")
        more = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        summary = "; ".join(differences[:_SHOWN]) + more if differences else f"{len(after)} columns as before"
        return {
            "success": not differences,
            "result": {"observed_value": len(differences), "details": {"summary": summary, "changes": differences}},
        }
