"""The expectation that no class of a label column has too few rows."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.expectations.custom.aggregates import Judging, counted, verdict
from counterpoise.table import class_name

_SHOWN = 20


class ExpectColumnClassRowsToBeAtLeast(Judging, ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect each class of a label column to have a minimum number of rows.

    Missing labels are not a class. The observed value is the number of rows of the smallest checked class.

    Args:
        column: The label column.
        min_rows: The minimum number of rows per class.
        below_ratio: Check only classes with fewer rows than this share of the largest class; None for all classes.
        ignore_below: Ignore classes with fewer rows than this.
    """

    min_rows: pydantic.conint(ge=1)  # type: ignore[valid-type]  # pydantic 1 writes bounds as calls
    below_ratio: Union[float, None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    ignore_below: int = 0

    metric_dependencies = ("column.value_counts",)

    def _judge(self, found: Any) -> dict[str, Any]:
        rows = np.asarray(found.to_numpy(), dtype=np.int64)
        checked = rows >= max(self.ignore_below, 1)
        if self.below_ratio is not None and len(rows):
            checked &= rows < self.below_ratio * rows.max()
        small = checked & (rows < self.min_rows)
        names = [class_name(value) for value in found.index[small]]
        too_small = dict(zip(names, rows[small].tolist(), strict=True))
        smallest = _smallest(rows[checked] if checked.any() else rows)
        return verdict(not too_small, smallest, _summary(too_small, rows), too_small=too_small)


def _smallest(rows: np.ndarray) -> int:
    return int(rows.min()) if len(rows) else 0


def _summary(too_small: dict[str, int], rows: np.ndarray) -> str:
    """Describe the counts, smallest class first."""
    if not too_small:
        return f"the smallest of {len(rows)} classes has {counted(_smallest(rows), 'row')}"
    ordered = sorted(too_small.items(), key=lambda item: (item[1], item[0]))
    shown = ", ".join(f"class {name!r} has {counted(count, 'row')}" for name, count in ordered[:_SHOWN])
    return shown + (f" and {len(ordered) - _SHOWN} more classes have too few" if len(ordered) > _SHOWN else "")
