"""The expectation that each class of a label column keeps its share of the rows.

Importing this module imports Great Expectations and registers the expectation there.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.table import class_name

__all__ = ["ExpectColumnClassProportionsToBeBetween"]


class ExpectColumnClassProportionsToBeBetween(ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect the share of each named class among the labelled rows to be within its band, including the bounds.

    Other classes are not checked. The observed value is the shares of the named classes.

    Args:
        column: The label column.
        bands: The smallest and the largest share by class, with the class as text.
    """

    bands: dict[str, list[float]]

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("column.value_counts",)
    success_keys = ("bands",)
    args_keys = ("column", "bands")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002  # GX passes it
        execution_engine: Any = None,  # noqa: ARG002  # GX passes it
    ) -> dict[str, Any]:
        counts = metrics["column.value_counts"]
        rows = np.asarray(counts.to_numpy(), dtype=np.int64)
        total = max(int(rows.sum()), 1)
        found = {class_name(value): int(count) / total for value, count in zip(counts.index, rows, strict=True)}
        shares = {name: found.get(name, 0.0) for name in self.bands}
        outside = {name: share for name, share in shares.items() if not _within(share, self.bands[name])}
        return {
            "success": not outside,
            "result": {
                "observed_value": shares,
                "details": {"outside": outside, "summary": _summary(outside, shares, self.bands)},
            },
        }


def _within(share: float, band: list[float]) -> bool:
    low, high = band
    return low <= share <= high


def _summary(outside: dict[str, float], shares: dict[str, float], bands: dict[str, list[float]]) -> str:
    if not outside:
        return ", ".join(f"class {name!r} {share:.4g}" for name, share in list(shares.items())[:20])
    return ", ".join(
        f"class {name!r} has a share of {share:.4g}, not within {bands[name][0]:.4g} to {bands[name][1]:.4g}"
        for name, share in list(outside.items())[:20]
    )
