from __future__ import annotations

from typing import Any

import pytest

from counterpoise.report._page import render_html
from counterpoise.report._sections.operating_points import points_view

pytestmark = pytest.mark.slow


def test_each_rule_has_a_row_for_each_train_table(metrics: dict[str, Any]) -> None:
    view = points_view(metrics)
    assert view is not None
    assert view.points.arms == 2
    assert [row.first for row in view.points.rows] == [True, False] * 5
    assert {row.record["rule"] for row in view.points.rows} == {"f_beta", "cost", "precision", "recall", "alerts"}


def test_the_report_shows_thresholds_with_their_intervals(make_data: Any, metrics: dict[str, Any]) -> None:
    html = render_html(make_data(metrics=metrics))
    assert "Operating points" in html
    assert "10 alerts in a thousand at most, with the largest recall" in html
    assert "A false alarm costs 1 and a miss 10" in html


def test_a_rule_that_cannot_be_met_says_so(make_data: Any, metrics: dict[str, Any]) -> None:
    unmet: dict[str, Any] = {
        "threshold": None,
        "threshold_low": None,
        "threshold_high": None,
        "reached": 0.02,
        "test": None,
        "intervals": {},
    }
    arms = [
        {**arm, "operating_points": [point | unmet for point in arm["operating_points"]]} for arm in metrics["arms"]
    ]
    html = render_html(make_data(metrics={**metrics, "arms": arms}))
    assert html.count("no threshold reaches this on validation; reached in 2.0 % of resamples") == 10


def test_a_condition_that_is_met_on_some_resamples_only_says_on_how_many(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    shares = {"precision": 0.345, "recall": 1.0, "alerts": None}
    arms = [
        {
            **arm,
            "operating_points": [
                point | {"reached": shares.get(point["rule"], 1.0)} for point in arm["operating_points"]
            ],
        }
        for arm in metrics["arms"]
    ]
    html = render_html(make_data(metrics={**metrics, "arms": arms}))
    assert html.count("reached in 34.5 % of resamples") == 2
    assert html.count("% of resamples<") == 2


def test_more_than_two_classes_have_no_thresholds(make_metrics: Any, make_data: Any) -> None:
    several = make_metrics(("a", "b", "c"))
    assert points_view(several) is None
    assert "Operating points" not in render_html(make_data(metrics=several))


def test_the_segments_with_the_lowest_recall_are_shown_inert(make_data: Any, metrics: dict[str, Any]) -> None:
    worst = {**metrics["slices"]["segments"][0], "column": "<script>x</script>", "segment": "<img src=x>"}
    html = render_html(make_data(metrics={**metrics, "slices": {**metrics["slices"], "segments": [worst]}}))
    assert "Segments with the worst results" in html
    assert "<script>x" not in html
    assert "<img" not in html
    assert f"{worst['average_precision']:.3f}<small>{worst['average_precision_low']:.3f} to" in html
    assert f"{worst['roc_auc']:.3f}<small>{worst['roc_auc_low']:.3f} to" in html
    none = {**metrics["slices"], "segments": []}
    assert "No segment of test has ten or more positives" in render_html(make_data(metrics={**metrics, "slices": none}))


def test_the_report_shows_what_a_leak_would_have_looked_like(make_data: Any, metrics: dict[str, Any]) -> None:
    html = render_html(make_data(metrics=metrics))
    assert "Simulation: resampling before the split" in html
    assert "Simulation:" not in render_html(make_data(metrics={**metrics, "leak": None}))


def test_a_fixed_threshold_is_shown_without_an_interval_and_named_wherever_decisions_are(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    fixed = {"threshold": 0.3, "threshold_low": None, "threshold_high": None, "reached": None}
    arms = [
        {**arm, "operating_points": [*points, points[0] | fixed | {"rule": "fixed", "wanted": words}]}
        for words in ("a fixed threshold of 0.3",)
        for arm in metrics["arms"]
        for points in (arm["operating_points"] or metrics["arms"][1]["operating_points"],)
    ]
    rule = {"metric": "fixed", "wanted": "a fixed threshold of 0.3", "chosen_on": "configuration"}
    html = render_html(make_data(metrics={**metrics, "arms": arms, "threshold_rule": rule}))
    assert '<td class="n">0.3000</td>' in html
    assert "Decisions on test at a fixed threshold of 0.3" in html
    assert "Each class on test, at a fixed threshold of 0.3" in html
    assert "The configuration sets a fixed threshold of 0.3 for the" in html
    assert "Each threshold, except the fixed one, was chosen on validation" in html
    assert "at the threshold chosen on validation" not in html
