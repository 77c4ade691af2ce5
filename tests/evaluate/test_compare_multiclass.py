from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from imblearn.metrics import geometric_mean_score
from scipy import stats
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import Predictions, train_arms
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._inference import class_intervals, differences
from counterpoise.evaluate._tables import EvaluationTables, read_label_codes

pytestmark = pytest.mark.slow

_CONFIG = EvaluationConfig(learners=("logistic_regression",), bootstrap=100)


def _table(sizes: dict[str, int]) -> pa.Table:
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(list(sizes), list(sizes.values())))
    codes = np.searchsorted(sorted(sizes), labels)
    features = rng.normal(size=(len(labels), 2)) + 1.5 * np.column_stack([codes % 2, codes // 2])
    return pa.table({"a": features[:, 0], "b": features[:, 1], "class": labels.astype(str)})


@pytest.fixture(scope="module")
def tables(split_tables: Callable[..., EvaluationTables]) -> EvaluationTables:
    return split_tables(_table({"a": 600, "b": 300, "c": 200, "d": 160}), "class")


@pytest.fixture(scope="module")
def metrics(tables: EvaluationTables) -> dict[str, Any]:
    return compare_strategies(tables, strategy="random_over", config=_CONFIG, seed=0)


def test_macro_metrics_equal_those_of_the_libraries(tables: EvaluationTables, metrics: dict[str, Any]) -> None:
    codes = read_label_codes(tables)
    answers = next(iter(train_arms(tables, codes, strategies=("none",), learners=("logistic_regression",), seed=0)))
    assert isinstance(answers, Predictions)
    truth, called = codes.test, answers.test.argmax(axis=1)
    found = metrics["arms"][1]["test"]
    expected = {
        "average_precision": reference.average_precision_score(truth, answers.test),
        "roc_auc": reference.roc_auc_score(truth, answers.test, multi_class="ovr"),
        "precision": reference.precision_score(truth, called, average="macro"),
        "recall": reference.recall_score(truth, called, average="macro"),
        "f1": reference.f1_score(truth, called, average="macro"),
        "mcc": reference.matthews_corrcoef(truth, called),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, called),
        "g_mean": geometric_mean_score(truth, called),
        "log_loss": reference.log_loss(truth, answers.test),
        "brier": np.mean(np.sum((answers.test - np.eye(4)[truth]) ** 2, axis=1)),
        "accuracy": reference.accuracy_score(truth, called),
    }
    assert found == pytest.approx(expected)
    assert metrics["arms"][1]["confusion_matrix"] == reference.confusion_matrix(truth, called).tolist()


def test_the_record_is_json_with_one_entry_a_class(metrics: dict[str, Any]) -> None:
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
    assert metrics["task"] == "multiclass"
    assert metrics["threshold_rule"] is metrics["correction"] is metrics["positive_class"] is None
    assert [part["class"] for part in metrics["arms"][1]["per_class"]] == ["a", "b", "c", "d"]
    assert metrics["arms"][0]["test"]["average_precision"] == pytest.approx(metrics["chance_average_precision"]) == 0.25


def test_the_verdict_counts_the_smallest_class(metrics: dict[str, Any]) -> None:
    assert metrics["deciding_rows"] == 32
    assert "32 test rows in the smallest class" in metrics["verdict"]


def test_a_class_in_train_only_is_judged_nowhere_and_breaks_nothing(split_tables: Any) -> None:
    tables = split_tables(_table({"a": 300, "b": 200, "c": 150, "d": 3}), "class")
    metrics = compare_strategies(tables, strategy="random_over", config=_CONFIG, seed=0)
    assert metrics["classes"] == ["a", "b", "c", "d"]
    assert [part["class"] for part in metrics["arms"][1]["per_class"]] == ["a", "b", "c"]
    assert all(value is not None for value in metrics["arms"][1]["test"].values())


def test_a_class_that_train_never_saw_counts_as_missed(tables: EvaluationTables) -> None:
    labels = ["new", *tables.test.column("class").to_pylist()[1:]]
    test = tables.test.set_column(2, "class", pa.array(labels))
    found = EvaluationTables(tables.train_natural, tables.train_resampled, tables.validation, test, "class", 1)
    metrics = compare_strategies(found, strategy="random_over", config=_CONFIG, seed=0)
    assert metrics["arms"][1]["per_class"][-1]["recall"] == 0
    assert metrics["verdict_outcome"] == "undecided"


def test_a_class_of_interest_is_ignored_and_told(tables: EvaluationTables) -> None:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=20, positive_class="a")
    metrics = compare_strategies(tables, strategy="none", config=config, seed=0)
    assert "evaluation.positive_class was ignored: there are more than two classes" in metrics["notes"]


def test_a_bootstrap_that_would_last_too_long_is_cut_and_told(
    tables: EvaluationTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "_MOST_WEIGHINGS", 1)
    monkeypatch.setattr(differences, "_FEWEST_RESAMPLES", 30)
    metrics = compare_strategies(tables, strategy="random_over", config=_CONFIG, seed=0)
    assert metrics["bootstrap"]["resamples"] == 30
    assert "30 instead of 100 bootstrap resamples, for speed" in metrics["notes"]


def test_every_figure_of_a_class_has_an_interval(metrics: dict[str, Any]) -> None:
    for arm in metrics["arms"][1:]:
        for part in arm["per_class"]:
            assert set(part["intervals"]) == {"average_precision", "roc_auc", "precision", "recall", "f1"}
            for metric, one in part["intervals"].items():
                assert 0 <= one["low"] <= part[metric] <= one["high"] <= 1
                assert one["low"] < one["high"]


def test_the_interval_of_a_class_is_that_of_the_same_class_asked_about_on_its_own(
    tables: EvaluationTables, metrics: dict[str, Any]
) -> None:
    part = metrics["arms"][1]["per_class"][3]
    truth = np.array(tables.test.column("class").to_pylist()) == "d"
    recall = stats.binomtest(round(part["recall"] * truth.sum()), int(truth.sum())).proportion_ci(method="wilson")
    assert part["intervals"]["recall"] == pytest.approx({"low": recall.low, "high": recall.high})
    width = {name: one["high"] - one["low"] for name, one in part["intervals"].items()}
    assert 0.05 < width["average_precision"] < 0.4
    assert (
        width["recall"]
        > metrics["arms"][1]["intervals"]["recall"]["high"] - (metrics["arms"][1]["intervals"]["recall"]["low"])
    )


def test_only_the_smallest_of_very_many_classes_have_intervals(
    tables: EvaluationTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_intervals, "MOST_CLASSES", 2)
    found = compare_strategies(tables, strategy="none", config=_CONFIG, seed=0)["arms"][1]["per_class"]
    assert [part["class"] for part in found if part["intervals"]] == ["c", "d"]
    assert found[0]["intervals"] == {}


def test_without_resamples_classes_have_no_intervals(tables: EvaluationTables) -> None:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=0)
    found = compare_strategies(tables, strategy="none", config=config, seed=0)
    assert all(part["intervals"] == {} for part in found["arms"][1]["per_class"])


def test_rows_of_one_group_count_once_in_the_intervals_of_a_class(tables: EvaluationTables) -> None:
    rows = tables.test.num_rows
    order = np.argsort(tables.test.column("class").to_pylist(), kind="stable")
    groups = np.zeros(rows, np.int32)
    groups[order] = np.arange(rows) // 4
    each = np.arange(tables.validation.num_rows, dtype=np.int32)

    def width(found: EvaluationTables) -> float:
        arm = compare_strategies(found, strategy="none", config=_CONFIG, seed=0)["arms"][1]
        interval = arm["per_class"][3]["intervals"]["recall"]
        return float(interval["high"] - interval["low"])

    assert width(replace(tables, groups={"test": groups, "validation": each})) > 1.5 * width(tables)
