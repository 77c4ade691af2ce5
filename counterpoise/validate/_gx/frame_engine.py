"""Great Expectations' engine on one frame, without its ways to run text that a suite brings.

Importing this module imports Great Expectations, and makes the engine known to it: what is written here answers on
this engine only, so that its own engine stays as it is for everybody else in the process.
"""

from __future__ import annotations

import operator
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

__all__ = ["BATCH", "FrameEngine"]

BATCH = "rows"
"""The name of the frame in its engine."""


class FrameEngine(PandasExecutionEngine):  # type: ignore[misc]  # GX ships no types
    """The pandas engine of Great Expectations on one frame, without its way to `DataFrame.query`.

    Row conditions are compared value by value; one written as text is refused, whatever it says.

    Args:
        frame: Its index is the row number.
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


class _MatchRegex(ColumnMapMetricProvider):  # type: ignore[misc]  # GX ships no types
    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=FrameEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(cls, column: Any, regex: str, **_: Any) -> Any:  # noqa: N805  # GX passes the class
        return rows_with(column, regex)


class _NotMatchRegex(ColumnMapMetricProvider):  # type: ignore[misc]  # GX ships no types
    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=FrameEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(cls, column: Any, regex: str, **_: Any) -> Any:  # noqa: N805  # GX passes the class
        return ~rows_with(column, regex)


class _MatchRegexList(ColumnMapMetricProvider):  # type: ignore[misc]  # GX ships no types
    condition_metric_name = "column_values.match_regex_list"
    condition_value_keys = ("regex_list", "match_on")
    default_kwarg_values = {"match_on": "any"}  # noqa: RUF012  # as GX has it

    @column_condition_partial(engine=FrameEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(cls, column: Any, regex_list: list[str], match_on: str, **_: Any) -> Any:  # noqa: N805
        join = operator.and_ if match_on == "all" else operator.or_
        return reduce(join, (rows_with(column, regex) for regex in regex_list))


class _NotMatchRegexList(ColumnMapMetricProvider):  # type: ignore[misc]  # GX ships no types
    condition_metric_name = "column_values.not_match_regex_list"
    condition_value_keys = ("regex_list",)

    @column_condition_partial(engine=FrameEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(cls, column: Any, regex_list: list[str], **_: Any) -> Any:  # noqa: N805
        return ~reduce(operator.or_, (rows_with(column, regex) for regex in regex_list))
