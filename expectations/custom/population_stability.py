"""The expectation that a column's distribution has not changed.

Importing this module imports Great Expectations and registers the expectation and its metric there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Union

import numpy as np
import numpy.typing as npt
from great_expectations.compatibility import pydantic
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnAggregateExpectation
from great_expectations.expectations.metrics import ColumnAggregateMetricProvider
from great_expectations.expectations.metrics.metric_provider import metric_value

from counterpoise.drift import (
    FEWEST_ROWS,
    Distribution,
    bin_names,
    chance_limit,
    count_values,
    later_effect,
    population_stability,
)
from counterpoise.expectations.custom.added_rows import among, shown, stretches_of
from counterpoise.table import comparable_class

__all__ = ["ColumnBinCounts", "ExpectColumnPopulationStabilityIndexToBeAtMost", "column_within"]

Counts = npt.NDArray[np.int64]


def column_within(engine: Any, domain: dict[str, Any], values: dict[str, Any]) -> Any:
    """Return the column of a metric's domain, restricted to the rows in `added` and of class `label_class`, if given.

    Args:
        engine: Great Expectations' pandas engine.
        domain: The metric's domain keywords.
        values: The metric's value keywords.
    """
    frame, _, accessor = engine.get_compute_domain(domain, MetricDomainTypes.COLUMN)
    column = among(frame[accessor["column"]], values.get("added"))
    if not values.get("label"):
        return column
    labels = among(frame[values["label"]], values.get("added"))
    named = comparable_class(values["label_class"])
    wanted = [value for value in labels.dropna().unique() if comparable_class(value) == named]
    return column[labels.isin(wanted)]


class ColumnBinCounts(ColumnAggregateMetricProvider):  # type: ignore[misc]  # GX ships no types
    """The number of a column's present values in each bin of the baseline."""

    metric_name = "column.bin_counts"
    value_keys = ("baseline", "label", "label_class", "added")

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(
        cls,  # noqa: N805  # GX passes the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> Counts:
        column = column_within(execution_engine, metric_domain_kwargs, metric_value_kwargs)
        return count_values(column, Distribution(**metric_value_kwargs["baseline"]))


class ExpectColumnPopulationStabilityIndexToBeAtMost(ColumnAggregateExpectation):  # type: ignore[misc]  # no types
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
    """

    baseline: dict[str, Any]
    threshold: pydantic.confloat(gt=0) = 0.25  # type: ignore[valid-type]  # pydantic 1 writes bounds as calls
    alpha: pydantic.confloat(gt=0, lt=1) = 0.001  # type: ignore[valid-type]
    label: Union[str, None] = None  # noqa: UP007  # pydantic 1 reads it at run time
    label_class: Union[str, None] = None  # noqa: UP007
    added: Union[list[list[int]], None] = None  # noqa: UP007
    part: Union[str, None] = None  # noqa: UP007

    library_metadata: ClassVar[dict[str, Any]] = {"maturity": "production", "package": "counterpoise"}
    metric_dependencies = ("column.bin_counts",)
    success_keys = ("baseline", "threshold", "alpha", "label", "label_class", "added", "part")
    args_keys = ("column", "baseline", "threshold", "alpha", "label", "label_class", "added", "part")

    @pydantic.validator("baseline")  # type: ignore[untyped-decorator]
    def _a_distribution(cls, baseline: dict[str, Any]) -> dict[str, Any]:  # noqa: N805  # pydantic 1 passes the class
        bins = len(Distribution(**baseline).edges or Distribution(**baseline).values) + 1
        if len(baseline["counts"]) != bins:
            raise ValueError(f"expected {bins} counts, one per bin, not {len(baseline['counts'])}")
        return baseline

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,  # noqa: ARG002  # GX passes it
        execution_engine: Any = None,  # noqa: ARG002  # GX passes it
    ) -> dict[str, Any]:
        before, after = np.asarray(self.baseline["counts"]), np.asarray(metrics["column.bin_counts"])
        if min(before.sum(), after.sum()) < FEWEST_ROWS:
            summary = f"too few values for a verdict: {int(after.sum())}, before {int(before.sum())}"
            return {"success": True, "result": {"observed_value": None, "details": {"summary": summary}}}
        effect = Distribution(**self.baseline).design_effect
        later = later_effect(effect, before.sum(), after.sum(), stretches=stretches_of(self.added))
        index = population_stability(before / effect, after / later)
        sizes = float(before.sum() / effect), float(after.sum() / later)
        chance = chance_limit(*sizes, bins=len(before), alpha=self.alpha)
        return {
            "success": index <= max(self.threshold, chance),
            "result": {
                "observed_value": index,
                "details": {
                    "summary": shown(self.part, _summary(index, before, after, Distribution(**self.baseline))),
                    "chance": chance,
                },
            },
        }


def _summary(index: float, before: Counts, after: Counts, bins: Distribution) -> str:
    """Describe the index and the bin whose share has moved most."""
    shares = np.stack([before / before.sum(), after / after.sum()])
    moved = int(np.argmax(np.abs(shares[1] - shares[0])))
    return (
        f"population stability index {index:.3g}; moved most: {bin_names(bins)[moved]}, "
        f"{shares[0, moved]:.2%} before, {shares[1, moved]:.2%} now"
    )
