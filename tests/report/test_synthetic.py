from __future__ import annotations

from typing import Any

import pytest

from counterpoise.report._page import render_html
from counterpoise.report._sections.synthetic import drift_in_words, rules_in_words, synthetic_view
from counterpoise.results import ColumnDrift


def section(html: str) -> str:
    return " ".join(html[html.index('id="synthetic-rows"') : html.index('id="persist"')].split())


def test_the_page_tells_of_synthetic_rows_in_plain_words(make_data: Any, make_review: Any) -> None:
    html = section(render_html(make_data(strategy="smote", synthetic=make_review())))
    assert "9,000 train rows are synthetic." in html
    assert "a sample of 5,000 of them with 1,000 of 1,000 real train rows. Copies are counted among all rows." in html
    assert "25.0 % are nearer to a real row of another class than to one of their own" in html
    assert "of the real rows of that class, 12.5 % are" in html
    assert "mean moved by −0.30 standard deviations; standard deviation × 0.75; missing 10.0 % → 0 %" in html
    assert "yes 20.0 % → 60.0 %; 4 levels lost (yes, b, c, …), 2.0 % of the real rows" in html
    assert "Synthetic rows break 1 of the 3 rules that judge rows one by one." in html
    assert "Left out: yes." in html


def test_a_sample_of_the_real_rows_is_told(make_data: Any, make_review: Any) -> None:
    review = make_review()
    sampled = review.quality.model_copy(update={"real_rows": 80_000, "even_share": 0.125})
    data = make_data(strategy="smote", synthetic=review.model_copy(update={"quality": sampled}))
    assert "to find the nearer class it uses 12.5 % of the real rows of every class." in section(render_html(data))


def test_columns_that_chance_may_have_moved_are_not_shown(make_data: Any, make_review: Any) -> None:
    assert "still" not in section(render_html(make_data(strategy="smote", synthetic=make_review())))
    html = section(render_html(make_data(strategy="smote", synthetic=make_review(drifts=0))))
    assert "No column differs more than two samples of one distribution do" in html


def test_a_rule_left_out_on_several_columns_is_told_once(make_review: Any) -> None:
    review = make_review()
    more = tuple(review.outcomes[-1].model_copy(update={"columns": (name,)}) for name in "abc")
    view = synthetic_view(review.model_copy(update={"outcomes": (*review.outcomes, *more)}))
    (rule,) = view.left_out
    assert rule.columns == ("yes", "a", "b", "c")


def test_rules_that_hold_are_no_warning(make_data: Any, make_review: Any) -> None:
    review = make_review(broken=0)
    assert rules_in_words(review) == "No synthetic row was found to break the 2 rules that judge rows one by one."
    assert "only a warning" not in section(render_html(make_data(strategy="smote", synthetic=review)))


def test_an_unknown_share_is_not_told(make_data: Any, make_review: Any) -> None:
    view = synthetic_view(make_review(nearer=None))
    assert view.sentences == ()
    assert "None" not in section(render_html(make_data(strategy="smote", synthetic=make_review(nearer=None))))


def test_rows_that_were_made_but_not_looked_at_are_no_secret(make_data: Any, make_review: Any) -> None:
    data = make_data(strategy="smote", synthetic=make_review()).model_copy(update={"synthetic": None})
    assert "Not evaluated: evaluation.enabled is false." in section(render_html(data))
    assert "None: every train row" in section(render_html(make_data()))


@pytest.mark.parametrize("kind", ["interpolated", "voted"])
def test_a_column_of_nothing_but_missing_values_has_words(kind: Any) -> None:
    drift = ColumnDrift(column="x", kind=kind, drift=0, p_value=1, missing_real=1, missing_synthetic=1, moved_real=1)
    assert drift_in_words(drift).startswith("missing 100.0 % → ")
