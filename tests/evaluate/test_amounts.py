from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.money import AMOUNTS, Amounts, coverage
from counterpoise.config import EvaluationConfig, build_config
from counterpoise.errors import ConfigError, EvaluationError
from counterpoise.evaluate._amounts import amount_point, cheapest_threshold
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._explorer import threshold_counts
from counterpoise.evaluate._inputs import load_tables
from counterpoise.evaluate._metrics.thresholds import choose_arm_threshold
from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.report._sections.operating_points import points_view
from counterpoise.results import MetricsRecord, check_metrics
from counterpoise.verify._arms import arm_differences
from tests.snapshots import mixed_table, run_engine

pytestmark = pytest.mark.slow

CONFIG = EvaluationConfig(cost_column="amount", cost_false_positive=3.0, bootstrap=200)


def scored(seed: int, rows: int = 300, digits: int = 2) -> ScoredRows:
    """Return rows whose positives have skewed amounts, and scores with ties."""
    rng = np.random.default_rng(seed)
    positive = rng.permutation(rows) < 0.15 * rows  # a stratified split fixes the number of positives
    scores = np.where(positive, rng.beta(4, 2, rows), rng.beta(2, 4, rows)).astype(np.float64).round(digits)
    return ScoredRows(scores, positive, missed=np.where(positive, np.round(rng.lognormal(2.5, 1.2, rows), 2), 0.0))


def spent(rows: ScoredRows, threshold: float, *, false_alarm: float = 3.0) -> float:
    assert rows.missed is not None
    called = rows.scores >= threshold
    return float(false_alarm * (called & ~rows.positive).sum() + rows.missed[~called & rows.positive].sum())


@pytest.mark.parametrize("seed", range(20))
def test_the_threshold_has_the_least_cost_that_brute_force_finds(seed: int) -> None:
    rows = scored(seed, digits=1 + seed % 3)
    (found,), (cost,) = cheapest_threshold(rows, np.ones((1, 300)), false_alarm=3.0)
    tried = [spent(rows, value) for value in (*np.unique(rows.scores), 1.1)]
    assert cost == pytest.approx(min(tried))
    assert spent(rows, float(found)) == pytest.approx(min(tried))
    weights = np.random.default_rng(seed).integers(0, 3, 300)
    again = np.repeat(np.arange(300), weights)
    assert rows.missed is not None
    repeated = ScoredRows(rows.scores[again], rows.positive[again], missed=rows.missed[again])
    (_,), (weighted,) = cheapest_threshold(rows, weights[None, :].astype(np.int32), false_alarm=3.0)
    assert weighted == pytest.approx(min(spent(repeated, value) for value in (*np.unique(rows.scores), 1.1)))


def test_equal_amounts_decide_as_the_cost_of_a_class_does() -> None:
    rows = scored(1)
    same = replace(rows, missed=np.where(rows.positive, 7.0, 0.0))
    config = EvaluationConfig(threshold="cost", cost_false_positive=3.0, cost_false_negative=7.0)
    by_class = choose_arm_threshold(same, config=config)
    by_row = choose_arm_threshold(same, config=CONFIG.model_copy(update={"threshold": "amount"}))
    assert (by_row.value, by_row.score) == pytest.approx((by_class.value, by_class.score))
    assert by_row.rule == "amount"


def test_money_is_what_rows_cost_one_by_one() -> None:
    validation, test = scored(3), scored(4)
    point = amount_point(validation, test, config=CONFIG, rng=np.random.default_rng(0))
    money, rows = point["money"], len(test.scores)
    assert money["cost"] == pytest.approx(1000 * spent(test, point["threshold"]) / rows)
    assert money["never"] == pytest.approx(1000 * spent(test, 2.0) / rows)
    assert money["always"] == pytest.approx(1000 * spent(test, 0.0) / rows)
    assert money["saved_to_never"]["difference"] == pytest.approx(money["never"] - money["cost"])
    assert money["saved_to_always"]["difference"] == pytest.approx(money["always"] - money["cost"])
    for name in ("cost", "never", "always"):
        assert money[f"{name}_low"] <= money[name] <= money[f"{name}_high"]
    assert point["threshold_low"] <= point["threshold"] <= point["threshold_high"]


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("amounts", AMOUNTS[:3], ids=lambda one: one.name)
def test_intervals_of_what_is_saved_cover_it_on_new_rows(amounts: Amounts, free: bool) -> None:
    """Ninety positives: 94.7 to 100 % of 1,000 tables were covered."""
    found = coverage(amounts, rows=600, positives=90, free=free, tables=300)
    assert found["saved_to_never"] >= 0.92
    assert found["saved_to_always"] >= 0.88


def test_where_amounts_are_unknown_the_costs_decide_and_it_is_said() -> None:
    rows = replace(scored(1), missed=None)
    found = choose_arm_threshold(rows, config=CONFIG.model_copy(update={"threshold": "amount"}))
    by_cost = choose_arm_threshold(rows, config=CONFIG.model_copy(update={"threshold": "cost"}))
    assert found.value == by_cost.value
    assert "unknown here" in found.note


@pytest.fixture(name="tables", scope="module")
def _tables(split_tables: Callable[..., EvaluationTables]) -> EvaluationTables:
    rng = np.random.default_rng(1)
    labels = np.where(rng.random(2_000) < 0.15, "yes", "no")
    amount = rng.lognormal(2.5, 1.0, 2_000)
    table = pa.table({"x": rng.normal((labels == "yes") * 1.5), "amount": amount, "class": labels})
    tables = split_tables(table, "class")
    parts = {name: getattr(tables, name)["amount"].to_numpy() for name in ("validation", "test")}
    return replace(tables, amounts=parts)


def test_the_record_has_money_and_the_report_says_what_is_saved(tables: EvaluationTables) -> None:
    config = CONFIG.model_copy(update={"threshold": "amount", "learners": ("logistic_regression",)})
    record = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    check_metrics(record)
    assert record["threshold_rule"]["wanted"] == "least cost, 3 per false alarm and amount per miss"
    for arm in record["arms"][1:]:
        point = arm["operating_points"][-1]
        assert (point["rule"], arm["threshold_rule"]) == ("amount", "amount")
        assert point["threshold"] == arm["threshold"]
        assert point["money"]["saved_to_never"]["low"] > 0
    view = points_view(record)
    assert view is not None
    assert "if missing a row costs its amount" in view.money[0]
    assert "Never alerting costs" in view.money[0]
    found = MetricsRecord.model_validate(record)
    assert [line for arm in found.arms for line in arm_differences(found, arm)] == []


def test_verify_finds_money_that_contradicts_itself(tables: EvaluationTables) -> None:
    config = CONFIG.model_copy(update={"learners": ("logistic_regression",), "bootstrap": 20})
    record = compare_strategies(tables, strategy="none", config=config, seed=0)
    point, explored = ("operating_points", -1, "money"), ("thresholds", "test")
    lies: list[tuple[tuple[Any, ...], str]] = [
        ((*point, "saved_to_never", "difference"), "money: saved_to_never"),
        ((*point, "cost"), "money: cost"),
        ((*point, "never"), "money: never"),
        ((*explored, "missed", -1), "money: never"),
        (("thresholds", "validation", "missed", 50), "thresholds: "),
        (("thresholds", "examples", 4, "test", "money"), "thresholds: money on test"),
    ]
    for path, told in lies:
        forged = deepcopy(record)
        place = forged["arms"][1]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = place[path[-1]] * 2 + 1
        lied = MetricsRecord.model_validate(forged)
        assert any(line.startswith(told) for line in arm_differences(lied, lied.arms[1])), path


def test_the_explorer_has_the_costs_of_the_rows_that_each_threshold_misses(tables: EvaluationTables) -> None:
    config = CONFIG.model_copy(update={"learners": ("logistic_regression",), "bootstrap": 0})
    arm = compare_strategies(tables, strategy="none", config=config, seed=0)["arms"][1]
    positive = np.array(tables.test["class"].to_pylist()) == "yes"
    total = float(tables.amounts["test"][positive].sum())
    explored = arm["thresholds"]
    assert (explored["test"]["missed"][0], explored["test"]["missed"][-1]) == (0.0, pytest.approx(total))
    rows = ScoredRows(np.round(np.random.default_rng(0).random(200), 1), np.arange(200) % 3 == 0)
    rows = replace(rows, missed=np.where(rows.positive, np.arange(200.0), 0.0))
    found = threshold_counts(rows, rows, chosen=(), costs={"false_positive": 3.0, "false_negative": 7.0})
    for place, threshold in enumerate(found["threshold"]):
        false = found["test"]["false_positives"][place]
        assert 3.0 * false + found["test"]["missed"][place] == pytest.approx(spent(rows, threshold))
    for example in found["examples"]:
        assert example["test"]["money"] == pytest.approx(1000 * spent(rows, example["threshold"]) / 200)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_positive_without_a_cost_is_refused(tables: EvaluationTables, wrong: float) -> None:
    amounts = {name: values.copy() for name, values in tables.amounts.items()}
    positive = np.array(tables.test["class"].to_pylist()) == "yes"
    amounts["test"][np.flatnonzero(positive)[0]] = wrong
    config = CONFIG.model_copy(update={"learners": ("logistic_regression",), "bootstrap": 0})
    with pytest.raises(EvaluationError, match=r"positives of test, (1|0) of them without"):
        compare_strategies(replace(tables, amounts=amounts), strategy="none", config=config, seed=0)


def test_the_amount_may_be_a_feature_or_a_key_that_no_learner_sees(tmp_path: Path) -> None:
    table = mixed_table(900)
    table = table.append_column("amount", pa.array(np.random.default_rng(0).lognormal(2, 1, 900)))
    for number, ids in enumerate((["id"], ["id", "amount"])):
        settings: dict[str, Any] = {"columns": {"target": "label", "ids": ids}}
        run = run_engine(table, tmp_path / str(number), evaluation={"cost_column": "amount"}, **settings)
        tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
        assert ("amount" in tables.test.schema.names) == (number == 0)
        rows = {"validation": tables.validation.num_rows, "test": tables.test.num_rows}
        assert {name: len(values) for name, values in tables.amounts.items()} == rows


def test_a_threshold_by_amount_needs_a_column_that_is_published() -> None:
    values = {"name": "x", "source": {"path": "x.csv"}, "columns": {"target": "label", "drop": ["gone"]}}
    with pytest.raises(ConfigError, match="needs cost_column"):
        build_config(values, ["evaluation.threshold=amount"])
    with pytest.raises(ConfigError, match="is neither"):
        build_config(values, ["evaluation.cost_column=gone"])
