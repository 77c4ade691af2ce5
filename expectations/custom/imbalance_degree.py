"""The expectation that the classes of a label column do not exceed a degree of imbalance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.expectations.custom.aggregates import Judging, counted, verdict
from counterpoise.table import Degree, class_name, imbalance_degree

_DEGREES: tuple[Degree, ...] = ("balanced", "mild", "moderate", "extreme")


class ExpectColumnImbalanceDegreeToBeAtMost(Judging, ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect the classes of a label column not to exceed a degree of imbalance.

    Missing labels are not a class. The observed value is the degree from `counterpoise.table.imbalance_degree`, which
    follows Google's machine-learning guide. With fewer than two classes there is no degree, and the expectation fails.

    Args:
        column: The label column.
        degree: The worst allowed degree: balanced, mild, moderate or extreme.
    """

    degree: Degree

    metric_dependencies = ("column.value_counts",)

    def _judge(self, found: Any) -> dict[str, Any]:
        counts = {class_name(value): int(rows) for value, rows in found.items() if rows}
        degree = imbalance_degree(counts) if len(counts) > 1 else None
        passed = degree is not None and _DEGREES.index(degree) <= _DEGREES.index(self.degree)
        return verdict(passed, degree, _summary(degree, counts))


def _summary(found: Degree | None, counts: Mapping[str, int]) -> str:
    """Describe the imbalance.

    >>> _summary("mild", {"no": 700, "yes": 300})
    "mild: class 'yes' has 300 rows, class 'no' 700, a ratio of 1 to 2.33"
    >>> _summary(None, {"no": 1})
    "class 'no' (1 row) is the only class, so there is no imbalance to measure"
    """
    if not counts:
        return "there are no classes: no row has a label"
    smallest, largest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if found is None:
        rows = counted(counts[largest], "row")
        return f"class {largest!r} ({rows}) is the only class, so there is no imbalance to measure"
    if counts[smallest] == counts[largest]:
        return f"{found}: all {len(counts)} classes have {counted(counts[largest], 'row')}"
    few, most = counts[smallest], counts[largest]
    return (
        f"{found}: class {smallest!r} has {counted(few, 'row')}, class {largest!r} {most:,}, "
        f"a ratio of 1 to {_ratio(most / few)}"
    )


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
