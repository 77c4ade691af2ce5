from __future__ import annotations

from typing import Any

import pytest

from counterpoise.records import ExpectationOutcome
from counterpoise.report._page import render_html
from counterpoise.report._sections.drift import drift_view
from counterpoise.report._sections.validation import validation_table

STABILITY = "expect_column_population_stability_index_to_be_at_most(threshold=0.25)"
MISSING = "expect_column_missing_share_to_stay(max_difference=0.05)"


def outcome(expectation: str, *columns: str, broken: str = "", **facts: Any) -> ExpectationOutcome:
    """Return an outcome that passed, or that failed with the given severity."""
    return ExpectationOutcome(
        expectation=expectation,
        columns=columns,
        severity="critical" if broken == "critical" else "warning",
        status="failed" if broken else "passed",
        source="drift",
        **facts,
    )


OUTCOMES = (
    outcome("expect_table_schema_to_stay(compare=kinds)", observed="5 columns as before"),
    outcome("expect_table_row_count_to_be_between(max_value=9)", broken="warning", observed="12"),
    outcome("expect_table_row_count_to_be_between(max_value=99)", observed="12"),
    outcome(STABILITY, "age", measured=0.02),
    outcome(MISSING, "age", measured=0.5, broken="warning", observed="50.00% missing, 0.00% before"),
    outcome(STABILITY, "amount", measured=3.5, broken="critical", observed="index 3.5"),
    outcome(STABILITY, "amount", "label", measured=0.4, broken="warning", observed="index 0.4"),
    outcome(STABILITY, "kind", measured=0.01),
    outcome(STABILITY, "size", measured=0.2),
)


def test_columns_that_moved_stand_first_with_what_was_observed(make_data: Any) -> None:
    view = drift_view(make_data(results=OUTCOMES, baseline=3))
    assert view is not None
    assert [(row.name, row.state) for row in view.columns] == [
        ("amount", "broken"),
        ("age", "moved"),
        ("size", "steady"),
        ("kind", "steady"),
    ]
    amount, age = view.columns[:2]
    assert (amount.stability, amount.minority_stability, age.missing) == (3.5, 0.4, 0.5)
    assert amount.remarks == ["index 3.5", "minority class: index 0.4"]
    assert (view.compared, view.moved) == (4, 2)


def test_of_two_limits_the_one_that_failed_is_shown(make_data: Any) -> None:
    view = drift_view(make_data(results=OUTCOMES, baseline=3))
    assert view is not None
    assert [(one.expectation.split("(")[0], one.status) for one in view.table] == [
        ("expect_table_schema_to_stay", "passed"),
        ("expect_table_row_count_to_be_between", "failed"),
    ]


def test_a_first_version_has_no_comparison(make_data: Any) -> None:
    assert drift_view(make_data(results=OUTCOMES)) is None
    assert drift_view(make_data(results=(), baseline=3)) is None


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a|b", "x" * 500])
def test_the_report_shows_drift_and_names_are_inert(make_data: Any, name: str) -> None:
    results = (outcome(STABILITY, name, measured=3.5, broken="critical", observed=name), *OUTCOMES)
    html = render_html(make_data(results=results, baseline=3))
    assert "Compared with version 3" in html
    assert "3 of 5 columns differ from the source of version 3" in html
    assert "<script>alert" not in html


def test_comparisons_that_found_nothing_are_one_row_of_the_table() -> None:
    rows = validation_table(OUTCOMES)
    assert len(rows) == 4 + 1
    assert [row["columns"] for row in rows[:4]] == ["amount", "", "age", "amount, label"]
    assert rows[-1]["checked"] == "5 comparisons"
    assert rows[-1].keys() == rows[0].keys()
