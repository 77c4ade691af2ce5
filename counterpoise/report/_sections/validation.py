"""The expectations on the source, and the drift since the last version."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.records import ExpectationOutcome
from counterpoise.report._data import ReportData
from counterpoise.report._section import Section
from counterpoise.report._sections.drift import DRIFT
from counterpoise.text import count, share, shown

_SEVERITIES = ("critical", "warning", "info")
_STATES = {"passed": "✓ passed", "failed": "✗ failed", "error": "! error", "nothing_checked": "– nothing checked"}


def _on_source(data: ReportData) -> list[ExpectationOutcome]:
    return [outcome for outcome in data.validation.outcomes if outcome.source in ("contract", "suite")]


VALIDATION = Section("validation", "Validation", "validation.html.j2", _on_source, parts=(DRIFT,))


def validation_table(outcomes: Sequence[ExpectationOutcome]) -> list[dict[str, str]]:
    """Return one row per expectation, those that did not pass first; steady comparisons share one row."""
    steady = [one for one in outcomes if one.source == "drift" and one.status == "passed"]
    ordered = sorted((one for one in outcomes if one not in steady), key=_importance)
    rows = [_outcome_row(outcome) for outcome in ordered]
    if steady:
        unmoved = "rows, classes and columns that have not moved since the last version"
        rows.append({**dict.fromkeys(rows[0] if rows else ("expectation",), ""), "result": _STATES["passed"]})
        rows[-1] |= {"expectation": unmoved, "checked": f"{count(len(steady))} comparisons", "source": "drift"}
    return rows


def _importance(outcome: ExpectationOutcome) -> tuple[bool, int]:
    return outcome.status == "passed", _SEVERITIES.index(outcome.severity)


def _outcome_row(outcome: ExpectationOutcome) -> dict[str, str]:
    broken = share(outcome.unexpected / outcome.checked) if outcome.unexpected and outcome.checked else ""
    return {
        "result": _STATES[outcome.status],
        "columns": ", ".join(shown(name) for name in outcome.columns[:8]),
        "observed": shown(outcome.observed, 120) if outcome.observed else "",
        "expectation": shown(outcome.expectation),
        "severity": outcome.severity,
        "unexpected": count(outcome.unexpected),
        "unexpected share": broken,
        "examples": ", ".join(shown(example, 40) for example in outcome.examples),
        "checked": count(outcome.checked),
        "source": outcome.source,
        "why": shown(outcome.notes, 200) if outcome.notes else "",
    }
