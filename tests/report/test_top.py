from __future__ import annotations

from typing import Any

from counterpoise.report._page import render_html
from counterpoise.report._sections.arms import grouped_figures


def test_each_number_of_rows_has_a_row_for_each_train_table(metrics: dict[str, Any]) -> None:
    view = grouped_figures(metrics, "top")
    assert view is not None
    assert view.arms == 2
    assert [row.record["k"] for row in view.rows if row.first] == [10, 50, 100]
    assert [row.first for row in view.rows] == [True, False] * 3


def test_the_report_shows_precision_and_recall_among_the_highest_with_intervals(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    html = render_html(make_data(metrics=metrics))
    assert "Among the rows ranked highest" in html
    assert "With as many rows as there are positives (100)" in html
    for arm in metrics["arms"]:
        for one in arm["top"] if arm["learner"] == metrics["verdict_learner"] else ():
            for figure in ("precision", "recall"):
                between = f"{one[f'{figure}_low']:.3f} to {one[f'{figure}_high']:.3f}"
                assert f"{one[figure]:.3f}<small>{between}</small>" in html


def test_more_than_two_classes_and_no_positives_have_no_top(make_metrics: Any, metrics: dict[str, Any]) -> None:
    assert grouped_figures(make_metrics(("a", "b", "c")), "top") is None
    assert grouped_figures({**metrics, "arms": [{**arm, "top": []} for arm in metrics["arms"]]}, "top") is None
