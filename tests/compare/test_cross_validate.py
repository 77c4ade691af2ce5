from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score

from counterpoise.compare._candidates import list_candidates
from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._rounds.prepare import prepare_table
from counterpoise.compare._rounds.rows import TiedRows
from counterpoise.compare._rounds.thresholds import inner_folds
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.compare._run import run_comparison
from counterpoise.config import OWN_LEARNERS, ComparisonConfig, parse_strategy
from counterpoise.results import Comparison, Rules
from counterpoise.strategies import STRATEGIES
from tests.compare.comparisons import TREE, candidate, comparison_config, comparison_of, scores, signal

pytestmark = pytest.mark.slow

RESAMPLING = [name for name in STRATEGIES if name not in ("auto", "none")]
MAY_BE_REFUSED = ("smoten", "kmeans_smote", "rus_boost")
"""On noise: needs only categories; needs clusters with a minority; needs members better than chance."""


@pytest.fixture(name="comparison", scope="module")
def _comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return comparison_of(signal(), tmp_path_factory.mktemp("signal"), folds=3)


@pytest.fixture(name="noise", scope="module")
def _noise(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Comparison]:
    """Lay out tables whose label has nothing to do with their features, one a seed."""

    @cache
    def made(seed: int) -> Comparison:
        rng = np.random.default_rng(seed)
        table = pa.table(
            {
                "a": rng.normal(size=900),
                "b": rng.normal(size=900),
                "c": rng.choice(list("pqr"), 900),
                "label": rng.permutation(900) < 180,
            }
        )
        return comparison_of(table, tmp_path_factory.mktemp("noise"), folds=3)

    return made


def covers_chance(comparison: Comparison, strategy: str, learner: str) -> bool | None:
    """Whether the leaderboard's own interval of average precision covers prevalence; None where it was refused."""
    result = cross_validate(comparison, candidate(strategy, learner))
    if result.status == "refused":
        return None
    low, high = result.low["average_precision"], result.high["average_precision"]
    assert low is not None
    assert high is not None
    return low <= comparison.counts["true"] / comparison.snapshot.rows <= high


@pytest.mark.parametrize("strategy", ["none", "class_weight", "threshold", *RESAMPLING, *OWN_LEARNERS])
def test_noise_labels_are_ranked_by_chance_whatever_the_strategy(
    noise: Callable[[int], Comparison], strategy: str
) -> None:
    """An interval of 95 % misses one table in twenty: then those of two others must cover, as 199 in 200 do."""
    learner = strategy if strategy in OWN_LEARNERS else TREE
    covered = covers_chance(noise(0), strategy, learner)
    if covered is None:
        assert strategy in MAY_BE_REFUSED
        return
    assert covered or all(covers_chance(noise(seed), strategy, learner) for seed in (1, 2))


def test_the_same_candidate_gets_the_same_scores(comparison: Comparison, tmp_path: Path) -> None:
    again = comparison_of(signal(), tmp_path, folds=3)
    for name in ("none", "smote", "random_over", "random_under"):
        assert scores(cross_validate(comparison, candidate(name))) == scores(cross_validate(again, candidate(name)))


def test_another_seed_gives_other_folds(comparison: Comparison, tmp_path: Path) -> None:
    other = comparison_of(signal(), tmp_path, folds=3, seed=1)
    assert scores(cross_validate(comparison, candidate("none"))) != scores(cross_validate(other, candidate("none")))


def test_every_fold_has_all_metrics(comparison: Comparison) -> None:
    result = cross_validate(comparison, candidate("smote"))
    assert len(result.folds) == 3
    assert all(value is not None for value in scores(result))
    assert result.seconds == pytest.approx(result.sampling_seconds + result.fit_seconds + result.predict_seconds)


def test_a_tuned_threshold_changes_decisions_but_not_the_ranking(comparison: Comparison) -> None:
    plain, tuned = (
        cross_validate(comparison, candidate(name, "logistic_regression")) for name in ("none", "threshold")
    )
    for metric in ("average_precision", "roc_auc", "brier"):
        assert tuned.mean[metric] == pytest.approx(plain.mean[metric])
    assert (tuned.mean["f1"] or 0) > (plain.mean["f1"] or 0)


def test_weights_do_what_repeating_rows_does(tmp_path: Path) -> None:
    """Which rows are repeated once more is chance, so the mean over some seeds is compared."""
    found = []
    for seed in range(6):
        one = comparison_of(signal(), tmp_path / str(seed), folds=3, seed=seed)
        results = [cross_validate(one, candidate(name)) for name in ("weights", "random_over", "class_weight")]
        found.append([result.mean["average_precision"] or 0.0 for result in results])
    weighted, repeated, balanced = np.mean(found, axis=0)
    assert weighted > 0.3
    assert weighted == pytest.approx(repeated, abs=0.02)
    assert weighted == pytest.approx(balanced, abs=0.01)


def test_under_sampling_after_smote_gives_both_ratios(comparison: Comparison) -> None:
    from counterpoise.compare._rounds.plans import fold_plan, train_matrix
    from counterpoise.config import parse_strategy

    field = TrainingRows(comparison)
    steps = parse_strategy('smote {"ratio": 0.5} + random_under {"ratio": 0.8}')
    targets = train_matrix(field, fold_plan(field, steps, 0), 0).targets
    most = np.bincount(field.target_codes(field.train_rows(0).codes)).max()
    positives, negatives = (targets == 1).sum(), (targets == 0).sum()
    assert positives == most // 2
    assert negatives == int(positives / 0.8)


def test_more_than_two_classes_have_macro_metrics(tmp_path: Path) -> None:
    comparison = comparison_of(signal(classes=3), tmp_path, folds=3)
    results = {
        name: cross_validate(comparison, candidate(name)) for name in ("none", "class_weight", "smote", "random_under")
    }
    for result in results.values():
        assert result.status == "ok"
        assert all(value is not None for value in scores(result))
    for name in ("threshold", "isolation_forest"):
        refused = cross_validate(comparison, candidate(name))
        assert refused.status == "refused"
        assert "two classes" in refused.reason


def test_a_class_that_a_fold_does_not_see_is_told_and_not_fatal(tmp_path: Path) -> None:
    table = signal(300)
    rare = table.slice(0, 2).set_column(3, "label", pa.array(["rare", "rare"]))
    comparison = comparison_of(pa.concat_tables([table, rare]), tmp_path, folds=3)
    assert any("'rare'" in note for note in comparison.notes)
    assert cross_validate(comparison, candidate("none")).status == "ok"
    assert "'rare'" in cross_validate(comparison, candidate("smote")).reason


@pytest.mark.parametrize(
    ("strategy", "learner", "told"),
    [
        ("smoten", TREE, "categories"),
        ('smote {"k_neighbors": 100}', TREE, "k_neighbors"),
        ('tomek_links {"memory_limit": "1 MB"}', TREE, "MiB"),
        ("class_weight", "sklearn.neighbors:KNeighborsClassifier", "class_weight"),
        ("weights", "sklearn.neighbors:KNeighborsClassifier", "row weights"),
        ("none", "not_there:Learner", "not_there"),
        ("none", "sklearn.tree:NoTree", "NoTree"),
        ("none", "sklearn.tree:export_text", "scikit-learn"),
        ("none", "sklearn.linear_model:Ridge", "a classifier"),
        ("none", 'sklearn.tree:DecisionTreeClassifier {"depth": 3}', "depth"),
        ("none", 'random_forest {"depth": 3}', "depth"),
    ],
)
def test_what_cannot_run_is_refused_with_its_reason(
    comparison: Comparison, strategy: str, learner: str, told: str
) -> None:
    result = cross_validate(comparison, candidate(strategy, learner))
    assert result.status == "refused"
    assert told in result.reason
    assert result.folds == ()


def test_a_learner_that_breaks_down_has_failed_with_its_reason(comparison: Comparison) -> None:
    result = cross_validate(comparison, candidate("none", "sklearn.naive_bayes:MultinomialNB"))
    assert result.status == "failed"
    assert "fold 1: ValueError" in result.reason


def test_a_learner_without_probabilities_is_scored_by_ranking_and_decisions(comparison: Comparison) -> None:
    result = cross_validate(comparison, candidate("none", "sklearn.svm:LinearSVC"))
    assert (result.mean["brier"], result.mean["log_loss"]) == (None, None)
    assert (result.mean["roc_auc"] or 0) > 0.7
    assert result.mean["f1"] is not None


def test_a_learner_by_import_path_need_not_take_missing_values(comparison: Comparison) -> None:
    assert cross_validate(comparison, candidate("none", "sklearn.neighbors.KNeighborsClassifier")).status == "ok"


def test_synthetic_rows_reach_learners_in_the_encoding_of_the_real_ones(comparison: Comparison) -> None:
    from counterpoise.compare._rounds.plans import fold_plan, train_matrix
    from counterpoise.config import parse_strategy

    field = TrainingRows(comparison)
    plan = fold_plan(field, parse_strategy("smote"), 0)
    rows = train_matrix(field, plan, 0)
    natural = field.features("train", 0)
    assert rows.features.shape[1] == natural.shape[1]
    assert np.bincount(rows.targets).tolist() == [np.bincount(rows.targets)[0]] * 2
    hot = rows.features[:, -3:]
    assert set(np.unique(hot)) <= {0.0, 1.0}
    assert (hot.sum(axis=1) == 1).all()


def test_the_leaderboard_of_a_whole_comparison_shows_every_candidate(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"folds": 3, "strategies": ["smote", "smoten"], "learners": [TREE]}
    comparison = comparison_of(signal(), tmp_path, **settings)
    leaderboard = run_comparison(comparison, subprocesses=False, dataset="tested")
    assert {(one.strategy, one.learner) for one in leaderboard.entries} == {
        (one.strategy, one.learner) for one in list_candidates(comparison.rules.tournament)
    }
    assert [one.strategy for one in leaderboard.set_apart] == ["smoten"]


def test_a_comparison_in_this_process_starts_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *command, **_: started.append(command))
    comparison = comparison_of(signal(), tmp_path, folds=2, strategies=["none"], learners=[TREE])
    assert run_comparison(comparison, subprocesses=False).chosen is not None
    assert started == []


def test_lightgbm_is_a_learner_by_name_and_takes_part_where_it_is_installed(comparison: Comparison) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    for strategy in ("none", "class_weight", "smote", "weights"):
        result = cross_validate(comparison, candidate(strategy, "lightgbm"))
        assert (result.status, result.notes) == ("ok", ()), result.reason
        assert (result.mean["roc_auc"] or 0) > 0.7
    features, asked = (
        TrainingRows(comparison).features("train", 0),
        TrainingRows(comparison).target_codes(TrainingRows(comparison).train_rows(0).codes),
    )
    seed = comparison.rules.seeds.learner
    plain = lightgbm.LGBMClassifier(verbosity=-1, n_jobs=1, random_state=seed).fit(features, asked)
    expected = average_precision_score(
        TrainingRows(comparison).truth(0), plain.predict_proba(TrainingRows(comparison).features("test", 0))[:, 1]
    )
    assert cross_validate(comparison, candidate("none", "lightgbm")).folds[0]["average_precision"] == pytest.approx(
        expected
    )
    assert "lightgbm" in {one.learner for one in list_candidates(ComparisonConfig())}


def test_learners_are_left_as_they_are_where_they_run_on_one_thread_anyway(comparison: Comparison) -> None:
    assert cross_validate(comparison, candidate("none", "logistic_regression")).notes == ()


def test_rows_that_are_tied_stay_together_in_the_folds_that_tune_a_threshold(tmp_path: Path) -> None:
    table = signal(200)
    rules = Rules.of(comparison_config(folds=2))
    ties = np.tile(np.arange(50), 4)
    field = TrainingRows(prepare_table(rules, table, folder=tmp_path, tied_rows=TiedRows(ties)))
    own, inner = field.ties[field.train_rows(0).rows], inner_folds(field, 0)
    assert len(inner) == 5
    assert sorted(np.concatenate([tested for _, tested in inner]).tolist()) == list(range(len(own)))
    assert all(not np.intersect1d(own[trained], own[tested]).size for trained, tested in inner)


def test_candidates_in_parallel_share_the_free_memory(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    from counterpoise.compare._rounds import plans
    from counterpoise.resample._costs import preflight

    made = plans.fold_plan(TrainingRows(comparison), parse_strategy("adasyn"), 0)
    assert made.folder is not None
    needed: list[int] = []
    estimate = preflight.estimate

    def told(facts: Any, config: Any) -> preflight.Estimate:
        found = estimate(facts, config)
        needed.append(found.bytes)
        return found

    monkeypatch.setattr(preflight, "estimate", told)
    monkeypatch.setattr(preflight, "free_memory", lambda: max(needed, default=10**12) + 1)
    for others, status in ((1, "ok"), (2, "refused")):
        monkeypatch.setattr(plans, "workers", lambda _wanted, others=others: others)
        shutil.rmtree(Path(comparison.folder) / "plans", ignore_errors=True)
        result = cross_validate(comparison, candidate("tomek_links"))
        assert result.status == status
    assert "the machine's free memory" in result.reason


def test_boosting_that_finds_no_member_better_than_chance_is_refused_in_plain_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": np.zeros(60), "b": rng.integers(0, 2, 60), "label": np.arange(60) % 6 == 0})
    result = cross_validate(comparison_of(table, tmp_path, folds=3), candidate("rus_boost", "rus_boost"))
    assert result.status == "refused"
    assert "better than chance" in result.reason
    assert "balanced_random_forest" in result.reason
