"""The expectation that no single feature reveals the class."""

from __future__ import annotations

from typing import Any

from great_expectations.compatibility import pydantic

from counterpoise.expectations.custom.aggregates import (
    ColumnPairAggregateExpectation,
    counted,
    read_pair,
    register_metric,
    verdict,
)
from counterpoise.suggest import MIN_ROWS, Separation, class_separation

register_metric(
    "column_pair.class_separation",
    lambda engine, domain, _: class_separation(*read_pair(engine, domain)),
    domain=("column_A", "column_B"),
)


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

    metric_dependencies = ("column_pair.class_separation",)

    def _judge(self, found: Separation | None) -> dict[str, Any]:
        area, name = (None, None) if found is None else (found.area, found.name)
        return verdict(area is None or area <= self.max_separation, area, _summary(found), **{"class": name})


def _summary(found: Separation | None) -> str:
    """Describe the separation.

    >>> _summary(Separation(0.98765, "yes", 12))
    "on its own it separates class 'yes' (12 rows) from the rest with a ROC-AUC of 0.988"
    """
    if found is None:
        return f"not checked: no class has {MIN_ROWS} rows and {MIN_ROWS} other rows"
    rows = counted(found.rows, "row")
    return f"on its own it separates class {found.name!r} ({rows}) from the rest with a ROC-AUC of {found.area:.3f}"
