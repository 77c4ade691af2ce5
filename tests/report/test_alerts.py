from __future__ import annotations

from typing import Any

from counterpoise.evaluate import day_differences, mean_over_days
from counterpoise.report._page import render_html, render_markdown
from counterpoise.report._sections.alerts import alerts_view

DAYS = [{"day": f"2025-03-{day}", "rows": 900, "positives": 30, "positive_groups": 12} for day in (15, 16, 17)]


def with_alerts(metrics: dict[str, Any], *, groups: bool = True) -> dict[str, Any]:
    """Return the record with precision by day, worse without resampling."""
    arms = [
        {
            "learner": arm["learner"],
            "strategy": arm["strategy"],
            "rows": mean_over_days([0.25 + place / 100, 0.5, 0.75 - place / 50]),
            "groups": mean_over_days([0.1, 0.2, 0.3 + place / 100]) if groups else None,
        }
        for place, arm in enumerate(metrics["arms"])
    ]
    days = [day if groups else {**day, "positive_groups": None} for day in DAYS]
    differences = day_differences(arms, strategy=metrics["strategy"])
    return {**metrics, "alerts_a_day": {"alerts": 40, "days": days, "arms": arms, "differences": differences}}


def test_every_mean_interval_and_day_is_on_the_page(make_data: Any, metrics: dict[str, Any]) -> None:
    record = with_alerts(metrics)
    html = render_html(make_data(metrics=record))
    assert "Precision among 40 alerts a day" in html
    for arm in record["alerts_a_day"]["arms"]:
        for found in (arm["rows"], arm["groups"]):
            assert f"{found['mean']:.3f}<small>{found['low']:.3f} to {found['high']:.3f}</small>" in html
    for one in record["alerts_a_day"]["differences"]:
        assert f"{one['rows']['difference']:+.3f}".replace("-", "−") in html
    assert all(f'<th scope="row">{day["day"]}</th>' in html for day in DAYS)


def test_without_groups_there_are_no_columns_for_them(make_data: Any, metrics: dict[str, Any]) -> None:
    html = render_html(make_data(metrics=with_alerts(metrics, groups=False)))
    assert "Precision among 40 alerts a day" in html
    assert "Positive groups" not in html


def test_a_record_without_days_has_no_such_part(make_data: Any, metrics: dict[str, Any]) -> None:
    assert alerts_view(metrics) is None
    assert 'id="alerts-a-day"' not in render_html(make_data(metrics=metrics))


def test_the_published_arm_is_shown_by_day(metrics: dict[str, Any]) -> None:
    record = with_alerts(metrics)
    view = alerts_view(record)
    assert view is not None
    wanted = next(
        arm for arm in record["alerts_a_day"]["arms"]
        if (arm["learner"], arm["strategy"]) == (record["verdict_learner"], record["strategy"])
    )  # fmt: skip
    assert [day.rows for day in view.days] == wanted["rows"]["by_day"]
    assert [day.groups for day in view.days] == wanted["groups"]["by_day"]
    assert view.rows[-1].record["learner"] == "dummy"
    assert sum(row.difference is not None for row in view.rows) == len(record["learners"])


def test_the_brief_has_the_means(make_data: Any, metrics: dict[str, Any]) -> None:
    record = with_alerts(metrics)
    markdown = render_markdown(make_data(metrics=record))
    assert "| learner | train rows | precision among 40 rows a day | among 40 groups a day |" in markdown
    dummy = record["alerts_a_day"]["arms"][0]["rows"]
    assert f"{dummy['mean']:.3f} ({dummy['low']:.3f} to {dummy['high']:.3f})" in markdown


def test_windows_and_the_reasons_of_rows_left_out_are_on_the_page(make_data: Any, metrics: dict[str, Any]) -> None:
    data = make_data(metrics=metrics)
    windows = {
        "train": ("", "2025-03-08T00:00:00"), "validation": ("2025-03-08T00:00:00", "2025-03-09T12:00:00"),
        "test": ("2025-03-15T00:00:00", "2025-03-22T00:00:00"),
    }  # fmt: skip
    split = data.split.model_copy(
        update={"windows": windows, "apart": {"known_positive": 17, "delay": 4_321}, "positive_class": "yes"}
    )
    html = render_html(data.model_copy(update={"split": split}))
    assert "<td>open</td><td>2025-03-08</td>" in html
    assert "<td>2025-03-08</td><td>2025-03-09T12:00:00</td>" in html
    assert '<th scope="row">Left out: delay</th><td></td><td></td><td class="n">4,321</td>' in html
    assert "known as positive (class yes) by then" in html


def test_the_verdict_with_whole_days_is_on_the_page(make_data: Any, metrics: dict[str, Any]) -> None:
    as_days = {"days": 7, "learner": "logistic_regression", "text": "SMOTE did not measurably help by days."}
    record = {**metrics, "independence": {"unit": "rows", "as_days": as_days}}
    wanted = "With each day drawn as a whole, all 7 of test: SMOTE did not measurably help by days."
    assert wanted in render_html(make_data(metrics=record))
    assert "drawn as a whole" not in render_html(make_data(metrics=metrics))
