from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from counterpoise.compare._ranking import rank_candidates
from counterpoise.compare._ranking_text import describe_choice, leaderboard_table, render_leaderboard
from counterpoise.metrics import names
from counterpoise.results import DUMMY, Candidate, CandidateResult, Comparison
from tests.compare.comparisons import comparison_of, signal


def comparison_with(folder: Path, metric: str = "average_precision") -> Comparison:
    return comparison_of(signal(100), folder, folds=4, metric=metric)


FOLDS = names("folds")
HARD_AND_EASY = (-0.1, -0.05, 0.05, 0.1)


def result(
    strategy: str,
    mean: float | None,
    *,
    learner: str = "random_forest",
    off: tuple[float, ...] = (0.0,) * 4,
) -> CandidateResult:
    """Return a candidate on two hard and two easy folds, each off its expected value by a little."""
    values = [None if mean is None else mean + fold + own for fold, own in zip(HARD_AND_EASY, off, strict=True)]
    return CandidateResult(
        strategy=strategy, learner=learner, status="ok", folds=tuple(dict.fromkeys(FOLDS, value) for value in values),
        mean=dict.fromkeys(FOLDS, mean), deviation=dict.fromkeys(FOLDS, 0.09), low=dict.fromkeys(FOLDS, mean),
        high=dict.fromkeys(FOLDS, mean), seconds=1.0, peak_mb=30.0,
    )  # fmt: skip


def refused(strategy: str) -> CandidateResult:
    return CandidateResult(strategy=strategy, learner="random_forest", status="refused", reason="too few rows | <b>")


def test_candidates_are_ranked_by_the_mean_and_the_others_follow(tmp_path: Path) -> None:
    results = [refused("smoten"), result("none", 0.4), result("isolation_forest", None), result("smote", 0.6)]
    leaderboard = rank_candidates(comparison_with(tmp_path), results)
    assert [one.strategy for one in leaderboard.entries] == ["smote", "none", "isolation_forest", "smoten"]
    assert [one.strategy for one in leaderboard.set_apart] == ["smoten"]


@pytest.mark.parametrize(("metric", "first"), [("average_precision", "smote"), ("brier", "none"), ("log_loss", "none")])
def test_losses_are_better_when_smaller(tmp_path: Path, metric: str, first: str) -> None:
    leaderboard = rank_candidates(comparison_with(tmp_path, metric), [result("none", 0.4), result("smote", 0.6)])
    assert leaderboard.entries[0].strategy == first


def test_within_one_standard_error_of_the_best_the_simplest_is_chosen(tmp_path: Path) -> None:
    apart = (-0.02, 0.02, -0.02, 0.02)
    results = [result("smote", 0.600), result("none", 0.591, off=apart), result("class_weight", 0.595, off=apart)]
    leaderboard = rank_candidates(comparison_with(tmp_path), results)
    assert leaderboard.best == Candidate(strategy="smote", learner="random_forest")
    assert leaderboard.chosen == Candidate(strategy="none", learner="random_forest")
    assert "within one standard error" in describe_choice(leaderboard)


def test_what_loses_the_same_on_each_fold_is_worse_however_much_folds_differ(tmp_path: Path) -> None:
    leaderboard = rank_candidates(comparison_with(tmp_path), [result("smote", 0.600), result("none", 0.599)])
    assert leaderboard.chosen == leaderboard.best == Candidate(strategy="smote", learner="random_forest")
    assert "standard error" not in describe_choice(leaderboard)


def test_the_standard_error_allows_for_folds_that_share_train_rows(tmp_path: Path) -> None:
    lost, spread = 0.011, np.std((-0.02, 0.02, -0.02, 0.02), ddof=1)
    assert spread / np.sqrt(4) > lost  # near by the plain standard error already
    wider = spread * np.sqrt(1 / 4 + 1 / 3)
    for mean, chosen in ((0.6 - 0.95 * wider, "none"), (0.6 - 1.05 * wider, "smote")):
        results = [result("smote", 0.600), result("none", mean, off=(-0.02, 0.02, -0.02, 0.02))]
        leaderboard = rank_candidates(comparison_with(tmp_path), results)
        assert leaderboard.chosen == Candidate(strategy=chosen, learner="random_forest")


def test_the_dummy_is_ranked_but_never_chosen(tmp_path: Path) -> None:
    leaderboard = rank_candidates(comparison_with(tmp_path), [result("none", 0.5, learner=DUMMY), result("smote", 0.4)])
    assert leaderboard.entries[0].learner == DUMMY
    assert leaderboard.chosen == Candidate(strategy="smote", learner="random_forest")
    nobody = rank_candidates(comparison_with(tmp_path), [refused("smote")])
    assert nobody.chosen is None
    assert nobody.counts == {"measured": 0, "set_apart": 1}
    assert describe_choice(nobody) == "No candidate could be measured."
    assert "needs" not in render_leaderboard(nobody)


def test_chance_is_the_prevalence(tmp_path: Path) -> None:
    comparison = comparison_with(tmp_path)
    leaderboard = rank_candidates(comparison, [])
    assert leaderboard.chance == comparison.counts["yes"] / 100
    assert leaderboard.positive_class == "yes"
    three = rank_candidates(comparison_of(signal(200, classes=3), tmp_path / "three", folds=3), [])
    assert three.chance == pytest.approx(1 / 3)
    assert three.positive_class is None


def test_tables_show_reasons_and_nothing_breaks_out_of_its_cell(tmp_path: Path) -> None:
    leaderboard = rank_candidates(comparison_with(tmp_path), [result("smote", 0.6), refused("smoten")], dataset="fraud")
    rows = leaderboard_table(leaderboard)
    assert [row["rank"] for row in rows] == ["1", "–"]
    assert rows[0]["average precision"] == "0.600 ± 0.090"
    assert rows[1]["reason"] == "refused: too few rows | <b>"
    assert list(rows[0]) == list(rows[1])
    text = render_leaderboard(leaderboard)
    assert "too few rows \\| &lt;b>" in text
    assert text.startswith("# Comparison: fraud\n")
