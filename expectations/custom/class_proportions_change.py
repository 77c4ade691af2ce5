"""The expectation that the classes keep their proportions."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.drift import class_change
from counterpoise.expectations.custom.added_rows import among, dependence_of, shown
from counterpoise.expectations.custom.aggregates import Judging, read_columns, register_metric, verdict
from counterpoise.table import comparable_class

_SHOWN = 5


def _count_labels(engine: Any, domain: dict[str, Any], values: dict[str, Any]) -> dict[Any, int]:
    """Return the number of rows by label, in all rows or in some stretches of them."""
    (labels,) = read_columns(engine, domain, [domain["column"]])
    counts: dict[Any, int] = among(labels, values.get("added")).dropna().value_counts().to_dict()
    return counts


register_metric("column.label_counts", _count_labels, domain=("column",), values=("added",))


class ExpectColumnClassProportionsToStay(Judging, ColumnAggregateExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect the classes of a label column to keep their proportions.

    The expectation fails if a chi-square test detects a difference that is also large: by Cohen's w, or because the
    share of a class has changed by a large factor. Missing labels are not a class.

    Args:
        column: The label column.
        baseline: Rows by class before, with the class as text.
        max_effect: The largest Cohen's w that is acceptable: 0.1 is small, 0.3 medium, 0.5 large.
        max_factor: The largest acceptable factor, up or down, of a class's share.
        effect: The design effect of the earlier shares: the number of rows that carry as much information as one
            independent row.
        alpha: The probability of a detected difference between two samples of one population.
        added: Check only these stretches of rows, which were added to the source; each is given by its first row and
            the first row after it.
        part: The name of these rows.
        units: The design effects of the independent units, such as customers: `before` and `later`, and the `number` of
            units that they are known from; None if rows are independent of each other but for their place.
    """

    baseline: dict[str, int]
    max_effect: pydantic.confloat(ge=0) = 0.1  # type: ignore[valid-type]  # pydantic 1 writes bounds as calls
    max_factor: pydantic.confloat(ge=1) = 1.5  # type: ignore[valid-type]
    effect: pydantic.confloat(ge=1) = 1.0  # type: ignore[valid-type]
    alpha: pydantic.confloat(gt=0, lt=1) = 0.001  # type: ignore[valid-type]
    added: Union[list[list[int]], None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    part: Union[str, None] = None  # noqa: UP007
    units: Union[dict[str, float], None] = None  # noqa: UP007

    metric_dependencies = ("column.label_counts",)

    def _judge(self, found: dict[Any, int]) -> dict[str, Any]:
        rows_now = {comparable_class(value): int(rows) for value, rows in found.items() if rows}
        known = {comparable_class(name): rows for name, rows in self.baseline.items()}
        names = [*known, *(name for name in rows_now if name not in known)]
        before = np.array([known.get(name, 0) for name in names])
        after = np.array([rows_now.get(name, 0) for name in names])
        p_value, effect, factor = class_change(
            before, after, alpha=self.alpha, dependence=dependence_of(self.effect, self.added, self.units)
        )
        matters = effect > self.max_effect or factor > self.max_factor
        summary = shown(self.part, f"{_summary(names, before, after)}; Cohen's w {effect:.3g}")
        passed = p_value >= self.alpha or not matters
        return verdict(passed, effect, summary, effect_size=effect, p_value=p_value, factor=factor)


def _summary(names: list[str], before: np.ndarray, after: np.ndarray) -> str:
    """Return the shares before and now, starting with those that have changed by the largest factor."""
    p, q = before / max(1, before.sum()), after / max(1, after.sum())
    factor = np.maximum((p + 1e-12) / (q + 1e-12), (q + 1e-12) / (p + 1e-12))
    order = np.argsort(-factor, kind="stable")[:_SHOWN]
    shown = ", ".join(f"class {names[index]!r} {p[index]:.4g} before, {q[index]:.4g} now" for index in order)
    return shown + (f" and {len(names) - _SHOWN} more classes" if len(names) > _SHOWN else "")
