"""The expectation that a measure of a source's growth is within bounds."""

from __future__ import annotations

from typing import Any, Literal, Union

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation

from counterpoise.expectations.custom.aggregates import Judging, verdict


class ExpectTableGrowthMeasureToBeBetween(Judging, BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect a measure of a source's growth to be within bounds.

    The measure is computed when the suite is built, because it compares files or whole rows with the last version,
    while Great Expectations sees only a few columns at a time. The expectation carries the measure into the report.

    Args:
        measure: The measure: the number of added rows, the number of earlier rows that were removed or changed, or the
            number of new rows relative to the expected number.
        value: The measured value.
        min_value: The smallest acceptable value; None for no limit.
        max_value: The largest acceptable value; None for no limit.
        summary: A description of the measure.
    """

    measure: Literal["rows added", "earlier rows lost", "new among the added"]
    value: float
    min_value: Union[float, None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    max_value: Union[float, None] = None  # noqa: UP007
    summary: pydantic.StrictStr = ""

    metric_dependencies = ("table.columns",)

    def _judge(self, found: Any) -> dict[str, Any]:  # noqa: ARG002  # the suite brings the measure along
        enough = self.min_value is None or self.value >= self.min_value
        within = self.max_value is None or self.value <= self.max_value
        return verdict(enough and within, self.value, self.summary)
