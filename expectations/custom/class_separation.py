"""The expectation that a feature alone does not give the class away.

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
    """How well the first column alone tells a class of the second one."""

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
    """Expect a feature alone to tell no class too well from all others: one that does is most often a leak.

    Observed is the area under the ROC curve of the class that is told best against the rest, 0.5 (not at all) to 1
    (for certain), whatever the direction. Numbers, dates, times and booleans are scores as they are; values of other
    types, and of at most 50 different numbers, score as their share of the class, small levels pooled. Whether the
    value is missing is a score, too. Classes with fewer than ten rows, or ten others, are not judged; if none can be,
    the expectation holds.

    Args:
        column_A: The feature, of any type.
        column_B: The label column; rows without a label are passed over.
        max_separation: The largest area that is allowed, 0.5 to 1.
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
    """Return the separation in words.

    >>> _summary(Separation(0.98765, "yes", 12))
    "alone it tells class 'yes' (12 rows) from the rest with a ROC-AUC of 0.988"
    """
    if found is None:
        return f"not judged: no class has {MIN_ROWS} rows and {MIN_ROWS} others beside it"
    rows = counted(found.rows, "row")
    return f"alone it tells class {found.name!r} ({rows}) from the rest with a ROC-AUC of {found.area:.3f}"
