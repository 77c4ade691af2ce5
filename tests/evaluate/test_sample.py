from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import EvaluationConfig, ResamplingConfig
from counterpoise.errors import EvaluationError
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._inputs import load_tables
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.persist import publish_version
from counterpoise.records import StrategyChoice
from counterpoise.resample import follow, plan_resampling
from counterpoise.strategies import STRATEGIES
from counterpoise.versions import open_version
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine


def weak_table(rows: int, positives: int, *, columns: int = 20, shift: float = 0.3) -> pa.Table:
    """Return a table in which each of many features tells a little about the label."""
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(rows) < positives)
    features = {f"x{number}": rng.normal(size=rows) + shift * label for number in range(columns)}
    return pa.table({**features, "label": label.astype("i1")})


def sampled(
    table: pa.Table, folder: Path, strategy: str, *, most: int = 1_000, **resampling: object
) -> tuple[EngineRun, EvaluationTables]:
    run = run_engine(
        table, folder, group_rows=20_000, columns={"target": "label"}, evaluation={"max_train_rows": most},
        resampling={"strategy": strategy, **resampling},
    )  # fmt: skip
    return run, load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)


def counts(table: pa.Table, weights: np.ndarray | None = None) -> np.ndarray:
    return np.bincount(table["label"].to_numpy(), weights=weights)


def test_a_sample_has_the_shares_of_the_classes_and_it_is_told(tmp_path: Path) -> None:
    run, tables = sampled(mixed_table(4_000, share=0.05), tmp_path, "none")
    assert tables.train_natural.num_rows == 1_000
    before = run.split.counts["train"]
    assert counts(tables.train_natural)[1] == pytest.approx(1_000 * before["1"] / sum(before.values()), abs=1)
    assert tables.natural_rows == sum(before.values())
    told = f"learners used a stratified sample of 1,000 of the {tables.natural_rows:,} train rows"
    assert tables.notes == (f"{told} (evaluation.max_train_rows)",)


@pytest.mark.parametrize("strategy", ["random_over", "random_under", "smote", "tomek_links", "smote_tomek"])
def test_both_arms_know_the_same_source_rows(tmp_path: Path, strategy: str) -> None:
    run, tables = sampled(weak_table(6_000, 300, columns=3), tmp_path, strategy)
    source, made = (np.asarray(table["x0"]) for table in (tables.train_natural, tables.train_resampled))
    synthetic = ~np.isin(made, source)
    assert synthetic.any() == (run.resampling.synthetic > 0)
    assert synthetic.mean() <= 0.5
    assert ((made >= source.min()) & (made <= source.max())).all()
    assert max(tables.train_natural.num_rows, tables.train_resampled.num_rows) <= 1_000 + 2
    assert f"gave {tables.train_resampled.num_rows:,} rows" in tables.notes[0]
    assert STRATEGIES[strategy].label in tables.notes[0]


@pytest.mark.parametrize(
    ("strategy", "ratio"), [("random_over", 0.5), ("random_under", 0.5), ("smote", 0.25), ("weights", 1.0)]
)
def test_a_sample_has_the_ratio_that_was_published(tmp_path: Path, strategy: str, ratio: float) -> None:
    run, tables = sampled(weak_table(6_000, 300, columns=3), tmp_path, strategy, ratio=ratio)
    published = run.resampling.weighted or run.version.partitions["train"].classes
    negative, positive = counts(tables.train_resampled, tables.weights)
    assert positive / negative == pytest.approx(published["1"] / published["0"], rel=0.02)
    assert positive / negative == pytest.approx(ratio, rel=0.02)


@pytest.mark.slow
def test_a_strategy_that_does_not_help_does_not_help_on_a_sample_either(tmp_path: Path) -> None:
    """Sampled each for itself, the natural arm had 17 positives, the other one 500: AP +0.042, 0.014 to 0.070."""
    run, tables = sampled(weak_table(60_000, 1_000), tmp_path, "random_under")
    assert counts(tables.train_natural)[1] == counts(tables.train_resampled)[1]
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=200)
    metrics = compare_strategies(tables, strategy="random_under", config=config, seed=0)
    assert metrics["verdict_outcome"] != "helped"
    assert metrics["natural_rows"] == sum(run.split.counts["train"].values()) == 36_000
    assert metrics["rows"]["train_natural"]["rows"] == 1_000
    assert metrics["notes"][0] == tables.notes[0]


def test_a_sample_is_made_without_the_published_train_rows(tmp_path: Path) -> None:
    run, first = sampled(weak_table(6_000, 300, columns=3), tmp_path, "smote")
    shutil.rmtree(open_version(f"{run.version.root}/{run.version.dataset}").path("train"))
    again = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    assert again.train_resampled.equals(first.train_resampled)


def test_a_train_table_that_grows_beyond_the_cap_is_sampled_though_its_source_rows_are_fewer(tmp_path: Path) -> None:
    _, tables = sampled(weak_table(1_500, 150, columns=3), tmp_path, "random_over")
    assert tables.natural_rows == 900
    assert tables.train_natural.num_rows == 900 * 1_000 // (2 * 810)
    assert tables.train_resampled.num_rows == pytest.approx(1_000, abs=2)


def test_a_rare_class_keeps_enough_rows_for_its_neighbours(tmp_path: Path) -> None:
    _, tables = sampled(weak_table(40_000, 40, columns=3), tmp_path, "smote", k_neighbors=5)
    assert counts(tables.train_natural)[1] == 6
    assert counts(tables.train_resampled)[1] == counts(tables.train_resampled)[0]


def test_weights_of_a_sample_belong_to_their_rows(tmp_path: Path) -> None:
    _, tables = sampled(weak_table(6_000, 300, columns=3), tmp_path, "weights")
    assert tables.weights is not None
    positive = tables.train_resampled["label"].to_numpy() == 1
    assert set(tables.weights[~positive]) == {1}
    assert len(set(tables.weights[positive])) == 1
    assert tables.weights[positive].sum() == pytest.approx((~positive).sum())


def test_synthetic_rows_do_not_stand_last_in_a_sample(tmp_path: Path) -> None:
    _, tables = sampled(weak_table(6_000, 300, columns=3), tmp_path, "smote")
    labels = tables.train_resampled["label"].to_numpy()
    assert labels[len(labels) // 2 :].mean() == pytest.approx(0.5, abs=0.1)


def test_the_strategy_that_auto_became_stays_that_of_the_run(tmp_path: Path) -> None:
    run, _ = sampled(weak_table(6_000, 300, columns=3), tmp_path, "none")
    choice = StrategyChoice(strategy="smote", ratio=0.5, k_neighbors=3, reason="It was better.")
    auto = ResamplingConfig(strategy="auto")
    plan = plan_resampling(
        run.snapshot, run.split, columns=run.config.columns, config=follow(choice, auto), seed=0,
        folder=tmp_path / "chosen", choice=choice,
    )  # fmt: skip
    config = run.config.model_copy(update={"resampling": auto})
    version = publish_version(config, snapshot=run.snapshot, validation=UNCHECKED, split=run.split, resampling=plan)
    tables = load_tables(config, snapshot=run.snapshot, split=run.split, version=version)
    assert "SMOTE was run again on this sample" in tables.notes[0]
    labels = tables.train_resampled["label"].to_numpy()
    assert labels.sum() == pytest.approx((len(labels) - labels.sum()) / 2, abs=1)


def test_a_sample_that_the_strategy_cannot_work_on_is_refused_with_what_to_do(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    apart = np.repeat(np.eye(4) * 50, 30, axis=0) + rng.normal(scale=0.1, size=(120, 4))  # four clusters of positives
    points = np.vstack([rng.normal(size=(18_000, 4)), apart])
    table = pa.table({f"x{number}": points[:, number] for number in range(4)} | {"label": np.arange(18_120) >= 18_000})
    with pytest.raises(EvaluationError, match=r"sample_not_resampled.*raise evaluation\.max_train_rows"):
        sampled(table, tmp_path, "kmeans_smote")


def test_a_sample_that_does_not_fit_into_memory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    run, _ = sampled(weak_table(6_000, 300, columns=3), tmp_path, "smote")
    little = run.config.resampling.model_copy(update={"memory_limit": "1 MB"})
    config = run.config.model_copy(update={"resampling": little})
    with pytest.raises(EvaluationError, match=r"lower evaluation\.max_train_rows"):
        load_tables(config, snapshot=run.snapshot, split=run.split, version=run.version)
