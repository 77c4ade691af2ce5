"""The rows that a structured condition of Great Expectations chooses."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from counterpoise.core.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OPERATORS", "chosen_rows"]

Mask = Any

OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "IN": lambda column, values: column.isin(values),
    "NOT_IN": lambda column, values: ~column.isin(values),
}
"""How a column is compared with a condition's parameter."""


def chosen_rows(frame: pd.DataFrame, condition: Any) -> Mask:
    """Return which rows of the frame a condition chooses, without evaluating any text.

    >>> import pandas as pd
    >>> over_40 = {"type": "comparison", "column": {"name": "age"}, "operator": ">", "parameter": 40}
    >>> chosen_rows(pd.DataFrame({"age": [30, 50]}), over_40).tolist()
    [False, True]

    Args:
        frame: The rows.
        condition: A condition object of Great Expectations in JSON form: `comparison`, `nullity`, `and` or `or`.

    Raises:
        ConfigError: It is none of these; one written as text is never looked into.
    """
    if not isinstance(condition, Mapping):
        raise _no_condition(condition)
    kind = condition.get("type")
    if kind == "nullity":
        missing = frame[condition["column"]["name"]].isna()
        return missing if condition["is_null"] else ~missing
    if kind == "comparison":
        compare = OPERATORS[condition["operator"]]
        chosen = compare(frame[condition["column"]["name"]], condition["parameter"])
        return chosen.fillna(False).astype(bool) if chosen.dtype != bool else chosen
    if kind in ("and", "or"):
        join = operator.and_ if kind == "and" else operator.or_
        return reduce(join, (chosen_rows(frame, part) for part in condition["conditions"]))
    raise _no_condition(condition)


def _no_condition(found: Any) -> ConfigError:
    return ConfigError(
        "bad_condition",
        expected="a row condition in Great Expectations' structured form: comparison, nullity, and, or",
        found=f"{str(found)[:200]!r}",
        remedy='write it as an object, such as {"type": "comparison", "column": {"name": "age"}, "operator": ">", '
        '"parameter": 40}',
    )
