"""Select rows with Great Expectations' structured conditions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from counterpoise.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

Mask = Any

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "IN": lambda column, values: column.isin(values),
    "NOT_IN": lambda column, values: ~column.isin(values),
}
_PARTS = 100
_VALUES = 1_000_000
_KEYS = {
    "comparison": {"type", "column", "operator", "parameter"},
    "nullity": {"type", "column", "is_null"},
    "and": {"type", "conditions"},
    "or": {"type", "conditions"},
}


def condition_fault(condition: Any) -> str:
    """Return why a row condition is not supported; empty for Great Expectations' structured conditions.

    >>> condition_fault({"type": "nullity", "column": {"name": "age"}, "is_null": False})
    ''
    >>> condition_fault("age > 40")
    "a condition written as text: 'age > 40'"
    """
    try:
        parts = list(_parts(condition))
    except RecursionError:
        return "conditions nested too deeply"
    if len(parts) > _PARTS:
        return f"more than {_PARTS} conditions"
    return next(filter(None, map(_part_fault, parts)), "")


def _parts(condition: Any) -> Iterator[Any]:
    yield condition
    if isinstance(condition, Mapping) and isinstance(condition.get("conditions"), list):
        for part in condition["conditions"]:
            yield from _parts(part)


def _part_fault(part: Any) -> str:
    if isinstance(part, str):
        return f"a condition written as text: {part[:100]!r}"
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        return f"a condition of the type {str(kind)[:100]!r}, which is not one of comparison, nullity, and, or"
    if part.keys() != _KEYS[kind]:
        return f"a condition {kind!r} with the keys {', '.join(map(repr, part))[:200]}"
    if "conditions" in part:
        conditions = part["conditions"]
        return "" if isinstance(conditions, list) and conditions else f"a condition {kind!r} without a list of others"
    column = part["column"]
    if not isinstance(column, Mapping) or column.keys() != {"name"} or not isinstance(column["name"], str):
        return "a condition whose column is not an object with a name"
    return _nullity_fault(part) if kind == "nullity" else _comparison_fault(part)


def _nullity_fault(part: Mapping[str, Any]) -> str:
    return "" if isinstance(part["is_null"], bool) else "a condition 'nullity' whose is_null is neither true nor false"


def _comparison_fault(part: Mapping[str, Any]) -> str:
    name, parameter = part["operator"], part["parameter"]
    if not isinstance(name, str) or name not in _OPERATORS:
        return f"the operator {str(name)[:100]!r}, which is not one of {', '.join(_OPERATORS)}"
    several = name in ("IN", "NOT_IN")
    if several != isinstance(parameter, list):
        return f"a condition {name} with a parameter that is {'not a' if several else 'a'} list"
    values = parameter if several else [parameter]
    if len(values) > _VALUES:
        return f"{len(values):,} values, more than {_VALUES:,}"
    plain = all(isinstance(value, str | int | float) and _is_finite(value) for value in values)
    return "" if plain else "a condition whose parameter is neither text nor a finite number"


def _is_finite(value: str | float) -> bool:
    try:
        return isinstance(value, str) or math.isfinite(value)
    except OverflowError:
        return False


def chosen_rows(frame: pd.DataFrame, condition: Any) -> Mask:
    """Return which rows of the frame a condition selects, without evaluating any text.

    >>> import pandas as pd
    >>> over_40 = {"type": "comparison", "column": {"name": "age"}, "operator": ">", "parameter": 40}
    >>> chosen_rows(pd.DataFrame({"age": [30, 50]}), over_40).tolist()
    [False, True]

    Args:
        frame: The rows.
        condition: A condition object of Great Expectations in JSON form: `comparison`, `nullity`, `and` or `or`.

    Raises:
        ConfigError: The condition is none of these; text is never parsed.
    """
    if not isinstance(condition, Mapping):
        raise _no_condition(condition)
    kind = condition.get("type")
    if kind == "nullity":
        missing = frame[condition["column"]["name"]].isna()
        return missing if condition["is_null"] else ~missing
    if kind == "comparison":
        return _compared(frame[condition["column"]["name"]], condition["operator"], condition["parameter"])
    if kind in ("and", "or"):
        join = operator.and_ if kind == "and" else operator.or_
        return reduce(join, (chosen_rows(frame, part) for part in condition["conditions"]))
    raise _no_condition(condition)


def _compared(column: Any, name: str, parameter: Any) -> Mask:
    """Return where the comparison holds; like GX, compare text literally even with times."""
    if isinstance(parameter, str) and name in ("==", "!="):
        name, parameter = ("IN" if name == "==" else "NOT_IN"), [parameter]
    chosen = _OPERATORS[name](column, parameter)
    return chosen if chosen.dtype == bool else chosen.fillna(False).astype(bool)


def _no_condition(found: Any) -> ConfigError:
    return ConfigError(
        "bad_condition",
        expected="a row condition in Great Expectations' structured form: comparison, nullity, and, or",
        found=f"{str(found)[:200]!r}",
        remedy='write it as an object, such as {"type": "comparison", "column": {"name": "age"}, "operator": ">", '
        '"parameter": 40}',
    )
