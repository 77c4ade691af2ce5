from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from counterpoise.report._comparison.ranking import ranking_image
from counterpoise.report._sections.calibration import CALIBRATION
from counterpoise.results import DUMMY, CandidateResult, Leaderboard

MARKDOWN = re.compile(r"!\[[^\]]+\]\(data:image/svg\+xml;base64,([^)]+)\)")


def pictures(markdown: str) -> list[ET.Element]:
    """Return the images of a Markdown text; they parse as XML, as a browser wants of a file."""
    return [ET.fromstring(base64.b64decode(text)) for text in MARKDOWN.findall(markdown)]  # noqa: S314  # ours


def picture(markdown: str) -> ET.Element:
    (found,) = pictures(markdown)
    return found


def styles(drawn: ET.Element) -> set[str]:
    """Return the styles by which shapes are coloured."""
    return {name for each in drawn.iter() for name in each.get("class", "").split()}


def texts(drawn: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in drawn.iter() if each.tag.endswith("}text")]


def result(strategy: str, mean: float | None, learner: str = "logistic_regression") -> CandidateResult:
    spread = {"average_precision": mean}
    return CandidateResult(
        strategy=strategy,
        learner=learner,
        status="ok",
        folds=tuple({"average_precision": None if mean is None else mean + offset} for offset in (-0.02, 0.0, 0.02)),
        mean=spread,
        deviation=spread,
        low={"average_precision": None if mean is None else mean - 0.05},
        high={"average_precision": None if mean is None else mean + 0.05},
    )


def board(*entries: CandidateResult) -> Leaderboard:
    return Leaderboard(
        dataset="tested", metric="average_precision", folds=3, repeats=1, rows=100, train_rows=100,
        classes={"no": 80, "yes": 20}, positive_class="yes", chance=0.2, entries=entries, chosen=None, best=None,
    )  # fmt: skip


def test_a_leaderboard_is_drawn_with_natural_resampled_and_dummy_entries() -> None:
    entries = [result("smote", 0.5), result("none", 0.4), result("none", 0.2, DUMMY)]
    drawn = picture(ranking_image(board(*entries)))
    assert styles(drawn) >= {"natural", "resampled", "dummy"}
    assert [text for text in texts(drawn) if re.fullmatch(r"0\.\d+", text)] == ["0.500", "0.400", "0.200"]
    taller = picture(ranking_image(board(*entries, result("adasyn", 0.3))))
    assert int(taller.get("height", "")) > int(drawn.get("height", ""))


def test_entries_without_the_metric_and_hostile_names_do_no_harm() -> None:
    hostile = 'sklearn.tree:DecisionTreeClassifier {"criterion": "$x$<b>&\\u0000]]>"}'
    drawn = picture(ranking_image(board(result("smote", 0.5, hostile), result("none", None))))
    assert drawn.get("height") == picture(ranking_image(board(result("smote", 0.5)))).get("height")
    assert not [each for each in drawn.iter() if each.tag.endswith("}b")]


def test_a_leaderboard_of_very_many_entries_stays_small() -> None:
    many = [result("smote", 0.5 - place / 1_000) for place in range(200)]
    assert len(ranking_image(board(*many))) < 50_000


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random_over", "none"])
def test_reliability_is_drawn_for_each_kind_of_probability_there_is(
    make_data: Any, make_metrics: Any, strategy: str
) -> None:
    data = make_data(metrics=make_metrics(strategy=strategy))
    (image,) = CALIBRATION.in_brief(data)
    lines = {each.get("class") for each in picture(image).iter() if each.tag.endswith("}polyline")}
    assert "line natural" in lines
    assert ("line resampled" in lines) == (strategy != "none")
    assert list(CALIBRATION.in_brief(data)) == [image]
