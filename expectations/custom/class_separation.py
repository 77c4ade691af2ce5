"""The expectation that no single feature reveals the class.

Importing this module imports Great Expectations and registers the expectation and its metric there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics.metric_provider import metric_value

from counterpoise.expectations.custom.aggregates import (
    ColumnPairAggregateExpectation,
    ColumnPairMetric,
    counted,
    read_columns,
)
from counterpoise.suggest import MIN_ROWS, Separation, class_separation

__all__ = ["ColumnPairSeparation", "ExpectColumnPairSeparationToBeAtMost"]


class ColumnPairSeparation(ColumnPairMetric):
    """How well the first column on its own separates a class of the second one."""

    metric_name = "column_pair.class_separation"

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(
        cls,  # noqa: N805  # GX passes the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        **_: Any,
    ) -> Separation | None:
        names = [metric_domain_kwargs["column_A"], metric_domain_kwargs["column_B"]]
        feature, label = read_columns(execution_engine, metric_domain_kwargs, names)
        return class_separation(feature, label)


class ExpectColumnPairSeparationToBeAtMost(ColumnPairAggregateExpectation):
    """Expect a feature on its own to separate no class too well from all others: one that does is usually a leak.

    The observed value is the area under the ROC curve of the best separated class against the rest, from 0.5 (not at
    all) to 1 (perfectly), in either direction. Numbers, dates, times and booleans serve directly as scores. Values of
    other types, and columns of at most 50 distinct numbers, are scored by the class's share per value, with rare values
    pooled. Whether the value is missing also serves as a score. Classes with fewer than ten rows, or fewer than ten
    other rows, are not checked; if no class can be checked, the expectation passes.

    Args:
        column_A: The feature, of any type.
        column_B: The label column; rows without a label are ignored.
        max_separation: The largest allowed area, 0.5 to 1.
    """

    max_separation: float = pydantic.Field(ge=0.5, le=1)

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("column_pair.class_separation",)
    success_keys = ("max_separation",)
    args_keys = ("column_A", "column_B", "max_separation")

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        found: Separation | None = metrics["column_pair.class_separation"]
        return {
            "success": found is None or found.area <= self.max_separation,
            "result": {
                "observed_value": None if found is None else found.area,
                "details": {"class": None if found is None else found.name, "summary": _summary(found)},
            },
        }


def _summary(found: Separation | None) -> str:
    """Describe the separation.

    >>> _summary(Separation(0.98765, "yes", 12))
    "on its own it separates class 'yes' (12 rows) from the rest with a ROC-AUC of 0.988"
    """
    if found is None:
        return f"not checked: no class has {MIN_ROWS} rows and {MIN_ROWS} other rows"
    rows = counted(found.rows, "row")
    return f"on its own it separates class {found.name!r} ({rows}) from the rest with a ROC-AUC of {found.area:.3f}"
