from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._class_report import (
    class_averages,
    class_scores,
    of_two_classes,
    report_figures,
    with_average_intervals,
)
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables, LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.metrics import Confusion, CountsByClass

FIGURES = {"precision": "precision", "recall": "recall", "f1": "f1-score"}
NAMES = {"macro": "macro avg", "weighted": "weighted avg"}


def expected(truth: np.ndarray, called: np.ndarray, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return scikit-learn's report over the classes that have rows."""
    present = np.unique(truth)
    return dict(
        reference.classification_report(
            truth, called, labels=present, target_names=[classes[code] for code in present], output_dict=True,
            zero_division=0,
        )
    )  # fmt: skip


def check(arm: dict[str, Any], theirs: dict[str, Any]) -> None:
    for one in arm["per_class"]:
        own = theirs[one["class"]]
        assert one["rows"] == own["support"]
        assert {name: one[name] for name in FIGURES} == pytest.approx({name: own[FIGURES[name]] for name in FIGURES})
    for average, name in NAMES.items():
        found = {figure: arm["averages"][average][figure] for figure in FIGURES}
        assert found == pytest.approx({figure: theirs[name][FIGURES[figure]] for figure in FIGURES})


@pytest.mark.parametrize("seed", range(20))
def test_the_report_of_two_classes_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = (rng.random(400) < rng.uniform(0.02, 0.5)).astype(np.int32)
    truth[:2] = 0, 1
    score = np.round(np.clip(rng.normal(0.3 + 0.3 * truth, 0.2), 0, 1), 2)
    classes, positive = ("no", "yes"), seed % 2
    shares = np.column_stack([1 - score, score])
    codes = LabelCodes(classes, truth, truth, truth, truth)
    task = EvaluationTask(codes, "none", positive, EvaluationConfig())
    arm = task.evaluate(Predictions("any", "none", shares, shares)).record
    called = task.called(shares, arm["threshold"])
    check(arm, expected(truth, called, classes))


@pytest.mark.parametrize("seed", range(20))
def test_the_means_of_many_classes_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 9))
    truth = rng.choice(size, 500, p=rng.dirichlet(np.ones(size))).astype(np.int32)
    shares = rng.dirichlet(np.ones(size), 500) + 0.4 * np.eye(size)[truth]
    shares /= shares.sum(axis=1, keepdims=True)
    classes = tuple(f"class {code}" for code in range(size))
    codes = LabelCodes(classes, truth, truth, truth, truth)
    task = EvaluationTask(codes, "none", None, EvaluationConfig())
    check(task.evaluate(Predictions("any", "none", shares, shares)).record, expected(truth, shares.argmax(1), classes))


def test_figures_of_resamples_are_those_of_scikit_learn_with_their_weights() -> None:
    rng = np.random.default_rng(3)
    truth, called = rng.integers(0, 3, 90), rng.integers(0, 3, 90)
    weights = rng.integers(0, 4, (5, 90))
    every = np.arange(3)
    parts = [
        (weights @ part.astype(np.float64)).T
        for part in (
            (truth[:, None] == every) & (called[:, None] == every), called[:, None] == every, truth[:, None] == every,
        )
    ]  # fmt: skip
    found = report_figures(CountsByClass(parts[0], parts[1], parts[2], every), every)
    for place, row in enumerate(weights):
        for average in NAMES:
            theirs = reference.f1_score(truth, called, average=average, sample_weight=row)
            assert found[f"{average} f1"][place] == pytest.approx(theirs)
        assert found["f1 of class 2"][place] == pytest.approx(
            reference.f1_score(truth == 2, called == 2, sample_weight=row)
        )


def test_a_class_that_test_lacks_is_left_out_of_the_means() -> None:
    decisions = Confusion(*(np.array([number]) for number in (0.0, 2.0, 0.0, 8.0)))
    counts = of_two_classes(decisions, 1, np.array([0]))
    assert [one["class"] for one in class_scores(counts, ("no", "yes"))] == ["no"]
    assert class_averages(report_figures(counts, np.array([0])))["macro"]["recall"] == 0.8


def test_means_without_resamples_have_no_intervals() -> None:
    averages = {name: {"precision": 0.5, "recall": 0.5, "f1": 0.5} for name in NAMES}
    assert with_average_intervals(averages, {})["macro"]["intervals"] == {}


@pytest.fixture(name="tables", scope="module")
def _tables(split_tables: Callable[..., EvaluationTables]) -> EvaluationTables:
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(1_500) < 0.15, "yes", "no")
    return split_tables(pa.table({"a": rng.normal((labels == "yes") * 1.2), "class": labels}), "class")


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [False, True])
def test_a_table_of_two_classes_has_a_report_with_intervals(tables: EvaluationTables, grouped: bool) -> None:
    if grouped:
        rows = {"validation": tables.validation.num_rows, "test": tables.test.num_rows}
        pairs = {name: np.arange(number, dtype=np.int32) // 2 for name, number in rows.items()}
        tables = replace(tables, groups=pairs)
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=200)
    record = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    for arm in record["arms"][1:]:
        no, yes = arm["per_class"]
        assert (no["class"], yes["class"]) == ("no", "yes")
        assert yes["recall"] == arm["test"]["recall"]
        assert no["recall"] == arm["test"]["specificity"]
        for one in (no, yes, *arm["averages"].values()):
            for figure in FIGURES:
                assert one["intervals"][figure]["low"] < one[figure] < one["intervals"][figure]["high"]


@pytest.mark.slow
def test_the_means_over_classes_cover_those_of_new_rows(split_tables: Callable[..., EvaluationTables]) -> None:
    """Of 60 tables whose learner is fixed, at least nine in ten cover the weighted F1 of 200,000 other rows."""
    big = np.random.default_rng(99)
    truth, within = _scored(big, 200_000), 0
    wanted = reference.f1_score(truth[0], truth[1] >= 0.5, average="weighted")
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels, scores = _scored(rng, 600)
        decisions = [_decisions(labels, scores, row) for row in _drawn(labels, rng, 200)]
        counts = of_two_classes(
            Confusion(*(np.array([one[place] for one in decisions], np.float64) for place in range(4))), 1, np.arange(2)
        )
        once = of_two_classes(
            Confusion(*(np.array([value], np.float64) for value in _decisions(labels, scores, np.arange(600)))), 1,
            np.arange(2),
        )  # fmt: skip
        averages = class_averages(report_figures(once, np.arange(2)))
        bounds = with_average_intervals(averages, report_figures(counts, np.arange(2)))["weighted"]["intervals"]["f1"]
        within += bounds["low"] <= wanted <= bounds["high"]
    assert within >= 54


def _scored(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    labels = (np.arange(rows) < rows * 0.15).astype(np.int32)
    return labels, rng.normal(0.2 + 0.3 * labels, 0.25)


def _decisions(labels: np.ndarray, scores: np.ndarray, rows: np.ndarray) -> tuple[int, int, int, int]:
    positive, called = labels[rows] == 1, scores[rows] >= 0.5
    return (
        int((positive & called).sum()), int((~positive & called).sum()), int((positive & ~called).sum()),
        int((~positive & ~called).sum()),
    )  # fmt: skip


def _drawn(labels: np.ndarray, rng: np.random.Generator, number: int) -> list[np.ndarray]:
    parts = [np.flatnonzero(labels == code) for code in (0, 1)]
    return [np.concatenate([rng.choice(part, len(part)) for part in parts]) for _ in range(number)]
