"""A suite of expectations in Great Expectations' JSON form."""

from __future__ import annotations

import json
from typing import Any, Literal

from counterpoise.records import Record, SuiteSource

Severity = Literal["critical", "warning", "info"]

_PLACES = ("batch_id", "column", "column_A", "column_B", "column_list")
_HIDDEN = ("baseline", "schema_before", "ignore", "alpha", "effect", "added", "part", "summary")


class Suite(Record):
    """Expectations and their source.

    Each expectation is a mapping with `type`, `kwargs` and, optionally, `severity` (critical by default, as in Great
    Expectations), `notes` and `meta`. The `meta` of built-in expectations carries `reason` and `remedy` for errors.
    `baseline` is the version that a drift suite compares with.
    """

    source: SuiteSource
    expectations: tuple[dict[str, Any], ...]
    baseline: int = 0


def severity_of(expectation: dict[str, Any]) -> Severity:
    """Return the severity of an expectation.

    >>> severity_of({"type": "expect_column_to_exist"})
    'critical'
    """
    severity: Severity = expectation.get("severity") or "critical"
    return severity


def describe(expectation: dict[str, Any]) -> str:
    """Return the expectation's type and arguments, without its columns.

    >>> describe({"type": "expect_column_max_to_be_between", "kwargs": {"column": "age", "max_value": 99}})
    'expect_column_max_to_be_between(max_value=99)'
    >>> describe({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "age"}})
    'expect_column_values_to_not_be_null'
    """
    kwargs = {name: value for name, value in expectation.get("kwargs", {}).items() if name not in _PLACES + _HIDDEN}
    shown = ", ".join(f"{name}={_short(value)}" for name, value in kwargs.items() if value is not None)
    return f"{expectation['type']}({shown})" if shown else str(expectation["type"])


def _short(value: Any, limit: int = 120) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else text[: limit - 1] + "…"
