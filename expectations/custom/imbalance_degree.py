"""The expectation that the classes of a label column are at most so imbalanced.

Importing this module imports Great Expectations and registers the expectation there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.expectations.custom.aggregates import counted
from counterpoise.table import Degree, class_name, imbalance_degree

__all__ = ["ExpectColumnImbalanceDegreeToBeAtMost"]

_DEGREES: tuple[Degree, ...] = ("balanced", "mild", "moderate", "extreme")


class ExpectColumnImbalanceDegreeToBeAtMost(ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect the classes of a label column to be at most so imbalanced.

    Missing labels are no class. Observed is the degree of `counterpoise.table.imbalance_degree`, which
    follows Google's machine-learning guide. With fewer than two classes there is none, and the expectation fails.

    Args:
        column: The label column.
        degree: The worst that is allowed: balanced, mild, moderate or extreme.
    """

    degree: Degree

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("column.value_counts",)
    success_keys = ("degree",)
    args_keys = ("column", "degree")

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        counts = {class_name(value): int(rows) for value, rows in metrics["column.value_counts"].items() if rows}
        found = imbalance_degree(counts) if len(counts) > 1 else None
        return {
            "success": found is not None and _DEGREES.index(found) <= _DEGREES.index(self.degree),
            "result": {"observed_value": found, "details": {"summary": _summary(found, counts)}},
        }


def _summary(found: Degree | None, counts: Mapping[str, int]) -> str:
    """Return the imbalance in words.

    >>> _summary("mild", {"no": 700, "yes": 300})
    "mild: class 'yes' has 300 rows, class 'no' 700, that is 1 to 2.33"
    >>> _summary(None, {"no": 1})
    "there is only the class 'no' (1 row): nothing to be balanced with"
    """
    if not counts:
        return "there is no class: no row has a label"
    smallest, largest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if found is None:
        return f"there is only the class {largest!r} ({counted(counts[largest], 'row')}): nothing to be balanced with"
    if counts[smallest] == counts[largest]:
        return f"{found}: all {len(counts)} classes have {counted(counts[largest], 'row')}"
    few, most = counts[smallest], counts[largest]
    return (
        f"{found}: class {smallest!r} has {counted(few, 'row')}, class {largest!r} {most:,}, "
        f"that is 1 to {_ratio(most / few)}"
    )


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
