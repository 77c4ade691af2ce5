"""The expectation that nothing about a column needs a person's attention before training."""

from __future__ import annotations

from typing import Any

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation

from counterpoise.expectations.custom.aggregates import Judging, verdict


class ExpectTableColumnToBeUnobtrusive(Judging, BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect that a column has several values, does not give the label away and names nothing that rows belong to.

    It is found in all columns at once before the expectations run, because Great Expectations sees only some of them at
    a time. The expectation carries what was found into the report.

    Args:
        column: The column.
        found: What was found, such as `reveals_label`; empty for nothing.
        summary: The evidence, and what to do.
    """

    column: pydantic.StrictStr
    found: pydantic.StrictStr = ""
    summary: pydantic.StrictStr = ""

    metric_dependencies = ("table.columns",)

    def _judge(self, found: Any) -> dict[str, Any]:  # noqa: ARG002  # the suite brings the finding along
        return verdict(not self.found, self.found, self.summary)
