"""A Great Expectations engine for one frame that never executes text from a suite.

Importing this module imports Great Expectations and registers the engine there. The metrics below apply only to this
engine, so Great Expectations' own engine stays unchanged for all other code in the process.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import reduce
from typing import TYPE_CHECKING, Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from counterpoise.validate._suites.conditions import chosen_rows
from counterpoise.validate._suites.patterns import rows_with

if TYPE_CHECKING:
    import pandas as pd

BATCH = "rows"
"""The name of the frame in its engine."""


class FrameEngine(PandasExecutionEngine):  # type: ignore[misc]  # GX ships no types
    """The pandas engine of Great Expectations for one frame, without its use of `DataFrame.query`.

    Row conditions are compared value by value; a condition written as text is always rejected.

    Args:
        frame: The frame, indexed by row number.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__(batch_data_dict={BATCH: frame})

    def _apply_row_condition_filter(
        self,
        data: pd.DataFrame,
        row_condition: Any,
        domain_kwargs: dict[str, Any],  # noqa: ARG002  # GX passes it
    ) -> pd.DataFrame:
        return data[chosen_rows(data, row_condition)]


def _register(name: str, keys: tuple[str, ...], holds: Callable[..., Any]) -> None:
    """Register with the frame engine how a condition on patterns is checked, given a column and the keywords."""

    class Condition(ColumnMapMetricProvider):  # type: ignore[misc]  # GX ships no types
        condition_metric_name = f"column_values.{name}"
        condition_value_keys = keys
        default_kwarg_values = {"match_on": "any"} if "match_on" in keys else {}  # as GX has it

        @column_condition_partial(engine=FrameEngine)  # type: ignore[untyped-decorator]  # GX ships no types
        def _pandas(cls, column: Any, **given: Any) -> Any:  # noqa: N805  # GX passes the class
            return holds(column, *(given[key] for key in keys))


def _matching(column: Any, patterns: Iterable[str], match_on: str = "any") -> Any:
    join = operator.and_ if match_on == "all" else operator.or_
    return reduce(join, (rows_with(column, pattern) for pattern in patterns))


_register("match_regex", ("regex",), rows_with)
_register("not_match_regex", ("regex",), lambda column, regex: ~rows_with(column, regex))
_register("match_regex_list", ("regex_list", "match_on"), _matching)
_register("not_match_regex_list", ("regex_list",), lambda column, patterns: ~_matching(column, patterns))
