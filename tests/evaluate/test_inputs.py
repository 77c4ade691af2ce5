from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._inputs import find_evaluation, load_tables, publish_evaluation
from counterpoise.evaluate._published_rows import PublishedRows
from counterpoise.split import rank_of, read_order
from counterpoise.versions import open_version
from tests.snapshots import mixed_table, run_engine
from tests.versions.records import metrics_of


def test_learners_see_train_before_and_after_and_the_untouched_partitions(tmp_path: Path) -> None:
    table = mixed_table(900)
    run = run_engine(
        table, tmp_path, columns={"target": "label", "ids": ["id"]}, resampling={"strategy": "random_under"}
    )
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    assert tables.train_natural.num_rows == tables.natural_rows == sum(run.split.counts["train"].values())
    assert tables.train_resampled.num_rows == run.version.partitions["train"].rows
    assert tables.test.num_rows == run.version.partitions["test"].rows
    assert tables.train_natural.schema.names == table.drop_columns(["id"]).schema.names
    assert tables.notes == ()


def test_weights_come_with_the_train_rows_that_they_belong_to(tmp_path: Path) -> None:
    run = run_engine(
        mixed_table(900), tmp_path, columns={"target": "label", "ids": ["id"]}, resampling={"strategy": "weights"}
    )
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    assert tables.weights is not None
    positive = tables.train_resampled["label"].to_numpy() == 1
    assert set(tables.weights[~positive]) == {1}
    assert len(set(tables.weights[positive])) == 1
    assert tables.weights[positive].sum() == pytest.approx(tables.weights[~positive].sum())
    assert tables.train_resampled.num_rows == tables.natural_rows


def test_classes_that_have_the_ratio_already_need_no_weights(tmp_path: Path) -> None:
    run = run_engine(
        mixed_table(900), tmp_path, columns={"target": "label", "ids": ["id"]},
        resampling={"strategy": "weights", "ratio": 0.01},
    )  # fmt: skip
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    assert tables.weights is None
    assert tables.train_resampled.num_rows == tables.natural_rows


def test_an_evaluation_is_published_whole_and_the_first_one_stays(tmp_path: Path) -> None:
    run = run_engine(mixed_table(300), tmp_path)
    assert find_evaluation(run.version) is None
    correction: dict[str, Any] = {
        "positive_class": "yes",
        **PriorCorrection(natural=0.1, training=0.5).as_dict(),
        "test_prevalence": 0.1,
        "learners": {},
    }
    first = publish_evaluation(run.version, metrics=metrics_of(correction=correction), html="<p>1</p>")
    again = publish_evaluation(run.version, metrics=metrics_of(verdict="It did not."), html="<p>2</p>")
    assert first == again == find_evaluation(run.version)
    assert first.verdict == "It helped."
    assert Path(first.html).read_text() == "<p>1</p>"
    folder = Path(first.html).parent
    assert json.loads((folder / "correction.json").read_text()) == correction
    assert [path.name for path in folder.parent.iterdir()] == ["00000001"]


def test_untouched_rows_know_their_group_and_a_verdict_counts_groups(tmp_path: Path) -> None:
    customers = pa.array(np.repeat(np.arange(300), 3))
    table = mixed_table(900, share=0.3).append_column("customer", customers)
    run = run_engine(table, tmp_path, columns={"target": "label", "group": "customer", "ids": ["id"]})
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    version = open_version(f"{run.version.root}/{run.version.dataset}")
    keys = PublishedRows(version, rank_of(read_order(run.split))).read("keys/test").to_pandas()
    assert pd.factorize(keys["customer"])[0].tolist() == tables.groups["test"].tolist()
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=20)
    metrics = compare_strategies(tables, strategy="none", config=config, seed=0)
    positive = tables.test["label"].to_numpy() == 1
    assert metrics["deciding_rows"] == keys["customer"][positive].nunique() < positive.sum()
    assert metrics["deciding_rows_are"] == "groups with positives"
    assert "whole groups" in metrics["bootstrap"]["method"]
