from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.drift import LaterRows, SourceProfile, UnitsOfBoth, profile_source
from counterpoise.drift._records import SourceUnits, UnitCount, UnitEffect
from counterpoise.drift._stability import Dependence, UnitEffects, chance_limit
from tests.snapshots import snapshot_of

GROUPED = ColumnsConfig(target="label", group="customer")
PLAIN = ColumnsConfig(target="label")


def customers(sizes: list[int] | np.ndarray, *, seed: int = 0, group: bool = True) -> pa.Table:
    """Return rows in any order: of a customer are `x`, `z`, `kind`, the missing values of `x` and the label."""
    rng, sizes = np.random.default_rng(seed), np.asarray(sizes)
    owner = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    own = {
        "x": pa.array(rng.normal(size=len(sizes))[owner], mask=(rng.random(len(sizes)) < 0.2)[owner]),
        "z": rng.normal(size=len(sizes))[owner],
        "kind": rng.choice(["a", "b", "c"], len(sizes))[owner],
        "label": np.where(rng.random(len(sizes)) < 0.3, "yes", "no")[owner],
    }
    return pa.table({**own, **({"customer": owner, "row": rng.normal(size=len(owner))} if group else {})})


def profile(table: pa.Table, folder: Path, columns: ColumnsConfig = GROUPED, **split: str) -> SourceProfile:
    return profile_source(snapshot_of(table, folder), columns, SplitConfig.model_validate(split))


def test_rows_of_a_customer_count_once_where_they_are_all_alike(tmp_path: Path) -> None:
    found = profile(customers([10] * 300), tmp_path).units
    assert found is not None
    assert (found.all.units, found.all.rows, found.all.size) == (300, 3_000, 10)
    assert found.classes.effect == pytest.approx(10, rel=0.05)
    assert found.columns["x"].values.effect == pytest.approx(10, rel=0.15)
    assert found.columns["x"].missing.effect == pytest.approx(10, rel=0.05)
    assert found.columns["kind"].minority.effect == pytest.approx(10, rel=0.15)
    assert found.columns["row"].values.effect < 1.5


@pytest.mark.parametrize("duplicates", ["together", "near"])
def test_equal_rows_are_a_unit_where_the_split_keeps_them_together(duplicates: str, tmp_path: Path) -> None:
    table = customers([4] * 400, group=False)
    found = profile(table, tmp_path / "together", PLAIN, duplicates=duplicates).units
    assert found is not None
    assert (found.all.units, found.all.size) == (400, 4)
    assert found.classes.effect > 3.5
    assert profile(table, tmp_path / "ignore", PLAIN, duplicates="ignore").units is None


def test_equal_rows_of_few_discrete_features_are_coincidences(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.integers(0, 4, 900), "b": rng.integers(0, 3, 900), "label": rng.choice(["y", "n"], 900)})
    assert profile(table, tmp_path / "plain", PLAIN).units is None
    grouped = profile(table.append_column("customer", pa.array(np.arange(900) // 3)), tmp_path / "grouped").units
    assert grouped is not None
    assert (grouped.equal_rows, grouped.all.units) == ("ignore", 300)


def test_effects_follow_the_size_of_units() -> None:
    alike = UnitEffect(effect=4.6, size=10.0)
    assert alike.for_size(10) == pytest.approx(4.6)
    assert alike.for_size(20) == pytest.approx(1 + 0.4 * 19)
    assert alike.for_size(1) == 1
    assert UnitEffect().for_size(4) == 4


def test_later_units_are_larger_as_their_mean_is_whatever_a_single_giant_is() -> None:
    before = SourceUnits(group="g", equal_rows="ignore", all=UnitCount(rows=1_000, units=100, size=10.0))
    alike = UnitEffect(effect=10.0, size=10.0)
    twice = UnitsOfBoth(before, (UnitCount(rows=2_000, units=100, size=20.0), UnitCount()))
    assert twice.effects(alike) == UnitEffects(before=10.0, later=20.0, number=100.0)
    stuck = UnitsOfBoth(before, (UnitCount(rows=1_000, units=90, size=200.0), UnitCount()))
    found = stuck.effects(alike)
    assert found is not None
    assert found.later < 12
    assert twice.effects(UnitEffect(effect=1.0, size=10.0)) is None
    assert twice.effects(alike, minority=True) is None


def test_a_delivery_without_the_group_is_left_to_the_check_of_columns(tmp_path: Path) -> None:
    before = profile(customers([3] * 200), tmp_path / "before")
    later = customers([3] * 200, seed=1)
    rows = LaterRows.of(before, snapshot_of(later, tmp_path / "later"), GROUPED)
    assert rows is not None
    every, minority = rows.among(None)
    assert (every.units, every.rows) == (200, 600)
    assert minority.rows == later["label"].to_pylist().count(before.minority)
    assert rows.among([(0, 30), (60, 90)])[0].rows == 60
    gone = snapshot_of(later.drop_columns(["customer"]), tmp_path / "gone")
    assert LaterRows.of(before, gone, GROUPED) is None
    assert LaterRows.of(before, gone, PLAIN) is None


def test_a_design_effect_of_few_units_leaves_more_to_chance() -> None:
    known, guessed = (Dependence(units=UnitEffects(before=5, later=5, number=number)) for number in (1e6, 12))
    limits = [chance_limit(100, 100, bins=5, alpha=1e-4, dependence=each) for each in (Dependence(), known, guessed)]
    assert limits[0] == pytest.approx(limits[1], rel=1e-3)
    assert limits[2] > 1.2 * limits[0]
    assert Dependence().p_value(20.0, 4) < known.p_value(20.0, 4) < guessed.p_value(20.0, 4)


def test_a_minority_without_missing_values_is_as_alike_as_all_rows(tmp_path: Path) -> None:
    table = customers([10] * 300)
    missing = table["x"].is_null().to_numpy() & (table["label"].to_numpy() == "no")
    number = pa.array(np.where(missing, np.nan, table["z"].to_numpy()))
    found = profile(table.set_column(0, "x", number), tmp_path).units
    assert found is not None
    assert found.columns["x"].minority_missing.effect == pytest.approx(10, rel=0.1)
