from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig, build_config
from counterpoise.errors import ColumnNotFoundError, ConfigError
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._groups import compare_groups, holm
from counterpoise.evaluate._inputs import load_tables
from counterpoise.evaluate._slices import DecidedRows
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.results import MetricsRecord, check_metrics
from counterpoise.verify._metrics import _parts
from tests.snapshots import mixed_table, run_engine

pytestmark = pytest.mark.slow


def rows_of(seed: int, rows: int = 600, *, missed: float = 0.0) -> tuple[pa.Table, DecidedRows]:
    """Return rows of three regions and two sexes; of the north's positives a share is missed on top of others."""
    rng = np.random.default_rng(seed)
    region, sex = rng.choice(["north", "south", "west"], rows), rng.choice(["f", "m"], rows)
    positive = rng.random(rows) < 0.3
    scores = np.where(positive, rng.beta(4, 2, rows), rng.beta(2, 4, rows))
    scores[(region == "north") & positive & (rng.random(rows) < missed)] = 0.1
    return pa.table({"region": region, "sex": sex}), DecidedRows(scores, positive, scores >= 0.5)


@pytest.mark.parametrize("seed", range(10))
def test_rates_are_those_of_scikit_learn_and_tests_those_of_scipy(seed: int) -> None:
    columns, rows = rows_of(seed)
    found = compare_groups(columns, rows)
    assert len(found["groups"]) == 5
    for one in found["groups"]:
        members = np.array(columns[one["column"]].to_pylist()) == one["group"]
        truth, called = rows.positive[members], rows.called[members]
        expected = {
            "recall": reference.recall_score(truth, called),
            "precision": reference.precision_score(truth, called),
            "false_positive_rate": 1 - reference.recall_score(~truth, ~called),
            "selection_rate": called.mean(),
        }
        assert {name: rate["share"] for name, rate in one["rates"].items()} == pytest.approx(expected)
        rest = rows.called[~members & rows.positive]
        table = [[called[truth].sum(), (~called[truth]).sum()], [rest.sum(), (~rest).sum()]]
        recall = one["rates"]["recall"]
        assert recall["p"] == pytest.approx(stats.fisher_exact(np.array(table)).pvalue)
        assert recall["rest"] == pytest.approx(rest.mean())
        assert recall["difference_low"] < recall["difference"] < recall["difference_high"]
        wilson = stats.binomtest(int(called[truth].sum()), int(truth.sum())).proportion_ci(method="wilson")
        assert (recall["low"], recall["high"]) == pytest.approx((wilson.low, wilson.high))


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_values_are_those_of_the_step_down_procedure(seed: int) -> None:
    values = np.round(np.random.default_rng(seed).uniform(0, 0.2, 12), 3)
    for level in (0.01, 0.05, 0.1, 0.3):
        rejected = set()
        for step, place in enumerate(np.argsort(values, kind="stable")):
            if values[place] * (len(values) - step) > level:
                break
            rejected.add(int(place))
        assert set(np.flatnonzero(holm(values.tolist()) <= level).tolist()) == rejected


def test_both_sides_of_a_split_are_one_test_and_one_finding() -> None:
    columns, rows = rows_of(0)
    found = compare_groups(columns.select(["sex"]), rows)
    assert found["tests"] == 4
    first, second = (one["rates"]["recall"] for one in found["groups"])
    assert first["adjusted"] == second["adjusted"]
    assert first["difference"] == pytest.approx(-second["difference"])
    assert compare_groups(columns, rows)["tests"] == 16


def test_without_differences_one_in_twenty_tables_finds_one_at_most() -> None:
    found = [compare_groups(*rows_of(seed))["findings"][0].startswith("No group differs") for seed in range(300)]
    assert np.mean(found) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / 300)


def test_a_group_that_is_missed_more_often_is_found_and_said() -> None:
    named = 0
    for seed in range(20):
        findings = compare_groups(*rows_of(seed, 2_000, missed=0.35))["findings"]
        named += any(line.startswith("region north: recall") and "below the rest" in line for line in findings)
    assert named == 20


def test_intervals_of_differences_cover_the_true_one() -> None:
    """Recall falls from 0.8125 by the missed 35 % in the north; other rates stay as they are."""
    big = compare_groups(*rows_of(1_000, 400_000, missed=0.35))
    truth = next(one for one in big["groups"] if one["group"] == "north")["rates"]["recall"]["difference"]
    within = 0
    for seed in range(200):
        found = compare_groups(*rows_of(seed, 600, missed=0.35))["groups"]
        rate = next(one for one in found if one["group"] == "north")["rates"]["recall"]
        within += rate["difference_low"] <= truth <= rate["difference_high"]
    assert within >= 182


def test_rows_of_one_group_count_once_in_tests() -> None:
    columns, rows = rows_of(3, 1_000, missed=0.2)
    twice = pa.concat_tables([columns, columns])
    again = DecidedRows(np.tile(rows.scores, 2), np.tile(rows.positive, 2), np.tile(rows.called, 2))
    pairs = np.tile(np.arange(1_000, dtype=np.int32), 2)
    single, tied, free = (
        {one["group"]: one["rates"]["recall"] for one in compare_groups(table, given)["groups"]}
        for table, given in ((columns, rows), (twice, replace(again, groups=pairs)), (twice, again))
    )
    assert tied["north"]["p"] == pytest.approx(single["north"]["p"])
    assert free["north"]["p"] < single["north"]["p"]


def test_small_groups_have_no_test_and_are_told() -> None:
    columns = pa.table({"region": ["a"] * 8 + ["b"] * 8})
    rows = DecidedRows(np.linspace(0, 1, 16), np.arange(16) % 2 == 0, np.arange(16) > 7)
    found = compare_groups(columns, rows)
    assert found["tests"] == 0
    assert found["findings"] == ["No group is large enough to be compared with the rest."]
    assert all(rate["p"] is None for one in found["groups"] for rate in one["rates"].values())


def test_columns_may_be_features_or_keys_that_no_learner_sees(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"columns": {"target": "label", "ids": ["id", "word"]}}
    run = run_engine(mixed_table(900), tmp_path, evaluation={"slices": ["word", "kind"]}, **settings)
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    assert tables.slices is not None
    assert tables.slices.schema.names == ["word", "kind"]
    assert "word" not in tables.test.schema.names
    assert tables.slices.num_rows == tables.test.num_rows
    asked = run.config.model_copy(update={"evaluation": EvaluationConfig(slices=("nothing",))})
    with pytest.raises(ColumnNotFoundError, match=r"evaluation\.slices"):
        load_tables(asked, snapshot=run.snapshot, split=run.split, version=run.version)


@pytest.mark.parametrize("name", ["label", "gone"])
def test_the_label_and_dropped_columns_are_refused(name: str) -> None:
    values = {"name": "x", "source": {"path": "x.csv"}, "columns": {"target": "label", "drop": ["gone"]}}
    with pytest.raises(ConfigError, match="is neither"):
        build_config(values, [f"evaluation.slices=[{name}]"])


def test_the_record_has_groups_that_agree_with_their_counts(split_tables: Callable[..., EvaluationTables]) -> None:
    rng = np.random.default_rng(1)
    labels = np.where(rng.random(1_500) < 0.2, "yes", "no")
    table = pa.table({"x": rng.normal(labels == "yes"), "region": rng.choice(["a", "b"], 1_500), "class": labels})
    tables = split_tables(table, "class")
    tables = replace(tables, slices=tables.test.select(["region"]))
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=20, slices=("region",))
    record = compare_strategies(tables, strategy="none", config=config, seed=0)
    check_metrics(record)
    assert record["groups"]["learner"] == "logistic_regression"
    assert list(_parts(MetricsRecord.model_validate(record))) == []
    forged = deepcopy(record)
    forged["groups"]["groups"][0]["rates"]["recall"]["share"] = 0.99
    assert "groups: recall of" in next(iter(_parts(MetricsRecord.model_validate(forged))))
