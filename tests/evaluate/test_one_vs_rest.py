"""The probability of each class against the rest is corrected as with two classes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig, LearnerName
from counterpoise.evaluate._arms import Predictions, train_arms
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._one_vs_rest import MOST_CLASSES, one_vs_rest
from counterpoise.evaluate._tables import EvaluationTables, LabelCodes, read_label_codes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.results import MetricsRecord
from counterpoise.verify._metrics import metric_differences

pytestmark = pytest.mark.slow

SHARES = {"common": 0.7, "rare": 0.2, "rarest": 0.1}
LEARNERS: tuple[LearnerName, ...] = ("logistic_regression", "random_forest")


def table(rows: int, shares: dict[str, float], seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    codes = rng.choice(len(shares), rows, p=list(shares.values()))
    features = rng.normal(size=(rows, 3))
    features[np.arange(rows), codes % 3] += 1.2
    return pa.table({**{f"f{n}": features[:, n] for n in range(3)}, "label": np.array(list(shares))[codes]})


@pytest.fixture(scope="module", params=["none", "random_over"])
def evaluated(request: pytest.FixtureRequest, split_tables: Any) -> tuple[EvaluationTables, str, dict[str, Any]]:
    tables = split_tables(table(15_000, SHARES), "label", strategy=request.param)
    config = EvaluationConfig(learners=LEARNERS, bootstrap=50, draws=1)
    return tables, request.param, compare_strategies(tables, strategy=request.param, config=config, seed=2)


def parts(record: dict[str, Any]) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    return [(one, name, part) for one in record["one_vs_rest"] for name, part in one["learners"].items()]


def test_every_class_of_every_learner_is_corrected(evaluated: tuple[EvaluationTables, str, dict[str, Any]]) -> None:
    record = evaluated[2]
    assert [one["positive_class"] for one in record["one_vs_rest"]] == record["classes"]
    assert len(parts(record)) == 3 * len(LEARNERS)
    assert record["correction"] is None


def test_the_mean_of_each_class_is_within_5_percent_of_its_prevalence_or_said_not_to_be(
    evaluated: tuple[EvaluationTables, str, dict[str, Any]],
) -> None:
    for correction, name, part in parts(evaluated[2]):
        prevalence = correction["test_prevalence"]
        far = abs(part["calibrated"]["mean_probability"] / prevalence - 1) > 0.05
        assert far == bool(part["mean_note"]), (correction["positive_class"], name)
        own = part["calibrated"]["against_own"].get("brier")
        assert own is None or not (own["low"] or 0) > 0
    noted = [part for _, _, part in parts(evaluated[2]) if part["mean_note"]]
    assert len(noted) <= 1


def test_over_sampled_learners_are_moved_back(evaluated: tuple[EvaluationTables, str, dict[str, Any]]) -> None:
    _, strategy, record = evaluated
    for correction, name, part in parts(record):
        if strategy != "none" and correction["positive_class"] == "rarest" and name == "logistic_regression":
            assert part["before"]["mean_probability"] > 1.5 * correction["test_prevalence"]
            assert part["calibrated"]["mean_probability"] < 1.15 * correction["test_prevalence"]


def test_the_published_lines_give_the_published_numbers(
    evaluated: tuple[EvaluationTables, str, dict[str, Any]],
) -> None:
    tables, strategy, record = evaluated
    codes = read_label_codes(tables)
    arms = train_arms(tables, codes, strategies=(strategy,), learners=LEARNERS, seed=2)
    test = {arm.learner: arm.test for arm in arms if isinstance(arm, Predictions)}
    for correction, learner, part in parts(json.loads(json.dumps(record))):
        code = codes.classes.index(correction["positive_class"])
        names: dict[str, Any] = {"c": correction, "q": test[learner][:, code], "learner": learner}
        exec(correction["snippet"], names)  # noqa: S102  # our own lines, which users will paste
        exec(part["calibrated"]["snippet"], names)  # noqa: S102
        assert names["calibrated"].mean() == pytest.approx(part["calibrated"]["mean_probability"], abs=1e-12)


def test_the_record_is_valid_and_a_forged_one_is_told(
    evaluated: tuple[EvaluationTables, str, dict[str, Any]],
) -> None:
    record = evaluated[2]
    assert [one for one in metric_differences(MetricsRecord.model_validate(record)) if "one_vs_rest" in one] == []
    for forge, told in (
        (("natural_prevalence", 0.3), "natural_prevalence"),
        (("snippet", "import os"), "snippet is import os"),
        (("positive_class", "other"), "no such class"),
    ):
        forged = json.loads(json.dumps(record))
        forged["one_vs_rest"][0][forge[0]] = forge[1]
        found = list(metric_differences(MetricsRecord.model_validate(forged)))
        assert any(told in one for one in found), told


def predicted(rng: np.random.Generator, rows: int, classes: int, distorted: float) -> tuple[Any, Any]:
    """Return labels drawn from known probabilities, and those probabilities with another prior and too extreme."""
    logits = rng.normal(size=(rows, classes)) * 1.5 + np.linspace(1.5, 0, classes)
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1).astype(np.int32)
    bent = np.exp(1.3 * logits - distorted * np.linspace(1.5, 0, classes))
    return labels, bent / bent.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(20))
def test_every_number_of_a_class_is_that_of_scikit_learn_and_its_mean_is_right_or_said_to_be_off(seed: int) -> None:
    rng, classes = np.random.default_rng(seed), 3 + seed % 6
    (known, validation), (truth, test) = (predicted(rng, 2_000, classes, seed % 3 / 2) for _ in range(2))
    train, _ = predicted(rng, 2_000, classes, 0)
    names = tuple(f"class {number}" for number in range(classes))
    codes = LabelCodes(names, train, train, known, truth)
    task = EvaluationTask.of(codes, strategy="none", config=EvaluationConfig(bootstrap=0))
    found = one_vs_rest(task, [Predictions("learner", "none", validation, test)], seed=seed)
    assert len(found) == classes
    for correction in json.loads(json.dumps(found)):
        code, part = names.index(correction["positive_class"]), correction["learners"]["learner"]
        of_class = truth == code
        named: dict[str, Any] = {"c": correction, "q": test[:, code], "learner": "learner"}
        exec(correction["snippet"] or "p = q", named)  # noqa: S102  # our own lines, which users will paste
        exec(part["calibrated"]["snippet"], named)  # noqa: S102
        for kind, shown in (("before", test[:, code]), ("calibrated", named["calibrated"])):
            assert part[kind]["brier"] == pytest.approx(reference.brier_score_loss(of_class, shown))
            assert part[kind]["log_loss"] == pytest.approx(reference.log_loss(of_class, shown), rel=1e-6)
            assert part[kind]["mean_probability"] == pytest.approx(shown.mean())
        precision, recall, _ = reference.precision_recall_curve(known == code, validation[:, code])
        tried = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        chosen = reference.f1_score(known == code, validation[:, code] >= part["threshold_training_scale"])
        assert chosen >= tried.max() - 1e-12
        assert np.mean(named["positive"] != (test[:, code] >= part["threshold_training_scale"])) < 0.02
        assert correction["test_prevalence"] == pytest.approx(of_class.mean())
        assert correction["natural_prevalence"] == pytest.approx((train == code).mean())
        off = abs(part["calibrated"]["mean_probability"] / of_class.mean() - 1) > 0.05
        assert off == bool(part["mean_note"])


def test_of_many_classes_the_smallest_are_corrected(split_tables: Any) -> None:
    shares = {f"class {number:02d}": 1 / 14 for number in range(14)}
    tables = split_tables(table(3_000, shares), "label", strategy="none")
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=0)
    record = compare_strategies(tables, strategy="none", config=config, seed=0)
    assert len(record["one_vs_rest"]) == MOST_CLASSES


def test_with_two_classes_there_is_none(split_tables: Any, signal_table: Any) -> None:
    tables = split_tables(signal_table(800), "label")
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=0)
    assert compare_strategies(tables, strategy="random_over", config=config, seed=0)["one_vs_rest"] == []
