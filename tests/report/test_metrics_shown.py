"""The report shows every metric in the tables that it belongs to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from counterpoise.metrics import METRICS, names
from counterpoise.metrics._metric import Place
from counterpoise.report._page import render_html, render_markdown
from counterpoise.text import capital

_PLACES: tuple[Place, ...] = ("folds", "differences", "summary")


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture(scope="module")
def texts(make_data: Any, metrics: dict[str, Any]) -> dict[str, str]:
    data = make_data(metrics=metrics)
    return {"page": text_of(render_html(data)), "brief": render_markdown(data)}


@pytest.mark.parametrize(("name", "place"), [(name, place) for place in _PLACES for name in names(place)])
def test_a_metric_has_its_column_or_row(name: str, place: str, texts: dict[str, str]) -> None:
    metric = METRICS[name]
    if place == "summary":
        header = next(line for line in texts["brief"].splitlines() if line.startswith("| learner |"))
        assert f"| {metric.heading} " in header
    else:
        shown = metric.heading if place == "folds" else metric.label
        assert capital(shown).replace(" ", "") in texts["page"].replace(" ", "")


def test_a_page_of_a_version_that_lacks_a_later_metric_shows_a_dash(make_data: Any, metrics: dict[str, Any]) -> None:
    arms = [dict(arm, test={**arm["test"]}) for arm in metrics["arms"]]
    for arm in arms:
        del arm["test"]["g_mean"]
    page = text_of(render_html(make_data(metrics=metrics | {"arms": arms})))
    arms_with_a_dash = page.count("–") - text_of(render_html(make_data(metrics=metrics))).count("–")
    assert arms_with_a_dash == len(arms)
