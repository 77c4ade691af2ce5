from __future__ import annotations

import pytest
from pydantic import ValidationError

from counterpoise.compare import list_candidates
from counterpoise.config import ComparisonConfig
from counterpoise.config._candidates import DEFAULT_STRATEGIES, parse_learner, parse_strategy
from counterpoise.persist import run_key
from counterpoise.strategies import STRATEGIES
from tests.compare.comparisons import comparison_config


@pytest.mark.parametrize("name", [*(name for name in STRATEGIES if name != "auto"), *DEFAULT_STRATEGIES])
def test_every_strategy_can_take_part(name: str) -> None:
    (step,) = parse_strategy(name)
    assert (step.name, step.options) == (name, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("auto", "not a strategy that can be compared"),
        ("smoth", "not a strategy that can be compared"),
        ("smote {", "not valid JSON"),
        ("smote 0.5", "JSON objects"),
        ("smote + smote", "only random_under may follow"),
        ("threshold + random_under", "only a strategy that resamples"),
        ("weights + random_under", "cannot follow weights"),
        ('easy_ensemble {"n_estimators": 3}', "takes no options"),
        ('smote {"ratio": 2}', "less than or equal to 1"),
        ('smote {"neighbours": 3}', "neighbours"),
        ("", "expected a name"),
    ],
)
def test_a_strategy_that_is_none_is_refused_with_the_configuration(text: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ComparisonConfig(strategies=(text,))


@pytest.mark.parametrize("text", ["tree", "sklearn.tree:Tree {", "sklearn.tree:Tree 5", "rm -rf", "1"])
def test_a_learner_that_is_none_is_refused_with_the_configuration(text: str) -> None:
    with pytest.raises(ValidationError, match=r"learner|JSON|expected"):
        ComparisonConfig(learners=(text,))


@pytest.mark.parametrize("path", ["sklearn.tree:DecisionTreeClassifier", "sklearn.tree.DecisionTreeClassifier"])
def test_a_learner_may_be_an_import_path_with_parameters(path: str) -> None:
    step = parse_learner(path + ' {"max_depth": 5}')
    assert (step.name, step.options) == (path, {"max_depth": 5})


def test_none_and_the_dummy_always_take_part() -> None:
    entries = list_candidates(ComparisonConfig(strategies=("smote",), learners=("random_forest",)))
    assert [(one.strategy, one.learner) for one in entries] == [
        ("none", "dummy"),
        ("none", "random_forest"),
        ("smote", "random_forest"),
    ]


def test_all_is_every_strategy_of_the_registry_and_of_the_design() -> None:
    entries = list_candidates(ComparisonConfig(strategies=("all",), learners=("random_forest",)))
    played = [one.strategy for one in entries if one.learner != "dummy"]
    beside = {"class_weight", "threshold", "balanced_random_forest", "easy_ensemble", "rus_boost", "isolation_forest"}
    assert len(played) == len(set(played))
    assert set(played) == (set(STRATEGIES) - {"auto"}) | beside
    assert {"svm_smote", "kmeans_smote", "smote_enn", "near_miss", "condensed_nearest_neighbour"} <= set(played)


def test_all_may_stand_beside_strategies_with_options_and_is_no_default() -> None:
    both = ComparisonConfig(strategies=("all", 'smote {"ratio": 0.5}'), learners=("random_forest",))
    names = [one.strategy for one in list_candidates(both)]
    assert names.count("smote") == names.count('smote {"ratio": 0.5}') == 1
    assert "svm_smote" not in {one.strategy for one in list_candidates(ComparisonConfig())}
    with pytest.raises(ValidationError, match="and all by itself"):
        ComparisonConfig(strategies=("all + random_under",))


def test_ensembles_and_anomaly_detection_are_learners_of_their_own() -> None:
    entries = list_candidates(ComparisonConfig(strategies=("rus_boost", "isolation_forest")))
    assert [one.strategy for one in entries if one.learner == one.strategy] == ["rus_boost", "isolation_forest"]
    assert len([one for one in entries if "rus_boost" in (one.strategy, one.learner)]) == 1


def test_the_comparison_settings_are_not_part_of_the_run_key() -> None:
    assert run_key(comparison_config(folds=3), "digest") == run_key(comparison_config(metric="f1"), "digest")
