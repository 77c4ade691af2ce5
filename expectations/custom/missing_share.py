"""The expectation that a column's share of missing values has not changed."""

from __future__ import annotations

from typing import Any, Union

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.drift import FEWEST_ROWS, missing_change
from counterpoise.expectations.custom.added_rows import dependence_of, shown
from counterpoise.expectations.custom.aggregates import Judging, register_metric, verdict
from counterpoise.expectations.custom.population_stability import column_within


def _count_missing(engine: Any, domain: dict[str, Any], values: dict[str, Any]) -> tuple[int, int]:
    """Return the number of missing values and the number of rows."""
    column = column_within(engine, domain, values)
    return int(column.isna().sum()), len(column)


register_metric("column.missing_count", _count_missing, domain=("column",), values=("label", "label_class", "added"))


class ExpectColumnMissingShareToStay(Judging, ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect the share of missing values not to change by more than a difference, a factor and chance.

    With fewer than 40 rows on either side there is not enough evidence, and the expectation passes.

    Args:
        column: Any column.
        missing: The number of missing values before.
        rows: The number of rows before.
        max_difference: The largest acceptable difference of the share, up or down.
        max_factor: The largest acceptable factor by which the share of present values falls.
        effect: The design effect of the earlier share: the number of rows that carry as much information as one
            independent row.
        rise_only: Whether a smaller share of missing values is acceptable.
        alpha: The probability of a detected difference between two samples of one population (Fisher's exact test,
            chi-square from 1,000 rows on).
        label: The label column, if only the rows of one class are checked.
        label_class: That class, as text.
        added: Check only these stretches of rows, which were added to the source; each is given by its first row and
            the first row after it.
        part: The name of these rows.
        units: The design effects of the independent units, such as customers: `before` and `later`, and the `number` of
            units that they are known from; None if rows are independent of each other but for their place.
    """

    missing: pydantic.conint(ge=0)  # type: ignore[valid-type]  # pydantic 1 writes bounds as calls
    rows: pydantic.conint(ge=0)  # type: ignore[valid-type]
    max_difference: pydantic.confloat(ge=0, le=1) = 0.05  # type: ignore[valid-type]
    max_factor: pydantic.confloat(ge=1) = 1.5  # type: ignore[valid-type]
    rise_only: bool = False
    effect: pydantic.confloat(ge=1) = 1.0  # type: ignore[valid-type]
    alpha: pydantic.confloat(gt=0, lt=1) = 0.001  # type: ignore[valid-type]
    label: Union[str, None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    label_class: Union[str, None] = None  # noqa: UP007
    added: Union[list[list[int]], None] = None  # noqa: UP007
    part: Union[str, None] = None  # noqa: UP007
    units: Union[dict[str, float], None] = None  # noqa: UP007

    metric_dependencies = ("column.missing_count",)

    def _judge(self, found: tuple[int, int]) -> dict[str, Any]:
        missing, rows = found
        if min(rows, self.rows) < FEWEST_ROWS:
            summary = f"too few rows for a verdict: {rows:,}, before {self.rows:,}"
            return verdict(True, None, summary)
        change, p_value, factor = missing_change(
            (self.missing, self.rows), (missing, rows), dependence=dependence_of(self.effect, self.added, self.units)
        )
        matters = abs(change) > self.max_difference or factor > self.max_factor
        now, before = missing / rows, self.missing / self.rows
        summary = shown(self.part, f"{now:.2%} missing, {before:.2%} before")
        passed = p_value >= self.alpha or not matters or (self.rise_only and change < 0)
        return verdict(passed, now, summary, p_value=p_value)
