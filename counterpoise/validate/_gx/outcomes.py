"""Convert Great Expectations' answers to records for the report."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any, Literal

from counterpoise.records import ExpectationOutcome, SuiteSource
from counterpoise.validate._gx.runner import Answer
from counterpoise.validate._suites.scope import Scope, judges_table
from counterpoise.validate._suites.suite import describe, severity_of

_OBSERVED = 300
_EXAMPLE = 100


@dataclass(frozen=True)
class ScopedExpectation:
    """An expectation of a run: its JSON form, the suite that it comes from and the columns that it needs."""

    expectation: dict[str, Any]
    source: SuiteSource
    scope: Scope


def outcome_of(scoped: ScopedExpectation, answer: Answer) -> ExpectationOutcome:
    """Return the outcome of an expectation, given its answer.

    Success without data is not a pass: without rows, or with only missing values, the status is `nothing_checked`.
    """
    return _outcome(
        scoped,
        _status(scoped, answer),
        observed=_cut(answer.error or _observed(answer), _OBSERVED),
        measured=_measured(answer),
        checked=answer.checked,
        unexpected=int(answer.result.get("unexpected_count") or 0),
        examples=tuple(_example(value) for value in answer.result.get("partial_unexpected_list") or ()),
    )


def missing_columns_outcome(scoped: ScopedExpectation) -> ExpectationOutcome:
    """Return the failed outcome of an expectation on columns that the table does not have."""
    missing = ", ".join(map(repr, scoped.scope.missing))
    return _outcome(scoped, "failed", observed=f"the table has no column {missing}")


def _outcome(
    scoped: ScopedExpectation, status: Literal["passed", "failed", "nothing_checked", "error"], **found: Any
) -> ExpectationOutcome:
    notes = scoped.expectation.get("notes") or ""
    return ExpectationOutcome(
        expectation=describe(scoped.expectation),
        columns=scoped.scope.columns,
        severity=severity_of(scoped.expectation),
        status=status,
        source=scoped.source,
        notes=notes if isinstance(notes, str) else " ".join(notes),
        **found,
    )


def _status(scoped: ScopedExpectation, answer: Answer) -> Literal["passed", "failed", "nothing_checked", "error"]:
    if answer.checked == 0 and not judges_table(scoped.expectation["type"]):
        return "nothing_checked"
    if answer.error:
        return "error"
    return "passed" if answer.success else "failed"


def _observed(answer: Answer) -> str:
    result = answer.result
    summary = (result.get("details") or {}).get("summary")
    if summary is not None:
        return str(summary)
    if result.get("element_count") is not None and result.get("unexpected_count") is not None:
        return f"{result['unexpected_count']:,} of {answer.checked:,} do not hold"
    mismatched = (result.get("details") or {}).get("mismatched")
    if isinstance(mismatched, dict):
        return ", ".join(f"{kind} columns: {_text(names)}" for kind, names in mismatched.items() if names)
    for kind in ("missing", "unexpected"):
        if values := result.get(f"partial_{kind}_list"):
            return f"{kind} values: {_text(values)}"
    return _text(result.get("observed_value"))


def _measured(answer: Answer) -> float | None:
    value = answer.result.get("observed_value")
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        return None
    return float(value)


def _text(value: Any) -> str:
    """Return a value as text, with NumPy scalars as plain numbers and None as an empty string."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={_text(item)}" for name, item in value.items())
    if isinstance(value, list | tuple | set):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _example(value: Any) -> str:
    text = _text(value)
    return "missing" if text in ("nan", "<NA>", "NaT", "") and not isinstance(value, str) else _cut(text, _EXAMPLE)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
