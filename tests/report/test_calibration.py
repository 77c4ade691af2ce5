from __future__ import annotations

from typing import Any

import pytest

from counterpoise.report._page import render_html
from counterpoise.report._sections.calibration import CalibrationView, calibration_view
from counterpoise.text import threshold


def view_of(metrics: dict[str, Any]) -> CalibrationView:
    view = calibration_view(metrics)
    assert view is not None
    return view


def test_every_kind_of_probability_of_every_arm_has_its_row(metrics: dict[str, Any]) -> None:
    rows = view_of(metrics).rows
    natural = ["its own", "calibrated"]
    resampled = ["its own", "prior-corrected", "calibrated"]
    assert [row.kind for row in rows] == 2 * [*natural, *resampled]
    assert [row.kinds for row in rows] == 2 * [2, 0, 3, 0, 0]
    arm = next(arm for arm in metrics["arms"] if arm["learner"] == "random_forest" and arm["strategy"] != "none")
    assert rows[-2].record == arm["calibration"]["after"]
    assert rows[-1].record == arm["calibration"]["calibrated"]


def test_thresholds_stand_in_the_scale_of_each_kind(make_data: Any, metrics: dict[str, Any]) -> None:
    first = metrics["correction"]["learners"]["logistic_regression"]
    scales = (
        first["threshold_training_scale"],
        first["threshold_natural_scale"],
        first["calibrated"]["threshold_calibrated_scale"],
    )
    cells = "".join(f'<td class="n">{threshold(value)}</td>' for value in scales)
    assert f'<th scope="row">Logistic regression</th>{cells}' in render_html(make_data(metrics=metrics))


def test_the_diagrams_show_before_corrected_and_calibrated(metrics: dict[str, Any]) -> None:
    for figure in view_of(metrics).figures:
        lines = [line.arm for line in figure.chart.lines]
        assert lines == ["chance", "natural", "resampled", "corrected", "calibrated"]
        assert {label.text for label in figure.chart.labels} == {
            "no resampling",
            "random over-sampling",
            "prior-corrected",
            "calibrated",
        }


def test_without_a_calibrator_the_page_says_why(make_data: Any, metrics: dict[str, Any]) -> None:
    learners = {
        name: {**part, "calibrated": None, "calibrated_note": "too few <rows>"}
        for name, part in metrics["correction"]["learners"].items()
    }
    bare = {**metrics, "correction": {**metrics["correction"], "learners": learners}}
    bare["arms"] = [
        {**arm, "calibration": arm["calibration"] and {**arm["calibration"], "calibrated": None}}
        for arm in metrics["arms"]
    ]
    view = view_of(bare)
    assert view.snippet == ""
    assert view.calibrators[0] == "Logistic regression: no calibrator: too few <rows>."
    html = render_html(make_data(metrics=bare))
    assert "too few &lt;rows&gt;" in html
    assert html.count('</td><td class="n">–</td></tr>') == 2


def test_an_isotonic_calibrator_is_told_with_its_rows(metrics: dict[str, Any]) -> None:
    parts = metrics["correction"]["learners"]
    isotonic = {
        **parts["random_forest"]["calibrated"],
        "method": "isotonic",
        "parameters": {"probability": [0.1], "share": [0.2]},
        "rows": 4_000,
        "positives": 1_500,
    }
    learners = {**parts, "random_forest": {**parts["random_forest"], "calibrated": isotonic}}
    view = view_of({**metrics, "correction": {**metrics["correction"], "learners": learners}})
    assert view.calibrators[1] == (
        "Random forest: isotonic regression, fitted on 4,000 validation rows with 1,500 positives."
    )


@pytest.mark.parametrize("strategy", ["none", "random_over"])
def test_the_page_shows_slopes_with_their_intervals(make_data: Any, make_metrics: Any, strategy: str) -> None:
    found = make_metrics(strategy=strategy)
    html = render_html(make_data(metrics=found, strategy=strategy))
    for row in view_of(found).rows:
        interval = row.record["intervals"]["slope"]
        assert f"{row.record['slope']:.3f}<small>{interval['low']:.3f} to" in html.replace("−", "-")
    assert ("Prior correction:" in html) == (strategy != "none")


def test_with_more_classes_nothing_is_calibrated(make_metrics: Any) -> None:
    assert calibration_view(make_metrics(("a", "b", "c"))) is None
