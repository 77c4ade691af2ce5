"""Drift since the last version: the outcomes of its expectations, arranged by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from counterpoise.records import ExpectationOutcome
from counterpoise.report._data import ReportData
from counterpoise.report._section import Section

_COLUMNS = 20
_STABILITY = "expect_column_population_stability_index_to_be_at_most"
_MISSING = "expect_column_missing_share_to_stay"

State = Literal["steady", "moved", "broken"]
_STATES: tuple[State, ...] = ("steady", "moved", "broken")


@dataclass
class ColumnRow:
    """One column, overall and within the minority class; None if nothing was measured.

    Attributes:
        name: The column's name.
        stability: The population stability index relative to the last version's source.
        minority_stability: The same within the minority class.
        missing: The current share of missing values.
        minority_missing: The same within the minority class.
        state: Whether it is steady, has moved, or has moved so far that the feed looks broken.
        remarks: The observed values that are not as before.
    """

    name: str
    stability: float | None = None
    minority_stability: float | None = None
    missing: float | None = None
    minority_missing: float | None = None
    state: State = "steady"
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DriftView:
    """The data of the template.

    Attributes:
        table: The outcomes for schema, rows and classes.
        columns: All columns that are not as before, then the others that moved most; the worst first.
        compared: The number of columns compared.
        moved: The number of them that are not as before.
    """

    table: tuple[ExpectationOutcome, ...]
    columns: tuple[ColumnRow, ...]
    compared: int
    moved: int


def drift_view(data: ReportData) -> DriftView | None:
    """Return the outcomes on drift by column, or None if nothing was compared."""
    drift = [outcome for outcome in data.validation.outcomes if outcome.source == "drift"]
    if not (data.validation.baseline and drift):
        return None
    by_column = [one for one in drift if one.expectation.startswith((_STABILITY, _MISSING))]
    rows: dict[str, ColumnRow] = {}
    for outcome in by_column:
        _note(rows.setdefault(outcome.columns[0], ColumnRow(outcome.columns[0])), outcome)
    ordered = sorted(rows.values(), key=lambda row: (row.state == "steady", -_largest(row), row.name))
    moved = sum(row.state != "steady" for row in ordered)
    return DriftView(
        table=tuple(_strictest([one for one in drift if one not in by_column])),
        columns=tuple(ordered[: max(_COLUMNS, moved)]),
        compared=len(rows),
        moved=moved,
    )


def _note(row: ColumnRow, outcome: ExpectationOutcome) -> None:
    """Enter an outcome into its column's row; outcomes within the minority also name the label."""
    measure = "stability" if outcome.expectation.startswith(_STABILITY) else "missing"
    setattr(row, f"minority_{measure}" if len(outcome.columns) > 1 else measure, outcome.measured)
    if outcome.status == "passed":
        return
    row.state = "broken" if outcome.severity == "critical" else max(row.state, "moved", key=_STATES.index)
    within = "minority class: " if len(outcome.columns) > 1 else ""
    if outcome.observed and within + outcome.observed not in row.remarks:
        row.remarks.append(within + outcome.observed)


def _largest(row: ColumnRow) -> float:
    return max(row.stability or 0.0, row.minority_stability or 0.0)


def _strictest(outcomes: Sequence[ExpectationOutcome]) -> list[ExpectationOutcome]:
    """Return one outcome for each measure that has two limits: the failed one of highest severity."""
    kept: dict[str, ExpectationOutcome] = {}
    for outcome in outcomes:
        kind = outcome.expectation.split("(")[0] + ("exact" if "exact" in outcome.expectation else "")
        known = kept.get(kind)
        if known is None or (outcome.status != "passed" and outcome.severity == "critical") or known.status == "passed":
            kept[kind] = outcome
    return list(kept.values())


DRIFT = Section("drift", "", "drift.html.j2", drift_view, optional=True)
