from __future__ import annotations

from typing import Any

import pytest

from counterpoise.evaluate import snippet_of
from counterpoise.report._page import render_html
from counterpoise.report._sections.calibration import CalibrationView, calibration_view
from counterpoise.results import MetricsRecord
from counterpoise.text import threshold
from counterpoise.verify._metrics import metric_differences


def view_of(metrics: dict[str, Any]) -> CalibrationView:
    view = calibration_view(metrics)
    assert view is not None
    return view


def arm_of(metrics: dict[str, Any], learner: str, strategy: str) -> dict[str, Any]:
    return next(arm for arm in metrics["arms"] if (arm["learner"], arm["strategy"]) == (learner, strategy))


def test_every_kind_of_probability_of_every_arm_has_its_row_and_the_published_one_stands_once(
    metrics: dict[str, Any],
) -> None:
    rows = view_of(metrics).rows
    assert sum(row.kinds for row in rows) == len(rows)
    assert sum("published" in row.kind for row in rows) == len([row for row in rows if row.kinds])
    arm = arm_of(metrics, "random_forest", "random_over")
    own = [row for row in rows if (row.learner, row.arm) == ("Random forest", "resampled")]
    assert [row.kind.removesuffix(", published") for row in own][:2] == ["its own", "prior-corrected"]
    assert own[1].record == arm["calibration"]["after"]
    (published,) = [row for row in own if row.kind.endswith("published")]
    assert published.record["brier"] == arm["calibration"]["calibrated"]["brier"]


def test_the_candidates_stand_with_their_losses_and_the_published_one_is_marked(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    view = view_of(metrics)
    for learner, name in (("logistic_regression", "Logistic regression"), ("random_forest", "Random forest")):
        published = metrics["correction"]["learners"][learner]["published"]
        rows = [row for row in view.candidates if row.learner == name]
        assert [row.record for row in rows] == list(published["candidates"])
        assert [row.record["method"] for row in rows if row.published] == [published["method"]]
    html = render_html(make_data(metrics=metrics))
    assert html.count("<strong>published</strong>") == 2
    for row in view.candidates:
        assert row.record["note"] in html


def test_a_version_of_before_has_no_candidates_and_its_page_still_renders(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    html = render_html(make_data(metrics=as_before(metrics)))
    assert "Candidates" not in html
    assert "ECE" not in html
    assert "sigmoid of slope" in html


def test_thresholds_stand_in_the_scale_of_each_kind(make_data: Any, metrics: dict[str, Any]) -> None:
    first = metrics["correction"]["learners"]["logistic_regression"]
    scales = (
        first["threshold_training_scale"],
        first["threshold_natural_scale"],
        first["calibrated"]["threshold_calibrated_scale"],
    )
    cells = "".join(f'<td class="n">{threshold(value)}</td>' for value in scales)
    assert f'<th scope="row">Logistic regression</th>{cells}' in render_html(make_data(metrics=metrics))


@pytest.mark.slow
def test_the_diagrams_show_before_corrected_and_published(make_metrics: Any) -> None:
    found = make_metrics(calibration="sigmoid")
    for figure in view_of(found).figures:
        lines = [line.arm for line in figure.chart.lines]
        assert lines == ["chance", "natural", "resampled", "corrected", "calibrated"]
        assert {label.text for label in figure.chart.labels} == {
            "no resampling",
            "random over-sampling",
            "prior-corrected",
            "sigmoid, published",
        }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "label"), [("own", "random over-sampling, published"), ("prior", "prior-corrected, published")]
)
def test_a_line_that_is_published_as_it_is_stands_once(make_metrics: Any, method: str, label: str) -> None:
    for figure in view_of(make_metrics(calibration=method)).figures:
        assert [line.arm for line in figure.chart.lines] == ["chance", "natural", "resampled", "corrected"]
        assert label in {one.text for one in figure.chart.labels}


def as_before(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return a record as versions before December 2026 have it: a sigmoid without bounds, and no candidates."""

    def without(part: dict[str, Any], *names: str) -> dict[str, Any]:
        return {name: value for name, value in part.items() if name not in names}

    def judged(found: dict[str, Any] | None) -> dict[str, Any] | None:
        return found and without(found, "expected_calibration_error", "against_own")

    def sigmoid(found: dict[str, Any]) -> dict[str, Any]:
        parameters = {"slope": 0.9, "intercept": -0.1}
        return {**found, "method": "sigmoid", "parameters": parameters, "snippet": snippet_of("sigmoid", parameters)}

    arms = []
    for arm in metrics["arms"]:
        known = arm["calibration"]
        if known:
            known = without(known, "published", "mean_note") | {
                **{kind: judged(known[kind]) for kind in ("before", "after", "calibrated")},
                "calibrator": sigmoid(known["calibrator"]),
            }
        arms.append({**arm, "calibration": known})
    learners = {
        name: without(part, "published", "mean_note")
        | {kind: judged(part[kind]) for kind in ("before", "after")}
        | {"calibrated": judged(sigmoid(part["calibrated"]))}
        for name, part in metrics["correction"]["learners"].items()
    }
    return {**metrics, "arms": arms, "correction": {**metrics["correction"], "learners": learners}}


def test_a_record_of_before_is_read_and_contradicts_nothing(metrics: dict[str, Any]) -> None:
    record = MetricsRecord.model_validate(as_before(metrics))
    assert [one for one in metric_differences(record) if "calib" in one or "snippet" in one] == []


def test_without_a_calibrator_the_page_says_why(make_data: Any, metrics: dict[str, Any]) -> None:
    learners = {
        name: {**part, "calibrated": None, "calibrated_note": "too few <rows>", "published": None}
        for name, part in metrics["correction"]["learners"].items()
    }
    bare = {**metrics, "correction": {**metrics["correction"], "learners": learners}}
    bare["arms"] = [
        {**arm, "calibration": arm["calibration"] and {**arm["calibration"], "calibrated": None, "calibrator": None}}
        for arm in metrics["arms"]
    ]
    view = view_of(bare)
    assert view.snippet == ""
    assert view.calibrators[0] == "Logistic regression: no calibrator: too few <rows>."
    html = render_html(make_data(metrics=bare))
    assert "too few &lt;rows&gt;" in html
    assert html.count('</td><td class="n">–</td></tr>') == 2


@pytest.mark.slow
def test_an_isotonic_calibrator_is_told_with_its_rows(metrics: dict[str, Any]) -> None:
    parts = metrics["correction"]["learners"]
    isotonic = {
        **parts["random_forest"]["calibrated"],
        "method": "isotonic",
        "parameters": {"probability": [0.1], "share": [0.2]},
        "rows": 4_000,
        "positives": 1_500,
    }
    learners = {**parts, "random_forest": {**parts["random_forest"], "calibrated": isotonic, "published": None}}
    view = view_of({**metrics, "correction": {**metrics["correction"], "learners": learners}})
    assert next(one for one in view.calibrators if "isotonic" in one) == (
        "Random forest: isotonic regression, fitted on 4,000 validation rows with 1,500 positives."
    )


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["none", "random_over"])
def test_the_page_shows_slopes_with_their_intervals(make_data: Any, make_metrics: Any, strategy: str) -> None:
    found = make_metrics(strategy=strategy)
    html = render_html(make_data(metrics=found, strategy=strategy))
    for row in view_of(found).rows:
        interval = row.record["intervals"]["slope"]
        assert f"{row.record['slope']:.3f}<small>{interval['low']:.3f} to" in html.replace("−", "-")
    assert ("Prior correction:" in html) == (strategy != "none")


@pytest.mark.slow
def test_with_more_classes_nothing_is_calibrated(make_metrics: Any) -> None:
    assert calibration_view(make_metrics(("a", "b", "c"))) is None
