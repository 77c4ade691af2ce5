from __future__ import annotations

import re
from typing import Any

import pytest

from counterpoise.records import ExpectationOutcome
from counterpoise.report._page import render_markdown
from counterpoise.report._sections.synthetic import NO_ANONYMISATION
from counterpoise.report._sections.validation import validation_table
from tests.report.test_images import pictures


def test_the_brief_has_verdict_leaderboard_and_plots_in_a_small_size(make_data: Any, metrics: dict[str, Any]) -> None:
    markdown = render_markdown(make_data(metrics=metrics))
    assert len(markdown) < 500_000
    assert f"**{metrics['verdict']}**" in markdown
    assert len(pictures(markdown)) == 4
    assert "![Reliability of probabilities]" in markdown
    assert "| Logistic regression | random over-sampling |" in markdown
    assert "leakage certificate holds (4 checks)" in markdown


def test_all_rows_of_a_table_have_as_many_cells(make_data: Any, metrics: dict[str, Any]) -> None:
    markdown = render_markdown(make_data(metrics=metrics, counts={"a|b": 50, "c\nd": 20, "`e`": 10}))
    for table in re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_the_brief_is_the_same_for_equal_data(make_data: Any, metrics: dict[str, Any]) -> None:
    data = make_data(metrics=metrics)
    assert render_markdown(data) == render_markdown(data)


def test_without_an_evaluation_the_brief_says_so(make_data: Any) -> None:
    markdown = render_markdown(make_data(checks={"rows_balance": False}))
    assert "evaluation.enabled is false" in markdown
    assert "leakage certificate broken: rows balance" in markdown


@pytest.mark.slow
def test_many_classes_have_the_curves_of_the_smallest_in_the_brief(make_data: Any, make_metrics: Any) -> None:
    classes = ("a", "b", "c", "d", "$e$")
    markdown = render_markdown(make_data(metrics=make_metrics(classes, rows=300)))
    assert len(pictures(markdown)) == 2
    assert "ROC curves of the smallest classes" in markdown
    assert len(markdown) < 500_000


def test_the_brief_has_the_thresholds_of_what_was_published(make_data: Any, metrics: dict[str, Any]) -> None:
    arms = [
        {
            **arm,
            "operating_points": [
                point | {"reached": 0.345 if point["rule"] == "precision" else 1.0} for point in arm["operating_points"]
            ],
        }
        for arm in metrics["arms"]
    ]
    markdown = render_markdown(make_data(metrics={**metrics, "arms": arms}))
    assert markdown.count("reached in 34.5 % of resamples") == 1
    found = next(line for line in markdown.splitlines() if line.startswith("| 10 alerts in a thousand at most"))
    point = next(
        point
        for arm in metrics["arms"]
        for point in arm["operating_points"]
        if (arm["learner"], arm["strategy"], point["rule"]) == (metrics["verdict_learner"], "random_over", "alerts")
    )
    assert f"| {point['test']['alerts']:.1f} |" in found
    assert f"| {point['test']['recall']:.3f} (" in found


def test_a_condition_that_nothing_meets_is_told_in_the_brief(make_data: Any, metrics: dict[str, Any]) -> None:
    unmet: dict[str, Any] = {"threshold": None, "threshold_low": None, "threshold_high": None, "reached": 0.02}
    arms = [
        {**arm, "operating_points": [point | unmet | {"test": None} for point in arm["operating_points"]]}
        for arm in metrics["arms"]
    ]
    markdown = render_markdown(make_data(metrics={**metrics, "arms": arms}))
    assert markdown.count("none on validation; reached in 2.0 % of resamples") == 5


@pytest.mark.parametrize("name", ["$x$", "<script>alert(1)</script>", "שם", "\x00", "a" * 3_000, "$\\frac{"])
def test_hostile_class_names_are_inert(make_data: Any, name: str) -> None:
    markdown = render_markdown(make_data(counts={name: 90, "b": 10}))
    assert "<script" not in markdown
    assert len(pictures(markdown)) == 1
    assert "a" * 100 not in markdown


def test_expectations_that_did_not_pass_stand_first(make_data: Any) -> None:
    rows = validation_table(make_data().validation.outcomes)
    assert [row["result"] for row in rows] == ["✗ failed", "– nothing checked", "! error", "✓ passed"]
    assert rows[0]["checked"] == "1,000"
    assert all(isinstance(value, str) for row in rows for value in row.values())


def test_values_in_the_validation_table_are_the_data_s_own_in_one_line_each(make_data: Any) -> None:
    outcome = ExpectationOutcome(
        expectation="<b>x</b>",
        columns=("is_fraud",),
        severity="info",
        status="failed",
        source="suite",
        observed="a\nb",
    )
    (row,) = validation_table(make_data(results=(outcome,)).validation.outcomes)
    assert (row["expectation"], row["columns"], row["observed"]) == ("<b>x</b>", "is_fraud", "a\\nb")


def test_the_brief_tells_of_synthetic_rows(make_data: Any, make_review: Any) -> None:
    markdown = render_markdown(make_data(strategy="smote", synthetic=make_review()))
    assert f"9,000 rows of train are synthetic. {NO_ANONYMISATION} Of the synthetic rows of class yes, 25" in markdown
    assert "25.0 % are nearer to a real row of another class than to one of their own;" in markdown
    assert "17 are exact copies of a real row. Synthetic rows break 1 of the 3 rules that judge rows" in markdown
    assert "| yes | yes | 0.500 | mean moved by −0.30 standard deviations; standard deviation × 0.75;" in markdown


@pytest.mark.parametrize("text", ["a|b", "<img src=x>", "`c`", "x\ny", "[link](javascript:alert(1))"])
def test_texts_in_the_brief_on_synthetic_rows_are_inert(make_data: Any, make_review: Any, text: str) -> None:
    markdown = render_markdown(make_data(strategy="smote", synthetic=make_review(text)))
    assert text not in markdown
    tables = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
