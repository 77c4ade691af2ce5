"""The expectation that no value of a column is infinite."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial

from counterpoise.expectations.custom.aggregates import METADATA

_NULLS = "column_values.nonnull.unexpected_count"


class ColumnValuesNotInfinite(ColumnMapMetricProvider):  # type: ignore[misc]  # GX ships no types
    """Whether each value is not plus or minus infinity; a missing value is not infinite."""

    condition_metric_name = "column_values.not_infinite"
    filter_column_isnull = False

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]  # GX ships no types
    def _pandas(cls, column: pd.Series[Any], **_: Any) -> pd.Series[bool]:  # noqa: N805  # GX passes the class
        if not pd.api.types.is_float_dtype(column.dtype):
            return pd.Series(data=True, index=column.index, dtype=bool)
        return pd.Series(~np.isinf(column.to_numpy(dtype="float64", na_value=np.nan)), index=column.index)


class ExpectColumnValuesToNotBeInfinite(ColumnMapExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect no value of a column to be infinite. Missing values count as checked and not infinite.

    Args:
        column: Any column; only floating-point values can break it.
    """

    library_metadata: ClassVar[dict[str, Any]] = METADATA
    map_metric = "column_values.not_infinite"
    args_keys = ("column",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> Any:
        return super()._validate({**metrics, _NULLS: 0}, runtime_configuration, execution_engine)
