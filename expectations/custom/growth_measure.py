"""The expectation that what was added to a source, and what became of its earlier rows, lies within bounds.

Importing this module imports Great Expectations and registers the expectation there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Union

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation

__all__ = ["ExpectTableGrowthMeasureToBeBetween"]


class ExpectTableGrowthMeasureToBeBetween(BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect a measure of how a source has grown to lie within bounds.

    The measure is taken when the suite is made, since it compares files or whole rows with the last version, which
    Great Expectations sees only a few columns of at a time. The expectation carries it into the report.

    Args:
        measure: What was measured: rows that were added, earlier rows that are gone or changed, or the share of the
            expected number of new rows that is there.
        value: The measured value.
        min_value: The smallest value that is fine; any where it is None.
        max_value: The largest value that is fine; any where it is None.
        summary: The measure in words.
    """

    measure: Literal["rows added", "earlier rows lost", "new among the added"]
    value: float
    min_value: Union[float, None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    max_value: Union[float, None] = None  # noqa: UP007
    summary: pydantic.StrictStr = ""

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("table.columns",)
    success_keys = ("measure", "value", "min_value", "max_value", "summary")
    args_keys = ("measure", "value", "min_value", "max_value", "summary")

    def _validate(
        self,
        metrics: dict[str, Any],  # noqa: ARG002  # GX passes it
        runtime_configuration: Any = None,  # noqa: ARG002  # GX passes it
        execution_engine: Any = None,  # noqa: ARG002  # GX passes it
    ) -> dict[str, Any]:
        enough = self.min_value is None or self.value >= self.min_value
        within = self.max_value is None or self.value <= self.max_value
        return {
            "success": enough and within,
            "result": {"observed_value": self.value, "details": {"summary": self.summary}},
        }
