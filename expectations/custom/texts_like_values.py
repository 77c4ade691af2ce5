"""The expectation that the texts of a column do not look like numbers or dates."""

from __future__ import annotations

from typing import Any

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation

from counterpoise.expectations.custom.aggregates import Judging, verdict


class ExpectTableTextsToNotLookLikeValues(Judging, BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect fewer than a share of the texts of a column to look like numbers, dates or times.

    The texts are counted when the source is read, because Great Expectations sees only some of the columns at a time.
    The expectation carries the counts into the report.

    Args:
        column: The column.
        present: The number of texts.
        alike: The number of texts that look like values.
        below: The share that is too much, 0 to 1.
        summary: What they look like, and how to have them read as values.
    """

    column: pydantic.StrictStr
    present: int
    alike: int
    below: float = 0.9
    summary: pydantic.StrictStr = ""

    metric_dependencies = ("table.columns",)

    def _judge(self, found: Any) -> dict[str, Any]:  # noqa: ARG002  # the suite brings the counts along
        share = self.alike / self.present if self.present else 0.0
        return verdict(share < self.below, share, self.summary)
