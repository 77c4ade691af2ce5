from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig
from counterpoise.errors import ConfigError
from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._class_decisions import (
    add_class_decisions,
    at_natural_prevalence,
    class_costs,
    least_cost,
)
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables, LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.results import MetricsRecord, check_metrics
from counterpoise.verify._arms import arm_differences

pytestmark = pytest.mark.slow


def made(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of three to eight classes of any size, and probabilities that know something, half of them tied."""
    rng = np.random.default_rng(seed)
    size = 3 + seed % 6
    truth = rng.choice(size, rows, p=rng.dirichlet(np.full(size, 2.0))).astype(np.int32)
    shares = rng.dirichlet(np.ones(size), rows) + 0.5 * np.eye(size)[truth]
    shares = np.round(shares, 1 + seed % 2 * 2) + 1e-3
    return truth, shares / shares.sum(axis=1, keepdims=True)


def record_of(seed: int, **settings: Any) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    (truth, shares), (later, others) = made(seed), made(seed)
    order = np.random.default_rng(seed + 1_000).permutation(len(truth))
    truth, shares, later, others = truth[order[:200]], shares[order[:200]], later[order[200:]], others[order[200:]]
    classes = tuple(f"class {code}" for code in range(shares.shape[1]))
    codes = LabelCodes(classes, truth, truth, truth, later)
    task = EvaluationTask(codes, "none", None, EvaluationConfig.model_validate({"bootstrap": 20, **settings}))
    predictions = Predictions("any", "none", shares, others)
    record = {"learner": "any", "strategy": "none", **task.evaluate(predictions).record}
    costs = class_costs(task.config, classes)
    add_class_decisions(task, record, predictions, costs=costs, seed=0)
    return record, truth, shares, later, others


@pytest.mark.parametrize("seed", range(20))
def test_every_number_of_a_class_is_that_of_scikit_learn(seed: int) -> None:
    record, _, _, truth, shares = record_of(seed)
    called = shares.argmax(axis=1)
    for one in record["per_class"]:
        code = int(one["class"].split()[1])
        own, score = truth == code, shares[:, code]
        assert one["rows"] == own.sum()
        expected = {
            "prevalence": own.mean(),
            "average_precision": reference.average_precision_score(own, score),
            "roc_auc": reference.roc_auc_score(own, score),
            "precision": reference.precision_score(own, called == code, zero_division=0),
            "recall": reference.recall_score(own, called == code),
            "f1": reference.f1_score(own, called == code, zero_division=0),
            "brier": reference.brier_score_loss(own, score),
            "mean_probability": score.mean(),
        }
        assert {name: one[name] for name in expected} == pytest.approx(expected)
        bins = np.minimum((score * 10).astype(int), 9)
        for part in one["reliability"]:
            inside = bins == round(part["lower"] * 10)
            assert part["rows"] == inside.sum()
            assert part["observed"] == pytest.approx(own[inside].mean())
            assert part["mean_predicted"] == pytest.approx(score[inside].mean())
    present = np.unique(truth)
    assert (
        record["confusion_matrix"]
        == reference.confusion_matrix(truth, called, labels=np.arange(shares.shape[1])).tolist()
    )
    expected_means = {
        "accuracy": reference.accuracy_score(truth, called),
        "mcc": reference.matthews_corrcoef(truth, called),
        "f1": reference.f1_score(truth, called, labels=present, average="macro", zero_division=0),
        "log_loss": reference.log_loss(truth, shares, labels=np.arange(shares.shape[1])),
    }
    assert {name: record["test"][name] for name in expected_means} == pytest.approx(expected_means)


@pytest.mark.parametrize("seed", range(20))
def test_thresholds_of_a_class_are_the_best_that_brute_force_finds(seed: int) -> None:
    settings = {"min_precision": 0.6, "min_recall": 0.7, "max_alerts": 150, "beta": 2.0, "cost_false_negative": 4.0}
    record, known, shares, truth, others = record_of(seed, **settings)
    for one in record["per_class"]:
        code = int(one["class"].split()[1])
        own, score = known == code, shares[:, code]
        tries = [score >= value for value in (*np.unique(score), 2.0)]
        points = {point["rule"]: point for point in one["operating_points"]}
        if not own.any():
            assert points == {}
            continue
        assert list(points) == ["f_beta", "cost", "precision", "recall", "alerts"]
        reached = score >= points["f_beta"]["threshold"]
        counts = [((called & own).sum(), called.sum()) for called in tries]
        best = max(5 * right / (chosen + 4 * own.sum()) for right, chosen in counts)
        assert reference.fbeta_score(own, reached, beta=2, zero_division=0) == pytest.approx(best)
        spent = [(called & ~own).sum() + 4 * (~called & own).sum() for called in tries]
        reached = score >= points["cost"]["threshold"]
        assert (reached & ~own).sum() + 4 * (~reached & own).sum() == min(spent)
        recalls = [right / own.sum() for right, chosen in counts if chosen and right / chosen >= 0.6]
        assert (points["precision"]["threshold"] is None or np.isnan(points["precision"]["threshold"])) == (not recalls)
        if recalls:
            reached = score >= points["precision"]["threshold"]
            assert reference.recall_score(own, reached) == pytest.approx(max(recalls))
        for point in points.values():
            if point["test"] is None:
                continue
            called = others[:, code] >= point["threshold"]
            asked = truth == code
            assert point["test"]["recall"] == pytest.approx(reference.recall_score(asked, called))
            assert point["test"]["precision"] == pytest.approx(
                reference.precision_score(asked, called, zero_division=0)
            )
            assert point["test"]["alerts"] == pytest.approx(1000 * called.mean())


@pytest.mark.parametrize("seed", range(20))
def test_the_class_of_least_cost_is_the_one_that_brute_force_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares = made(seed)[1]
    size = shares.shape[1]
    costs = np.round(rng.uniform(0, 20, (size, size)), 1)
    np.fill_diagonal(costs, 0)
    found = least_cost(shares, costs)
    for row, called in zip(shares, found, strict=True):
        expected = [sum(row[true] * costs[true, other] for true in range(size)) for other in range(size)]
        assert expected[called] == pytest.approx(min(expected))
    given = {f"class {a}": {f"class {b}": costs[a, b] for b in range(size) if b != a} for a in range(size)}
    record, _, _, later, others = record_of(seed, class_costs=given)
    spent = record["expected_cost"]
    for name, decided in (("argmax", others.argmax(axis=1)), ("least_cost", least_cost(others, costs))):
        each = [costs[own, called] for own, called in zip(later, decided, strict=True)]
        assert spent[name]["cost"] == pytest.approx(1000 * np.mean(each))
        matrix = reference.confusion_matrix(later, decided, labels=np.arange(size))
        assert spent[name]["confusion_matrix"] == matrix.tolist()
    assert spent["difference"]["difference"] == pytest.approx(spent["least_cost"]["cost"] - spent["argmax"]["cost"])


def test_equal_costs_decide_as_the_most_probable_class_does() -> None:
    _, shares = made(5)
    assert least_cost(shares, 1 - np.eye(shares.shape[1])).tolist() == shares.argmax(axis=1).tolist()


def test_probabilities_come_back_to_natural_prevalence() -> None:
    """Bayes' rule with known densities: training shares of a third each, natural shares of 90, 8 and 2 %."""
    rng = np.random.default_rng(0)
    natural = np.array([0.9, 0.08, 0.02])
    density = rng.uniform(0.01, 1, (500, 3))
    trained = density / density.sum(axis=1, keepdims=True)
    wanted = density * natural / (density * natural).sum(axis=1, keepdims=True)
    labels = np.repeat(np.arange(3), (natural * 1_000).astype(int)).astype(np.int32)
    each = np.arange(3, dtype=np.int32)
    codes = LabelCodes(("a", "b", "c"), labels, np.repeat(each, 10), labels, labels)
    weighted = LabelCodes(("a", "b", "c"), labels, each, labels, labels, weights=np.full(3, 2.5))
    for one in (codes, weighted):
        assert at_natural_prevalence(trained, one) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fraud": 10}, "'fraud', while the classes are"),
        ({"a": {"fraud": 10}}, "'fraud', while the classes are"),
        ({"a": -1}, "numbers from 0 on"),
        ({"a": {"b": "much"}}, "numbers from 0 on"),
        ({"a": True}, "numbers from 0 on"),
    ],
)
def test_costs_of_no_class_and_that_are_no_numbers_are_refused(given: dict[str, Any], message: str) -> None:
    config = EvaluationConfig.model_validate({"class_costs": given})
    with pytest.raises(ConfigError, match=message):
        class_costs(config, ("a", "b", "c"))


def test_a_cost_of_a_class_is_that_of_any_miss_and_others_cost_one() -> None:
    config = EvaluationConfig.model_validate({"class_costs": {"a": 10, "b": {"a": 3}}})
    found = class_costs(config, ("a", "b", "c"))
    assert found is not None
    assert found.tolist() == [[0, 10, 10], [3, 0, 1], [1, 1, 0]]
    assert class_costs(EvaluationConfig(), ("a", "b", "c")) is None


@pytest.fixture(name="record", scope="module")
def _record(split_tables: Callable[..., EvaluationTables]) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    labels = rng.choice(["a", "b", "c"], 3_000, p=[0.85, 0.1, 0.05])
    place = np.array([["a", "b", "c"].index(label) for label in labels])
    table = pa.table({"x": rng.normal(place * 1.2), "y": rng.normal((place == 2) * 1.5), "class": labels})
    config = EvaluationConfig.model_validate(
        {"learners": ("logistic_regression",), "bootstrap": 100, "class_costs": {"b": 8, "c": 25}}
    )
    return compare_strategies(split_tables(table, "class"), strategy="random_over", config=config, seed=0)


def test_least_cost_saves_and_says_by_how_much(record: dict[str, Any]) -> None:
    check_metrics(record)
    assert record["class_costs"] == [[0, 1, 1], [8, 0, 8], [25, 25, 0]]
    plain, resampled = record["arms"][1:]
    spent = plain["expected_cost"]
    assert spent["scale"] == "own"
    assert resampled["expected_cost"]["scale"] in ("own", "natural")
    assert spent["difference"]["high"] < 0
    for one in (spent["argmax"], spent["least_cost"]):
        assert one["low"] < one["cost"] < one["high"]
    assert record["arms"][0]["expected_cost"] is None


def test_a_record_whose_costs_do_not_belong_to_its_decisions_is_found(record: dict[str, Any]) -> None:
    def differences(changed: dict[str, Any]) -> list[str]:
        found = MetricsRecord.model_validate(changed)
        return [line for arm in found.arms for line in arm_differences(found, arm)]

    assert differences(record) == []
    forged = deepcopy(record)
    forged["arms"][1]["expected_cost"]["least_cost"]["cost"] /= 2
    assert any("expected_cost: least_cost" in line for line in differences(forged))
    forged = deepcopy(record)
    forged["arms"][1]["per_class"][1]["operating_points"][0]["test"]["recall"] = 1.0
    assert any("operating point f_beta: recall" in line for line in differences(forged))


def test_two_classes_have_no_costs_by_class_and_are_told(split_tables: Callable[..., EvaluationTables]) -> None:
    rng = np.random.default_rng(1)
    labels = np.where(rng.random(600) < 0.2, "yes", "no")
    tables = split_tables(pa.table({"x": rng.normal(labels == "yes"), "class": labels}), "class")
    config = EvaluationConfig.model_validate(
        {"learners": ("logistic_regression",), "bootstrap": 0, "class_costs": {"yes": 8}}
    )
    found = compare_strategies(tables, strategy="none", config=config, seed=0)
    assert found["class_costs"] is None
    assert "evaluation.class_costs was ignored: there are two classes" in found["notes"]
