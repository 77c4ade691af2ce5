from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from counterpoise.report._drawing.images import calibration_png, leaderboard_png
from counterpoise.results import DUMMY, CandidateResult, Leaderboard

PREFIX = "data:image/png;base64,"


def picture(uri: str) -> Any:
    assert uri.startswith(PREFIX)
    return imread(io.BytesIO(base64.b64decode(uri.removeprefix(PREFIX))), format="png")


def has_colour(image: Any, colour: str) -> bool:
    wanted = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return bool((np.abs(image[..., :3] - wanted).max(axis=2) < 0.02).any())


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
    image = picture(leaderboard_png(board(*entries)))
    assert all(has_colour(image, colour) for colour in ("#c04a00", "#0067a5", "#6a7280"))
    taller = picture(leaderboard_png(board(*entries, result("adasyn", 0.3))))
    assert taller.shape[0] > image.shape[0]


def test_entries_without_the_metric_and_names_with_dollars_do_no_harm() -> None:
    hostile = 'sklearn.tree:DecisionTreeClassifier {"criterion": "$x$<b>"}'
    drawn = board(result("smote", 0.5, hostile), result("none", None))
    assert picture(leaderboard_png(drawn)).shape == picture(leaderboard_png(board(result("smote", 0.5)))).shape


def test_a_leaderboard_of_very_many_entries_stays_small() -> None:
    many = [result("smote", 0.5 - place / 1_000) for place in range(200)]
    assert len(leaderboard_png(board(*many))) < 150_000


@pytest.mark.parametrize("strategy", ["random_over", "none"])
def test_reliability_is_drawn_for_each_kind_of_probability_there_is(make_metrics: Any, strategy: str) -> None:
    image = picture(calibration_png(make_metrics(strategy=strategy)))
    assert has_colour(image, "#0067a5")
    assert has_colour(image, "#c04a00") == (strategy != "none")


def test_equal_figures_give_the_same_bytes(metrics: dict[str, Any]) -> None:
    assert calibration_png(metrics) == calibration_png(metrics)
    entries = board(result("smote", 0.5), result("none", 0.4))
    assert leaderboard_png(entries) == leaderboard_png(entries)
