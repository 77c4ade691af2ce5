"""One battery of checks over every strategy, on one table with every type."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from imblearn import over_sampling, under_sampling

from counterpoise.errors import ResamplingError
from counterpoise.records import ResamplingPlan
from counterpoise.resample._costs.preflight import with_strategy
from counterpoise.resample._neighbours import statistics
from counterpoise.resample._plan import plan_resampling, read_copies, read_recipe, read_weights
from counterpoise.split import read_partition
from counterpoise.strategies import STRATEGIES, Strategy, StrategyName, _members
from counterpoise.verify._version import verify_version
from counterpoise.versions import Version, open_version
from tests.snapshots import EngineRun, mixed_table, run_engine

pytestmark = pytest.mark.slow

ROWS = 900
CATEGORIES = ("flag", "word", "kind")
SETTINGS: dict[str, dict[str, Any]] = {
    "smoten": {"features": CATEGORIES},
    "kmeans_smote": {"options": {"kmeans_estimator": 2, "cluster_balance_threshold": 0.01}},
}
"""What a strategy needs in order to have work to do on the table."""

FEWER_ROWS = {"condensed_nearest_neighbour": 400}
"""imbalanced-learn fits its neighbours anew for every row that it looks at."""

OTHER_SEEDS = {"condensed_nearest_neighbour": (1, 2, 3, 4)}
"""Where chance draws a single row, the first one kept, most draws lead to the same rows: more seeds; otherwise one."""

EXACT = (
    *(name for name, one in STRATEGIES.items() if one.has_target and not one.why_missed),
    "borderline_smote",
    "near_miss",
)
"""The strategies that reach the wanted rows in every class of the table: those that always do, and two more."""

SCALED = ("smote", "adasyn", "borderline_smote", "near_miss", "smote_tomek")
"""Strategies that are tried with a scale that is taken of a sample, too."""

HELPLESS = [("kmeans_smote", "lower_k"), ("svm_smote", "lower_k"), ("smote_enn", "random_over")]
"""Strategies and policies that find nothing to work with in four rows, or clean them all away."""


@dataclass(frozen=True)
class Tried:
    """A published version of the table, by one strategy."""

    table: pa.Table
    run: EngineRun

    @property
    def strategy(self) -> str:
        return self.run.config.resampling.strategy

    @property
    def version(self) -> Version:
        record = self.run.version
        return open_version(f"{record.root}/{record.dataset}")

    @property
    def train(self) -> pa.Table:
        return self.version.to_arrow("train")

    @property
    def keys(self) -> pa.Table:
        return self.version.to_arrow("keys/train")


def battery_table(strategy: str, *, classes: int = 2, seed: int = 0) -> pa.Table:
    """Return the table with every type, or what the strategy can take of it."""
    rows = FEWER_ROWS.get(strategy, ROWS)
    table = mixed_table(rows, share=0.15, seed=seed)
    if classes > 2:
        rng = np.random.default_rng(seed)
        code = rng.choice(3, rows, p=[0.7, 0.2, 0.1])
        label = pa.array(["common", "rare", "rarer"]).take(pa.array(code))
        table = table.set_column(table.schema.get_field_index("label"), "label", label)
        for place, name in enumerate(table.schema.names):
            if name in ("x", "single"):
                shifted = pc.add(table[name], pa.array(2.0 * code)).cast(table[name].type)
                table = table.set_column(place, name, shifted)
    features = SETTINGS.get(strategy, {}).get("features")
    return table.select(["id", *features, "label"]) if features else table


def tried(folder: Path, strategy: str, table: pa.Table, **resampling: Any) -> Tried:
    options = {"options": SETTINGS[strategy]["options"]} if "options" in SETTINGS.get(strategy, {}) else {}
    settings = {"strategy": strategy, **options, **resampling}
    run = run_engine(
        table,
        folder,
        columns={"target": "label", "ids": ["id"]},
        resampling=settings,
        split={"duplicates": "ignore"},
    )
    return Tried(table, run)


@pytest.fixture(scope="module", params=list(STRATEGIES))
def one(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    return tried(tmp_path_factory.mktemp(request.param), request.param, battery_table(request.param))


def test_every_module_of_a_strategy_has_its_line_in_the_registry() -> None:
    modules = {path.stem for path in Path(_members.__file__).parent.glob("[!_]*.py")}
    assert modules == set(get_args(StrategyName)) == set(STRATEGIES)


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_a_strategy_has_no_option_that_its_sampler_lacks(strategy: str) -> None:
    assert not unknown_options(STRATEGIES[strategy])


def unknown_options(strategy: Strategy) -> set[str]:
    """Return the options of a strategy that the sampler of imbalanced-learn behind it does not take."""
    sampler = getattr(strategy, "sampler", "")
    kind = getattr(under_sampling, sampler, None) or getattr(over_sampling, sampler, None)
    if kind is None:
        return set()
    return set(strategy.options.model_fields) - set(kind().get_params())


def test_features_and_label_keep_names_order_and_types(one: Tried) -> None:
    wanted = pa.schema([field for field in one.table.schema if field.name != "id"])
    assert one.train.schema.equals(wanted)


def test_original_and_repeated_rows_are_the_source_rows_to_the_last_bit(one: Tried) -> None:
    real = pc.not_equal(one.keys["origin"], "synthetic")
    source = one.table.drop_columns(["id"]).take(one.keys["source_row"].filter(real))
    assert one.train.filter(real).to_pylist() == source.to_pylist()


def test_validation_and_test_are_the_source_rows_untouched(one: Tried) -> None:
    partition = read_partition(one.run.split)
    for code, name in ((1, "validation"), (2, "test")):
        rows = one.version.to_arrow(f"keys/{name}")["source_row"]
        assert sorted(rows.to_pylist()) == np.flatnonzero(partition == code).tolist()
        source = one.table.drop_columns(["id"]).take(rows)
        assert one.version.to_arrow(name).to_pylist() == source.to_pylist()


def test_the_published_version_verifies(one: Tried) -> None:
    record = one.run.version
    assert verify_version(record.root, record.dataset, record.version) == []


def test_parents_stand_in_train_and_the_first_one_gives_the_label(one: Tried) -> None:
    train = set(np.flatnonzero(read_partition(one.run.split) == 0).tolist())
    made = one.keys.filter(pc.equal(one.keys["origin"], "synthetic"))
    first, second = made["parent_a"].to_pylist(), made["parent_b"].drop_null().to_pylist()
    assert {*first, *second} <= train
    labels = one.train["label"].filter(pc.equal(one.keys["origin"], "synthetic"))
    assert labels.to_pylist() == one.table["label"].take(made["parent_a"]).to_pylist()
    assert made.num_rows == one.run.resampling.synthetic


def test_synthetic_values_are_values_or_lie_between_their_parents(one: Tried) -> None:
    made = pc.equal(one.keys["origin"], "synthetic")
    rows, keys = one.train.filter(made), one.keys.filter(made)
    first = one.table.take(keys["parent_a"])
    second = one.table.take(pc.coalesce(keys["parent_b"], keys["parent_a"]))
    for name in set(rows.schema.names) & {"big", "small", "at", "day", "price"}:
        for value, a, b in zip(*(part[name].to_pylist() for part in (rows, first, second)), strict=True):
            known = [parent for parent in (a, b) if parent is not None]
            assert value in (a, b) if len(known) < 2 else min(known) <= value <= max(known)
    for name in set(rows.schema.names) & set(CATEGORIES):
        assert set(rows[name].to_pylist()) <= set(one.table[name].to_pylist())


def test_missing_values_stay_possible_and_no_nan_is_made_of_them(one: Tried) -> None:
    for name in set(one.train.schema.names) & {"x", "single"}:
        assert not pc.any(pc.is_nan(one.train[name])).as_py()


def test_identifiers_are_never_among_the_features_and_synthetic_rows_have_none(one: Tried) -> None:
    assert "id" not in one.train.schema.names
    made = pc.equal(one.keys["origin"], "synthetic")
    assert one.keys["id"].filter(made).null_count == one.run.resampling.synthetic


def test_counts_add_up_and_every_class_is_left(one: Tried) -> None:
    plan = one.run.resampling
    before, after = sum(plan.before.values()), sum(plan.after.values())
    assert after == before - plan.dropped + plan.repeated + plan.synthetic == one.train.num_rows
    assert all(plan.after.values())


def test_the_wanted_rows_are_reached_or_the_reason_is_told(one: Tried) -> None:
    plan = one.run.resampling
    reached = plan.weighted or plan.after
    strategy = STRATEGIES[plan.strategy]
    if strategy.has_target:
        missed = [name for name in reached if reached[name] != max(reached.values()) or plan.strategy not in EXACT]
        told = " ".join(plan.notes)
        wanted = max(plan.before.values()) if strategy.grows else min(plan.before.values())
        assert all(f"class '{name}'" in told for name in missed if reached[name] != wanted)
    elif strategy.family == "clean":
        assert "has no target" in plan.notes[-1]


def test_labels_come_in_no_order(one: Tried) -> None:
    codes = np.unique(one.train["label"].to_numpy(), return_inverse=True)[1]
    changes = int((np.diff(codes) != 0).sum())
    share = codes.mean()
    expected = 2 * share * (1 - share) * (len(codes) - 1)
    assert abs(changes - expected) < 5 * np.sqrt(expected)


def test_the_same_seed_gives_the_same_rows(one: Tried, tmp_path: Path) -> None:
    again = tried(tmp_path, one.strategy, one.table)
    assert one.train.equals(again.train)
    assert one.keys.equals(again.keys)


def decided(plan: ResamplingPlan) -> tuple[Any, ...]:
    """Return what a plan decides on: copies, weights and recipe."""
    weights, recipe = read_weights(plan), read_recipe(plan)
    return (
        read_copies(plan)[1].tolist(),
        None if weights is None else weights.tolist(),
        None if recipe is None else recipe.to_pydict(),
    )


def test_another_seed_decides_otherwise_where_chance_has_a_part_and_alike_where_it_has_none(
    one: Tried, tmp_path: Path
) -> None:
    settings = with_strategy(one.run.config.resampling, one.run.resampling.strategy)  # what auto has decided
    others = []
    for seed in OTHER_SEEDS.get(settings.strategy, (1,)):
        (folder := tmp_path / str(seed)).mkdir()
        plan = plan_resampling(
            one.run.snapshot, one.run.split, columns=one.run.config.columns, config=settings, seed=seed, folder=folder
        )
        others.append(decided(plan))
    mine = decided(one.run.resampling)
    assert any(other != mine for other in others) == STRATEGIES[settings.strategy].chance


def check_other_row_groups(made: Tried, folder: Path) -> None:
    """Check that row groups of another size change no decision."""
    config = made.run.config
    other = run_engine(
        made.table, folder, group_rows=77, columns=config.columns, resampling=config.resampling, split=config.split
    )
    (rows, copies), (other_rows, other_copies) = read_copies(made.run.resampling), read_copies(other.resampling)
    assert rows.tolist() == other_rows.tolist()
    assert copies.tolist() == other_copies.tolist()
    recipes = read_recipe(made.run.resampling), read_recipe(other.resampling)
    assert recipes[0] == recipes[1]


def test_what_is_decided_depends_on_rows_and_not_on_row_groups(one: Tried, tmp_path: Path) -> None:
    check_other_row_groups(one, tmp_path)


@pytest.mark.parametrize("strategy", SCALED)
def test_a_scale_of_a_sample_depends_on_rows_and_not_on_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    monkeypatch.setattr(statistics, "SAMPLE_ROWS", ROWS // 5)
    check_other_row_groups(tried(tmp_path / "a", strategy, battery_table(strategy)), tmp_path / "b")


def test_shuffled_rows_in_other_row_groups_give_the_same_rows(one: Tried, tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(one.table.num_rows)
    folder, shuffled = tmp_path / "shuffled", one.table.take(order)
    run = run_engine(shuffled, folder, group_rows=77, **{
        name: getattr(one.run.config, name) for name in ("columns", "resampling", "split")
    })  # fmt: skip
    other = Tried(shuffled, run)
    for part in ("train", "validation", "test"):
        assert row_sets(other.version, part) == row_sets(one.version, part)


def row_sets(version: Version, part: str) -> list[str]:
    """Return the rows of a partition with identifiers, origins and weights, sorted."""
    table, keys = version.to_arrow(part), version.to_arrow(f"keys/{part}")
    kept = keys.drop_columns([name for name in ("source_row", "parent_a", "parent_b") if name in keys.column_names])
    return sorted(map(str, zip(table.to_pylist(), kept.to_pylist(), strict=True)))


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "kmeans_smote"])
def test_several_classes_are_resampled_by_the_same_rules(tmp_path: Path, strategy: str) -> None:
    made = tried(tmp_path, strategy, battery_table(strategy, classes=3))
    plan, facts = made.run.resampling, STRATEGIES[strategy]
    reached = plan.weighted or plan.after
    if strategy in EXACT:
        assert len(set(reached.values())) == 1
    elif facts.family in ("over", "combine"):
        assert reached["rarer"] > plan.before["rarer"]
    assert all(plan.after.values())


@pytest.mark.parametrize("strategy", EXACT)
def test_a_ratio_for_each_class_is_reached(tmp_path: Path, strategy: str) -> None:
    made = tried(tmp_path, strategy, battery_table(strategy, classes=3), ratio={"rare": 0.8, "rarer": 0.5})
    plan = made.run.resampling
    reached = plan.weighted or plan.after
    if STRATEGIES[strategy].family == "over":
        most = plan.before["common"]
        assert reached == {"common": most, "rare": int(most * 0.8 + 1e-9), "rarer": int(most * 0.5 + 1e-9)}
    else:
        least = plan.before["rarer"]
        assert reached["rare"] == min(plan.before["rare"], int(least / 0.8 + 1e-9))


@pytest.mark.parametrize("strategy", [*EXACT, "smote_tomek"])
def test_a_class_that_is_above_its_ratio_stays_and_it_is_told(tmp_path: Path, strategy: str) -> None:
    made = tried(tmp_path, strategy, battery_table(strategy, classes=3), ratio=0.1)
    plan = made.run.resampling
    told = [note for note in plan.notes if "above its ratio 0.1" in note]
    staying = ("rare", "rarer") if STRATEGIES[strategy].grows else ("common", "rare")
    assert [note.split(":")[0] for note in told] == [f"class '{name}'" for name in staying]
    if strategy != "smote_tomek":
        assert plan.after == plan.before


def few_positives(strategy: str) -> pa.Table:
    """Return the table with six rows of class 1, four of which are in train."""
    table = battery_table(strategy)
    positive = np.flatnonzero(table["label"].to_numpy() == 1)
    return table.take(np.setdiff1d(np.arange(table.num_rows), positive[6:]))


POLICIES = [(name, policy) for name in STRATEGIES if STRATEGIES[name].searches for policy in ("lower_k", "random_over")]


@pytest.mark.parametrize(("strategy", "policy"), [pair for pair in POLICIES if pair not in HELPLESS])
def test_tiny_classes_are_lowered_or_repeated_and_it_is_told(tmp_path: Path, strategy: str, policy: str) -> None:
    made = tried(tmp_path, strategy, few_positives(strategy), too_few_neighbors=policy)
    assert any("train rows" in note for note in made.run.resampling.notes)
    assert all(made.run.resampling.after.values())


@pytest.mark.parametrize(("strategy", "policy"), HELPLESS)
def test_what_cannot_be_done_with_a_tiny_class_is_refused_with_a_remedy(
    tmp_path: Path, strategy: str, policy: str
) -> None:
    with pytest.raises(ResamplingError, match=r"(?s)(sampler_refused|class_removed).*another"):
        tried(tmp_path, strategy, few_positives(strategy), too_few_neighbors=policy)
