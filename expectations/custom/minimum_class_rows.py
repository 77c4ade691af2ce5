"""The expectation that no class of a label column has too few rows.

Importing this module imports Great Expectations and registers the expectation there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Union

import numpy as np
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.table import class_name

__all__ = ["ExpectColumnClassRowsToBeAtLeast"]

_SHOWN = 20


class ExpectColumnClassRowsToBeAtLeast(ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
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

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("column.value_counts",)
    success_keys = ("min_rows", "below_ratio", "ignore_below")
    args_keys = ("column", "min_rows", "below_ratio", "ignore_below")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002  # GX passes it
        execution_engine: Any = None,  # noqa: ARG002  # GX passes it
    ) -> dict[str, Any]:
        counts = metrics["column.value_counts"]
        rows = np.asarray(counts.to_numpy(), dtype=np.int64)
        checked = rows >= max(self.ignore_below, 1)
        if self.below_ratio is not None and len(rows):
            checked &= rows < self.below_ratio * rows.max()
        small = checked & (rows < self.min_rows)
        names = [class_name(value) for value in counts.index[small]]
        too_small = dict(zip(names, rows[small].tolist(), strict=True))
        return {
            "success": not too_small,
            "result": {
                "observed_value": _smallest(rows[checked] if checked.any() else rows),
                "details": {"too_small": too_small, "summary": _summary(too_small, rows)},
            },
        }


def _smallest(rows: np.ndarray) -> int:
    return int(rows.min()) if len(rows) else 0


def _summary(too_small: dict[str, int], rows: np.ndarray) -> str:
    """Describe the counts, smallest class first."""
    if not too_small:
        return f"the smallest of {len(rows)} classes has {_rows(_smallest(rows))}"
    ordered = sorted(too_small.items(), key=lambda item: (item[1], item[0]))
    shown = ", ".join(f"class {name!r} has {_rows(count)}" for name, count in ordered[:_SHOWN])
    return shown + (f" and {len(ordered) - _SHOWN} more classes have too few" if len(ordered) > _SHOWN else "")


def _rows(number: int) -> str:
    return f"{number:,} row" + ("" if number == 1 else "s")
