from __future__ import annotations

from typing import Any

from counterpoise.metrics import names
from counterpoise.report._sections.changes import CHANGES, _view


def metrics_with(draws: dict[str, Any] | None) -> dict[str, Any]:
    differences = {name: {"difference": 0.3, "low": 0.2, "high": 0.4} for name in names("differences")}
    comparison = {"learner": "random_forest", "strategy": "smote", "differences": differences, "draws": draws}
    return {"comparisons": [comparison]}


def test_the_difference_shown_is_the_mean_over_draws_with_each_draw_marked() -> None:
    effect = {"difference": 0.1, "low": -0.2, "high": 0.4, "values": [0.3, -0.1, None]}
    rows = _view(metrics_with({"number": 3, "effects": dict.fromkeys(names("differences"), effect)}))
    assert rows is not None
    for row in rows:
        assert row.change == effect
        assert row.span == (-0.1, 0.3)
        assert row.whisker is not None
        assert len(row.whisker.folds) == 2
        assert row.whisker.mark is not None
        assert row.whisker.folds[1] < row.whisker.mark < row.whisker.folds[0]


def test_one_draw_and_older_records_show_the_published_difference() -> None:
    for draws in (None, {"number": 1, "effects": {}}):
        rows = _view(metrics_with(draws))
        assert rows is not None
        assert all(row.change["difference"] == 0.3 and row.span is None for row in rows)
    assert _view({"comparisons": []}) is None
    assert CHANGES.optional
