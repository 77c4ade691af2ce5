from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import EvaluationConfig
from counterpoise.errors import EvaluationError
from counterpoise.evaluate import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables, ResampledTrain
from counterpoise.results import check_metrics
from counterpoise.verify._metrics import metric_differences
from tests.evaluate.conftest import MakeTables

HEADLINE = "average_precision"


@pytest.fixture(scope="module", name="table")
def _table() -> pa.Table:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 2_000))
    return pa.table({"x": x, "z": z, "y": rng.random(2_000) < 1 / (1 + np.exp(2.5 - 1.5 * x))})


def under_sampled(tables: EvaluationTables) -> Callable[[int], ResampledTrain]:
    labels = np.array(tables.train_natural["y"].to_pylist())

    def draw(seed: int) -> ResampledTrain:
        rng = np.random.default_rng(seed)
        rows = [rng.choice(np.flatnonzero(labels == name), labels.sum(), replace=False) for name in (False, True)]
        return ResampledTrain(tables.train_natural.take(pa.array(np.concatenate(rows))))

    return draw


def drawn(make: MakeTables, table: pa.Table, *, strategy: str = "random_under", redraw: Any = None) -> EvaluationTables:
    tables = make(table, "y", strategy="random_under")
    again = under_sampled(tables) if redraw is None else redraw
    return EvaluationTables(**{**vars(tables), "redraw": again})


def evaluated(tables: EvaluationTables, *, strategy: str = "random_under", **settings: Any) -> dict[str, Any]:
    config = EvaluationConfig.model_validate({"learners": ["logistic_regression"], "bootstrap": 100, **settings})
    record = compare_strategies(tables, strategy=strategy, config=config, seed=0)
    check_metrics(record)
    return record


@pytest.mark.slow
def test_the_verdict_is_about_the_mean_of_the_draws_and_shows_their_range(
    split_tables: MakeTables, table: pa.Table
) -> None:
    record = evaluated(drawn(split_tables, table), draws=4)
    (comparison,) = record["comparisons"]
    draws = comparison["draws"]
    effect = draws["effects"][HEADLINE]
    assert (draws["number"], draws["sampler"], draws["learner"], draws["note"]) == (4, True, False, "")
    assert effect["values"][0] == comparison["differences"][HEADLINE]["difference"]
    assert effect["difference"] == pytest.approx(np.mean(effect["values"]))
    assert effect["between"] == pytest.approx(np.std(effect["values"], ddof=1))
    assert len(set(effect["values"])) == 4
    half = (effect["high"] - effect["low"]) / 2
    assert half > 1.95 * np.hypot(effect["within"], effect["between"] / 2)
    text = comparison["verdict"]["text"]
    assert f"mean over 4 draws of its rows ({min(effect['values']):+.3f}".replace("-", "−") in text
    assert record["verdict"] == text


def test_what_is_not_random_is_fitted_once(split_tables: MakeTables, table: pa.Table) -> None:
    def never(_: int) -> ResampledTrain:
        raise AssertionError

    tables = drawn(split_tables, table, redraw=never)
    (comparison,) = evaluated(tables, strategy="tomek_links")["comparisons"]
    assert comparison["draws"] == {"number": 1, "sampler": False, "learner": False, "note": "", "effects": {}}
    assert "draws" not in comparison["verdict"]["text"]


@pytest.mark.slow
def test_a_random_learner_is_fitted_with_other_seeds_in_both_arms(split_tables: MakeTables, table: pa.Table) -> None:
    tables = drawn(split_tables, table.slice(0, 600))
    learners = ["logistic_regression", "random_forest"]
    logistic, forest = evaluated(tables, strategy="tomek_links", learners=learners, draws=3)["comparisons"]
    assert logistic["draws"]["number"] == 1
    assert (forest["draws"]["number"], forest["draws"]["sampler"], forest["draws"]["learner"]) == (3, False, True)
    assert "3 fits with other seeds" in forest["verdict"]["text"]
    both = evaluated(tables, learners=learners, draws=3)["comparisons"][1]
    assert "3 draws of its rows, each with a fit of its own" in both["verdict"]["text"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws(split_tables: MakeTables, table: pa.Table) -> None:
    tables = drawn(split_tables, table)
    assert evaluated(tables, draws=3)["comparisons"] == evaluated(tables, draws=3)["comparisons"]


def test_one_draw_is_the_published_one(split_tables: MakeTables, table: pa.Table) -> None:
    (comparison,) = evaluated(drawn(split_tables, table), draws=1)["comparisons"]
    assert comparison["draws"]["number"] == 1
    assert comparison["draws"]["effects"] == {}


def test_after_three_draws_the_time_may_be_up(split_tables: MakeTables, table: pa.Table) -> None:
    record = evaluated(drawn(split_tables, table), draws=6, draws_seconds=0)
    note = "draws ended after 3 of 6: the time was up (evaluation.draws_seconds)"
    assert record["comparisons"][0]["draws"]["number"] == 3
    assert record["comparisons"][0]["draws"]["note"] == note
    assert note in record["notes"]


def test_a_draw_that_cannot_be_made_ends_them_and_says_why(split_tables: MakeTables, table: pa.Table) -> None:
    def refused(_: int) -> ResampledTrain:
        raise EvaluationError("sample_not_resampled", expected="rows", found="too few of them", remedy="collect more")

    record = evaluated(drawn(split_tables, table, redraw=refused))
    assert record["comparisons"][0]["draws"]["note"] == "draws ended after 1 of 5: too few of them"


def test_without_a_bootstrap_there_is_a_range_but_no_verdict(split_tables: MakeTables, table: pa.Table) -> None:
    (comparison,) = evaluated(drawn(split_tables, table), bootstrap=0, draws=3)["comparisons"]
    effect = comparison["draws"]["effects"][HEADLINE]
    assert effect["low"] is None
    assert len(effect["values"]) == 3
    assert comparison["verdict"]["outcome"] == "undecided"


@pytest.mark.slow
def test_more_than_two_classes_are_drawn_again_too(split_tables: MakeTables) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=1_500)
    table = pa.table({"x": x, "y": np.digitize(x + rng.normal(size=1_500), [0.5, 1.5]).astype(str)})
    tables = split_tables(table, "y", strategy="random_under")
    labels = np.array(tables.train_natural["y"].to_pylist())
    least = min((labels == name).sum() for name in "012")

    def draw(seed: int) -> ResampledTrain:
        chosen = np.random.default_rng(seed)
        rows = [chosen.choice(np.flatnonzero(labels == name), least, replace=False) for name in "012"]
        return ResampledTrain(tables.train_natural.take(pa.array(np.concatenate(rows))))

    record = evaluated(EvaluationTables(**{**vars(tables), "redraw": draw}), draws=3)
    assert record["comparisons"][0]["draws"]["effects"]["f1"]["low"] is not None


@pytest.mark.slow
def test_records_with_other_numbers_contradict_themselves(split_tables: MakeTables, table: pa.Table) -> None:
    from counterpoise.results import MetricsRecord

    record = evaluated(drawn(split_tables, table), draws=3)
    assert list(metric_differences(MetricsRecord.model_validate(record))) == []
    effect = record["comparisons"][0]["draws"]["effects"][HEADLINE]
    effect["values"][1] += 0.1
    told = list(metric_differences(MetricsRecord.model_validate(record)))
    assert any("draws: mean of average_precision" in sentence for sentence in told)
