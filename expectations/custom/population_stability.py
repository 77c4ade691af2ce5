"""The expectation that a column's distribution has not changed."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
import numpy.typing as npt
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from counterpoise.drift import (
    FEWEST_ROWS,
    Distribution,
    bin_names,
    chance_limit,
    count_values,
    population_stability,
)
from counterpoise.expectations.custom.added_rows import among, dependence_of, shown
from counterpoise.expectations.custom.aggregates import Judging, read_columns, register_metric, verdict
from counterpoise.table import comparable_class

Counts = npt.NDArray[np.int64]


def column_within(engine: Any, domain: dict[str, Any], values: dict[str, Any]) -> Any:
    """Return the column of a metric's domain, restricted to the rows in `added` and of class `label_class`, if given.

    Args:
        engine: Great Expectations' pandas engine.
        domain: The metric's domain keywords.
        values: The metric's value keywords.
    """
    names = [domain["column"], *([values["label"]] if values.get("label") else [])]
    column, *labelled = (among(each, values.get("added")) for each in read_columns(engine, domain, names))
    if not labelled:
        return column
    (labels,) = labelled
    named = comparable_class(values["label_class"])
    wanted = [value for value in labels.dropna().unique() if comparable_class(value) == named]
    return column[labels.isin(wanted)]


def _count_bins(engine: Any, domain: dict[str, Any], values: dict[str, Any]) -> Counts:
    """Return the number of a column's present values in each bin of the baseline."""
    return count_values(column_within(engine, domain, values), Distribution(**values["baseline"]))


register_metric(
    "column.bin_counts", _count_bins, domain=("column",), values=("baseline", "label", "label_class", "added")
)


class ExpectColumnPopulationStabilityIndexToBeAtMost(Judging, ColumnAggregateExpectation):  # type: ignore[misc]
    """Expect the distribution of a column's present values not to change, by the population stability index.

    The limit is raised to the index that two samples of these sizes reach by chance, so that few rows do not look like
    drift. With fewer than 40 present values on either side there is not enough evidence, and the expectation passes.

    Args:
        column: Numbers, texts or booleans.
        baseline: The distribution before: `kind`, `edges` or `values`, and `counts`, as in
            `counterpoise.drift.Distribution`.
        threshold: The largest index that does not count as drift; above 0.25 is by convention another population.
        alpha: The probability that two samples of one population exceed the limit by chance.
        label: The label column, if only the rows of one class are checked.
        label_class: That class, as text.
        added: Check only these stretches of rows, which were added to the source; each is given by its first row and
            the first row after it.
        part: The name of these rows.
        units: The design effects of the independent units, such as customers: `before` and `later`, and the `number` of
            units that they are known from; None if rows are independent of each other but for their place.
    """

    baseline: dict[str, Any]
    threshold: pydantic.confloat(gt=0) = 0.25  # type: ignore[valid-type]  # pydantic 1 writes bounds as calls
    alpha: pydantic.confloat(gt=0, lt=1) = 0.001  # type: ignore[valid-type]
    label: Union[str, None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    label_class: Union[str, None] = None  # noqa: UP007
    added: Union[list[list[int]], None] = None  # noqa: UP007
    part: Union[str, None] = None  # noqa: UP007
    units: Union[dict[str, float], None] = None  # noqa: UP007

    metric_dependencies = ("column.bin_counts",)

    @pydantic.validator("baseline")  # type: ignore[untyped-decorator]
    def _a_distribution(cls, baseline: dict[str, Any]) -> dict[str, Any]:  # noqa: N805  # pydantic 1 passes the class
        bins = len(Distribution(**baseline).edges or Distribution(**baseline).values) + 1
        if len(baseline["counts"]) != bins:
            raise ValueError(f"expected {bins} counts, one per bin, not {len(baseline['counts'])}")
        return baseline

    def _judge(self, found: Counts) -> dict[str, Any]:
        before, after = np.asarray(self.baseline["counts"]), np.asarray(found)
        if min(before.sum(), after.sum()) < FEWEST_ROWS:
            summary = f"too few values for a verdict: {int(after.sum())}, before {int(before.sum())}"
            return verdict(True, None, summary)
        dependence = dependence_of(Distribution(**self.baseline).design_effect, self.added, self.units)
        effect, later = dependence.effects(before.sum(), after.sum())
        index = population_stability(before / effect, after / later)
        sizes = float(before.sum() / effect), float(after.sum() / later)
        chance = chance_limit(*sizes, bins=len(before), alpha=self.alpha, dependence=dependence)
        summary = shown(self.part, _summary(index, before, after, Distribution(**self.baseline)))
        return verdict(index <= max(self.threshold, chance), index, summary, chance=chance)


def _summary(index: float, before: Counts, after: Counts, bins: Distribution) -> str:
    """Describe the index and the bin whose share has moved most."""
    shares = np.stack([before / before.sum(), after / after.sum()])
    moved = int(np.argmax(np.abs(shares[1] - shares[0])))
    return (
        f"population stability index {index:.3g}; moved most: {bin_names(bins)[moved]}, "
        f"{shares[0, moved]:.2%} before, {shares[1, moved]:.2%} now"
    )
