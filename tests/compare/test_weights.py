from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.compare._final.final import run_final
from counterpoise.compare._final.held_out import hold_out_tables
from counterpoise.compare._models import build_model
from counterpoise.compare._ranking import rank_candidates
from counterpoise.compare._ranking_text import render_leaderboard
from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._rounds.plans import TrainMatrix
from counterpoise.compare._rounds.weights import double_counting, share_trained_at, weights_by_code
from counterpoise.config import parse_learner, parse_strategy
from counterpoise.results import Candidate, Comparison, Finalist
from tests.compare.comparisons import TREE, candidate, comparison_of, signal

LOGISTIC = "sklearn.linear_model:LogisticRegression"
BALANCED = f'{LOGISTIC} {{"class_weight": "balanced"}}'
PREVALENCE = 0.15
ASKED = np.array([1] * 10 + [0] * 90, np.int64)


def shares_of(learner: str, weights: Any = None) -> float | None:
    model = weights_by_code(build_model(parse_learner(learner), seed=0), ("no", "yes"))
    return share_trained_at(model, TrainMatrix(np.zeros((100, 1)), ASKED, weights))


@pytest.mark.parametrize(
    ("learner", "share"),
    [
        (LOGISTIC, 0.1),
        (BALANCED, 0.5),
        ('random_forest {"class_weight": "balanced_subsample"}', 0.5),
        ('logistic_regression {"class_weight": "balanced"}', 0.5),
        (f'{LOGISTIC} {{"class_weight": {{"yes": 3}}}}', 30 / 120),
        (f'{LOGISTIC} {{"class_weight": {{"no": 2, "yes": 18}}}}', 0.5),
        ('lightgbm {"scale_pos_weight": 3}', 30 / 120),
        ('lightgbm {"scale_pos_weight": 1.0}', 0.1),
        ('lightgbm {"is_unbalance": true}', 0.5),
        ('lightgbm {"scale_pos_weight": 9, "class_weight": "balanced"}', 0.9),
        ('sklearn.naive_bayes:GaussianNB {"priors": [0.5, 0.5]}', None),
        ("imblearn.ensemble:BalancedRandomForestClassifier", None),
    ],
)
def test_weights_of_a_learner_are_a_prevalence_where_that_is_one_number(learner: str, share: float | None) -> None:
    if learner.startswith("lightgbm"):
        pytest.importorskip("lightgbm")
    assert shares_of(learner) == (None if share is None else pytest.approx(share))


def test_row_weights_count_too_but_balanced_ones_on_top_of_them_are_not_guessed() -> None:
    weights = np.array([9] * 10 + [1] * 90, np.int32)
    assert shares_of(LOGISTIC, weights) == pytest.approx(0.5)
    assert shares_of(f'{LOGISTIC} {{"class_weight": {{"yes": 2}}}}', weights) == pytest.approx(180 / 270)
    assert shares_of(BALANCED, weights) is None


@pytest.mark.parametrize(
    ("strategy", "learner", "told"),
    [
        ("random_over", BALANCED, "class_weight of the learner on top of random_over"),
        ("weights", 'random_forest {"class_weight": "balanced"}', "on top of weights"),
        ("smote", 'lightgbm {"scale_pos_weight": 20}', "scale_pos_weight of the learner on top of smote"),
        ("class_weight", 'lightgbm {"is_unbalance": true}', "is_unbalance of the learner on top of class_weight"),
        ("random_under", "imblearn.ensemble:BalancedRandomForestClassifier", "its own resampling"),
        ("tomek_links + random_under", BALANCED, "on top of random_under"),
        ("none", BALANCED, ""),
        ("threshold", BALANCED, ""),
        ("tomek_links", BALANCED, ""),
        ("class_weight", BALANCED, ""),
        ("random_over", LOGISTIC, ""),
    ],
)
def test_weights_on_top_of_what_evens_classes_out_are_warned_of(strategy: str, learner: str, told: str) -> None:
    if learner.startswith("lightgbm"):
        pytest.importorskip("lightgbm")
    warning = double_counting(build_model(parse_learner(learner), seed=0), parse_strategy(strategy))
    assert (told in warning) if told else warning == ""


def test_the_leaderboard_shows_the_warning_of_its_candidate(tmp_path: Path) -> None:
    comparison = comparison_of(signal(), tmp_path, folds=3)
    twice, once = (
        cross_validate(comparison, candidate("random_over", BALANCED)),
        cross_validate(comparison, candidate("none", BALANCED)),
    )
    assert (once.warnings, len(twice.warnings)) == ((), 1)
    leaderboard = render_leaderboard(rank_candidates(comparison, [twice, once]))
    assert (
        "LogisticRegression (class_weight balanced) with random over-sampling: classes are balanced twice"
        in leaderboard
    )


def test_weights_by_class_name_reach_the_learner_and_unknown_names_are_refused(tmp_path: Path) -> None:
    comparison = comparison_of(signal(), tmp_path, folds=3)
    heavy = cross_validate(comparison, candidate("none", f'{LOGISTIC} {{"class_weight": {{"yes": 30}}}}'))
    plain = cross_validate(comparison, candidate("none", LOGISTIC))
    assert (heavy.mean["recall"] or 0) > (plain.mean["recall"] or 0)
    refused = cross_validate(comparison, candidate("none", f'{LOGISTIC} {{"class_weight": {{"perhaps": 30}}}}'))
    assert refused.status == "refused"
    assert "'no', 'yes'; found 'perhaps'" in refused.reason


def known(rows: int, seed: int) -> pa.Table:
    """Return rows whose class follows a logistic model, so that a logistic regression can be right."""
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < PREVALENCE
    return pa.table({"a": rng.normal(size=rows) + label, "label": np.where(label, "yes", "no")})


def final_of(folder: Path, strategy: str, learner: str) -> Finalist:
    comparison = comparison_of(
        known(3_000, 0), folder, folds=2, strategies=[strategy], learners=[learner], evaluation={"bootstrap": 0}
    )
    held = hold_out_tables(validation=known(1_000, 1), test=known(4_000, 2), folder=Path(comparison.folder))
    own = Candidate(strategy=strategy, learner=learner)
    leaderboard = rank_candidates(comparison, [cross_validate(comparison, own)]).model_copy(update={"chosen": own})
    final = run_final(comparison, leaderboard, held, subprocesses=False).final
    assert final is not None
    (one,) = (each for each in final.finalists if (each.strategy, each.learner) == (strategy, learner))
    return one


@pytest.mark.parametrize(
    ("strategy", "learner", "training"),
    [
        ("none", BALANCED, 0.5),
        ("class_weight", "logistic_regression", 0.5),
        ("none", f'{LOGISTIC} {{"class_weight": {{"yes": 4}}}}', 4 * PREVALENCE / (1 + 3 * PREVALENCE)),
        ("random_over", f'{LOGISTIC} {{"class_weight": {{"yes": 4}}}}', 0.8),
    ],
)
def test_the_prior_correction_undoes_the_weights_of_a_learner(
    tmp_path: Path, strategy: str, learner: str, training: float
) -> None:
    correction = final_of(tmp_path, strategy, learner).correction
    assert correction is not None
    assert correction["training_prevalence"] == pytest.approx(training, abs=0.02)
    assert correction["before"]["mean_probability"] > 1.8 * PREVALENCE
    assert correction["after"]["mean_probability"] == pytest.approx(PREVALENCE, abs=0.015)
    assert correction["threshold_natural_scale"] < correction["threshold_training_scale"]


def test_without_weights_nothing_is_corrected(tmp_path: Path) -> None:
    correction = final_of(tmp_path, "none", LOGISTIC).correction
    assert correction is not None
    assert correction["odds_factor"] == 1
    assert correction["before"] == correction["after"]


def test_where_the_training_prevalence_is_not_known_the_calibrator_is_alone(tmp_path: Path) -> None:
    one = final_of(tmp_path, "weights", BALANCED)
    correction = one.correction
    assert correction is not None
    assert (correction["training_prevalence"], correction["odds_factor"], correction["snippet"]) == (None, 1, None)
    assert correction["calibrated"]["mean_probability"] == pytest.approx(PREVALENCE, abs=0.015)
    assert one.warnings


@pytest.mark.slow
def test_the_final_says_where_there_is_no_prior_correction(tmp_path: Path) -> None:
    learner = 'sklearn.naive_bayes:GaussianNB {"priors": [0.5, 0.5]}'
    comparison: Comparison = comparison_of(
        signal(500), tmp_path, folds=2, strategies=["none"], learners=[learner], evaluation={"bootstrap": 0}
    )
    held = hold_out_tables(validation=signal(200, seed=1), test=signal(200, seed=2), folder=Path(comparison.folder))
    leaderboard = rank_candidates(
        comparison,
        [cross_validate(comparison, candidate("none", learner)), cross_validate(comparison, candidate("smote", TREE))],
    )
    final = run_final(
        comparison, leaderboard.model_copy(update={"chosen": candidate("none", learner)}), held, subprocesses=False
    ).final
    assert final is not None
    assert any("GaussianNB" in note and "no prior correction" in note for note in final.notes)
