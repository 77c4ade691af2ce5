"""The expectation that a table keeps its columns and types."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
import pyarrow as pa
from great_expectations.expectations.expectation import BatchExpectation

from counterpoise.drift import schema_differences
from counterpoise.expectations.custom.aggregates import Judging, register_metric, verdict
from counterpoise.table import ARROW_TYPES

_SHOWN = 10


def _arrow_types(engine: Any, domain: dict[str, Any], _: Any) -> dict[str, str]:
    """Return the Arrow types of a frame's columns: those it was converted from, or else those of its values."""
    frame = engine.get_domain_records(domain_kwargs=domain)
    return dict(frame.attrs.get(ARROW_TYPES) or {str(name): _arrow_type(frame[name]) for name in frame.columns})


def _arrow_type(column: pd.Series[Any]) -> str:
    try:
        return str(pa.Array.from_pandas(column).type)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return "mixed values"


register_metric("table.arrow_types", _arrow_types, domain=())


class ExpectTableSchemaToStay(Judging, BatchExpectation):  # type: ignore[misc]  # GX ships no types
    """Expect a table to keep its columns, with values of the same kinds.

    Args:
        schema_before: Arrow types as text by column name, in the order of the columns.
        compare: `kinds` distinguishes numbers, texts, booleans and times; `exact` compares types and order.
        ignore: Columns that may appear, disappear and change.
    """

    schema_before: dict[str, str]
    compare: Literal["kinds", "exact"] = "kinds"
    ignore: list[str] = []  # noqa: RUF012  # pydantic copies it

    metric_dependencies = ("table.arrow_types",)

    def _judge(self, found: dict[str, str]) -> dict[str, Any]:
        before, after = (
            {name: kind for name, kind in types.items() if name not in self.ignore}
            for types in (self.schema_before, found)
        )
        differences = schema_differences(before, after, exact=self.compare == "exact")
        more = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        summary = "; ".join(differences[:_SHOWN]) + more if differences else f"{len(after)} columns as before"
        return verdict(not differences, len(differences), summary, changes=differences)
