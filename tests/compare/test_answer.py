"""`counterpoise compare --strategy X` answers first whether X helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from counterpoise.compare import describe_answer, render_leaderboard
from counterpoise.compare._final.finalists import about
from counterpoise.compare._run import run_comparison
from counterpoise.config import ComparisonConfig
from counterpoise.results import Candidate, CandidateResult, Leaderboard
from tests.compare.comparisons import TREE, comparison_of, signal


def board_of(folder: Path, **tournament: Any) -> Leaderboard:
    comparison = comparison_of(signal(300), folder, strategies=["none"], learners=[TREE], folds=3, **tournament)
    return run_comparison(comparison, subprocesses=False)


def with_folds(board: Leaderboard, strategy: str, values: list[float]) -> Leaderboard:
    """Return the leaderboard with other average precisions of a candidate, by fold."""
    entries = [
        one.model_copy(update={"folds": tuple({**fold, "average_precision": value} for fold, value in pairs)})
        if one.strategy == strategy and (pairs := list(zip(one.folds, values, strict=True)))
        else one
        for one in board.entries
    ]
    return board.model_copy(update={"entries": tuple(entries)})


def result_of(board: Leaderboard, strategy: str) -> CandidateResult:
    return next(one for one in board.ranked if (one.strategy, one.learner) == (strategy, TREE))


def test_the_strategy_takes_part_and_is_answered_for_before_the_ranking(tmp_path: Path) -> None:
    board = board_of(tmp_path, strategy="random_under")
    answer = describe_answer(board)
    assert answer.startswith("Does random under-sampling help? ")
    assert "over 3 folds within train: with DecisionTreeClassifier" in answer
    text = render_leaderboard(board)
    assert text.index(answer) < text.index("Chosen:")
    assert about(board) == Candidate(strategy="random_under", learner=TREE)


def test_the_difference_is_paired_and_its_interval_corrected(tmp_path: Path) -> None:
    board = board_of(tmp_path, strategy="random_over")
    lost = np.array(
        [
            (a["average_precision"] or 0) - (b["average_precision"] or 0)
            for a, b in zip(result_of(board, "random_over").folds, result_of(board, "none").folds, strict=True)
        ]
    )
    half = stats.t.ppf(0.975, 2) * lost.std(ddof=1) * np.sqrt(1 / 3 + 1 / 2)
    assert f"{lost.mean():+.3f}".replace("-", "−") in describe_answer(board)
    assert f"(95 % CI {lost.mean() - half:.3f} to ".replace("-", "−") in describe_answer(board)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.5, 0.51, 0.49], "Not measurably"),
        ([0.90, 0.91, 0.89], "Yes"),
        ([0.10, 0.11, 0.09], "No, it hurts"),
    ],
)
def test_the_answer_is_yes_no_or_not_measurably(values: list[float], verdict: str, tmp_path: Path) -> None:
    board = with_folds(board_of(tmp_path, strategy="random_over"), "none", [0.5, 0.495, 0.505])
    assert f"help? {verdict}, by" in describe_answer(with_folds(board, "random_over", values))


def test_a_strategy_that_was_refused_is_answered_for_with_the_reason(tmp_path: Path) -> None:
    board = board_of(tmp_path, strategy="smoten")
    assert "It could not be measured: needs" in describe_answer(board)


def test_without_a_question_there_is_no_answer(tmp_path: Path) -> None:
    board = board_of(tmp_path)
    assert (board.asked, describe_answer(board)) == ("", "")


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such"):
        ComparisonConfig(strategy="no_such")
    with pytest.raises(ValueError, match="a single one"):
        ComparisonConfig(strategy="all")
