from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.records import ResamplingPlan, SplitPlan
from counterpoise.resample._plan import plan_resampling, read_copies, read_recipe
from counterpoise.resample._targets import wanted_rows
from counterpoise.split import read_partition, split_snapshot
from tests.snapshots import UNCHECKED, engine_config, mixed_table, snapshot_of

IDS = {"target": "label", "ids": ["id"]}


def plan(
    table: pa.Table, folder: Path, *, columns: dict[str, Any] | None = None, seed: int = 0, **resampling: Any
) -> tuple[ResamplingPlan, SplitPlan]:
    config = engine_config(folder, columns=columns or IDS, resampling=resampling, split={"rare_classes": "train_only"})
    snapshot = snapshot_of(table, folder)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=seed, folder=folder / "split"
    )
    made = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=seed, folder=folder / "plan"
    )
    return made, split


@pytest.mark.parametrize("strategy", ["random_over", "random_under", "smote"])
@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_the_wanted_ratio_is_reached(tmp_path: Path, strategy: str, ratio: float) -> None:
    made, _ = plan(mixed_table(2000), tmp_path, strategy=strategy, ratio=ratio)
    assert made.after["1"] / made.after["0"] == pytest.approx(ratio, abs=0.01)


def test_no_strategy_changes_nothing(tmp_path: Path) -> None:
    made, _ = plan(mixed_table(500), tmp_path, strategy="none")
    assert made.before == made.after
    assert (made.dropped, made.repeated, made.synthetic) == (0, 0, 0)


@pytest.mark.parametrize("strategy", ["random_over", "random_under", "smote"])
def test_only_train_rows_are_planned_with(tmp_path: Path, strategy: str) -> None:
    made, split = plan(mixed_table(2000), tmp_path, strategy=strategy)
    train = np.flatnonzero(read_partition(split) == 0)
    rows, copies = read_copies(made)
    assert rows.tolist() == train.tolist()
    assert copies.min() >= 0
    recipe = read_recipe(made)
    if recipe is not None:
        parents = np.concatenate([recipe["parent_a"].to_numpy(), recipe["parent_b"].to_numpy()])
        assert np.isin(parents, train).all()


def test_parents_are_of_the_class_that_grows(tmp_path: Path) -> None:
    table = mixed_table(2000)
    made, _ = plan(table, tmp_path, strategy="smote")
    recipe = read_recipe(made)
    assert recipe is not None
    labels = table["label"].to_numpy()
    assert set(labels[recipe["parent_a"].to_numpy()]) == {1}
    assert set(labels[recipe["parent_b"].to_numpy()]) == {1}


def test_every_smaller_class_grows_when_there_are_several(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.choice(["a", "b", "c"], 1500, p=[0.7, 0.2, 0.1])
    table = pa.table({"x": rng.normal(size=1500), "y": rng.normal(size=1500), "label": label})
    made, _ = plan(table, tmp_path, columns={"target": "label"}, strategy="smote", ratio=0.8)
    most = made.after["a"]
    assert made.after == {"a": made.before["a"], "b": int(most * 0.8 + 1e-9), "c": int(most * 0.8 + 1e-9)}


def test_the_same_seed_gives_the_same_plan(tmp_path: Path) -> None:
    table = mixed_table(1000)
    first, _ = plan(table, tmp_path / "a", strategy="smote")
    again, _ = plan(table, tmp_path / "b", strategy="smote")
    assert Path(first.synthetic_file).read_bytes() == Path(again.synthetic_file).read_bytes()


def test_scaling_changes_the_neighbours_of_unequal_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(800) < 0.2).astype(int)
    table = pa.table({"x": rng.normal(size=800), "amount": rng.lognormal(8, 2, size=800), "label": label})
    scaled, _ = plan(table, tmp_path / "a", columns={"target": "label"}, strategy="smote")
    plain, _ = plan(table, tmp_path / "b", columns={"target": "label"}, strategy="smote", scale=False)
    one, other = read_recipe(scaled), read_recipe(plain)
    assert one is not None
    assert other is not None
    assert one["parent_a"].to_pylist() == other["parent_a"].to_pylist()
    assert np.mean(one["parent_b"].to_numpy() == other["parent_b"].to_numpy()) < 0.5


def test_too_few_rows_for_the_neighbours_are_refused_with_class_and_remedy(tmp_path: Path) -> None:
    """Fault 5."""
    table = pa.table({"x": np.arange(106.0), "label": [0] * 100 + [1] * 6})
    with pytest.raises(ResamplingError, match=r"4 of class '1'.*lower resampling\.k_neighbors"):
        plan(table, tmp_path, columns={"target": "label"}, strategy="smote")


@pytest.mark.parametrize(("policy", "synthetic"), [("lower_k", True), ("random_over", False)])
def test_too_few_rows_can_lower_k_or_be_repeated_and_it_is_told(tmp_path: Path, policy: str, synthetic: bool) -> None:
    table = pa.table({"x": np.arange(106.0), "label": [0] * 100 + [1] * 6})
    made, _ = plan(table, tmp_path, columns={"target": "label"}, strategy="smote", too_few_neighbors=policy)
    assert made.after["1"] == made.after["0"]
    assert (made.synthetic > 0) == synthetic
    assert (made.repeated > 0) == (not synthetic)
    assert "'1' has 4 train rows" in made.notes[0]


def test_infinite_values_are_refused_by_name(tmp_path: Path) -> None:
    """Fault 21."""
    x = np.arange(200.0)
    x[150:170] = np.inf
    table = pa.table({"x": x, "label": [0] * 150 + [1] * 50})
    with pytest.raises(ResamplingError, match="an infinite value in 'x'"):
        plan(table, tmp_path, columns={"target": "label"}, strategy="smote")


def test_nested_features_are_refused_by_smote_and_carried_by_random_over(tmp_path: Path) -> None:
    table = pa.table({"x": np.arange(200.0), "l": [[n] for n in range(200)], "label": [0] * 150 + [1] * 50})
    with pytest.raises(ResamplingError, match="'l' of type list"):
        plan(table, tmp_path / "a", columns={"target": "label"}, strategy="smote")
    made, _ = plan(table, tmp_path / "b", columns={"target": "label"}, strategy="random_over")
    assert made.repeated > 0


def test_categories_alone_are_voted_on_and_have_one_parent(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table(
        {"w": rng.choice(list("abc"), 200), "v": rng.choice(list("xy"), 200), "label": [0] * 150 + [1] * 50}
    )
    made, _ = plan(table, tmp_path, columns={"target": "label"}, strategy="smote")
    recipe = read_recipe(made)
    assert recipe is not None
    assert recipe["parent_b"].null_count == recipe["lambda"].null_count == recipe.num_rows == made.synthetic
    assert set(recipe["vote:w"].to_pylist()) <= set("abc")


@pytest.mark.parametrize(("strategy", "columns"), [("smotenc", ["x"]), ("smotenc", ["w"]), ("smoten", ["x", "w"])])
def test_a_strategy_that_does_not_suit_the_features_is_refused(
    tmp_path: Path, strategy: str, columns: list[str]
) -> None:
    table = pa.table({"x": np.arange(200.0), "w": [f"v{n}" for n in range(200)], "label": [0] * 150 + [1] * 50})
    with pytest.raises(ResamplingError, match=r"unsuitable_features.*choose smote, which adapts to the features"):
        plan(table.select([*columns, "label"]), tmp_path, columns={"target": "label"}, strategy=strategy)


def test_cleaning_that_leaves_no_row_of_a_class_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=400), "label": rng.permutation([0] * 380 + [1] * 20)})
    with pytest.raises(ResamplingError, match=r"class_removed.*none left of '1'"):
        plan(
            table,
            tmp_path,
            columns={"target": "label"},
            strategy="edited_nearest_neighbours",
            options={"sampling_strategy": "all"},
        )


def test_a_ratio_of_a_class_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResamplingError, match=r"unknown_class.*'2'"):
        plan(mixed_table(300), tmp_path, strategy="random_over", ratio={"2": 0.5})


def test_balanced_classes_are_left_alone_and_it_is_told(tmp_path: Path) -> None:
    table = pa.table({"x": np.arange(200.0), "label": [0, 1] * 100})
    made, _ = plan(table, tmp_path, columns={"target": "label"}, strategy="smote")
    assert made.before == made.after
    assert "already have the wanted ratio" in made.notes[0]


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 10_000), min_size=2),
    st.floats(0.01, 1),
    st.sampled_from(["none", "random_over", "random_under", "smote"]),
)
def test_no_class_is_changed_the_other_way(counts: dict[str, int], ratio: float, strategy: Any) -> None:
    if not any(counts.values()):
        return
    wanted = wanted_rows(counts, ResamplingConfig(strategy=strategy, ratio=ratio))
    for name, number in wanted.items():
        assert number <= counts[name] if strategy == "random_under" else number >= counts[name]
        assert number >= 1


def test_options_reach_the_sampler(tmp_path: Path) -> None:
    config = ResamplingConfig(strategy="random_under", options='{"replacement": true}')
    assert config.sampler_options() == {"replacement": True}
    made, _ = plan(mixed_table(2000), tmp_path, strategy="random_under", options={"replacement": True})
    _, copies = read_copies(made)
    assert copies.max() > 1
