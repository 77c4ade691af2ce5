"""The part of the page about resampling before the split."""

from __future__ import annotations

import re
from typing import Any

import pytest

from counterpoise.report._page import render_html

_SIMULATED = {
    "skipped": None,
    "learner": "random_forest",
    "sampler": "smote",
    "ratio": 0.5,
    "rows": 1_234,
    "test_share": 0.4,
    "held_out": "rows",
    "honest": {"roc_auc": 0.511, "average_precision": 0.112, "prevalence": 0.1, "rows": 494, "positives": 49},
    "leaky": {"roc_auc": 0.987, "average_precision": 0.966, "prevalence": 1 / 3, "rows": 741, "positives": 247},
}


def section(html: str) -> str:
    """Return the text of the part."""
    found = html.split("Simulation: resampling before the split", 1)[1].split("<h3", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def shown(make_data: Any, metrics: dict[str, Any], **leak: Any) -> str:
    return section(render_html(make_data(metrics={**metrics, "leak": {**_SIMULATED, **leak}})))


def test_the_roc_auc_leads_and_both_prevalences_stand_beside_the_average_precision(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    text = shown(make_data, metrics)
    assert text.index("ROC-AUC") < text.index("Average precision")
    assert "0.511 0.112 10.0 % 49" in text
    assert "0.987 0.966 33.3 % 247" in text
    assert "at different prevalences, 10.0 % and 33.3 %" in text
    assert "cannot be compared" in text


def test_it_says_on_what_it_was_simulated(make_data: Any, metrics: dict[str, Any]) -> None:
    text = shown(make_data, metrics)
    assert "1,234 rows of train, with SMOTE to 50.0 % of the larger class" in text
    assert "40.0 % are held out first." in text


@pytest.mark.parametrize(
    ("held_out", "told"), [("tied", "equal rows and those of a group together"), ("newest", "the newest")]
)
def test_it_says_how_rows_were_held_out(make_data: Any, metrics: dict[str, Any], held_out: str, told: str) -> None:
    assert f"held out first, {told}." in shown(make_data, metrics, held_out=held_out)


def test_where_there_is_nothing_to_simulate_one_line_says_why(make_data: Any, metrics: dict[str, Any]) -> None:
    html = render_html(make_data(metrics={**metrics, "leak": {"skipped": "nothing was resampled"}}))
    assert section(html).startswith("Not simulated: nothing was resampled.")
