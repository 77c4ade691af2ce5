"""The expectation that each class of a label column keeps its share of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.expectations.custom.aggregates import Judging, verdict
from counterpoise.table import class_name


class ExpectColumnClassProportionsToBeBetween(Judging, ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect the share of each named class among the labelled rows to be within its band, including the bounds.

    Other classes are not checked. The observed value is the shares of the named classes.

    Args:
        column: The label column.
        bands: The smallest and the largest share by class, with the class as text.
    """

    bands: dict[str, list[float]]

    metric_dependencies = ("column.value_counts",)

    def _judge(self, found: Any) -> dict[str, Any]:
        rows = np.asarray(found.to_numpy(), dtype=np.int64)
        total = max(int(rows.sum()), 1)
        all_shares = {class_name(value): int(count) / total for value, count in zip(found.index, rows, strict=True)}
        shares = {name: all_shares.get(name, 0.0) for name in self.bands}
        outside = {name: share for name, share in shares.items() if not _within(share, self.bands[name])}
        return verdict(not outside, shares, _summary(outside, shares, self.bands), outside=outside)


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
