"""What is independent, how large these units are, and what large ones do to a split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.persist import DatasetFolder
from counterpoise.records import PARTITIONS
from counterpoise.split import Units, read_partition
from counterpoise.verify._version import verify_version
from tests.manifests import forge
from tests.snapshots import mixed_table, run_engine
from tests.split.splitting import split


def customers(number: int = 200, *, largest: int = 0) -> pa.Table:
    rng = np.random.default_rng(0)
    sizes = np.maximum(1, rng.lognormal(1, 1, number)).astype(int)
    sizes[0] = max(sizes[0], largest)
    who = np.repeat(np.arange(number), sizes)
    return pa.table({"a": rng.normal(size=len(who)), "who": who, "label": (who % 4 == 0).astype("i1")})


def test_the_plan_tells_the_number_and_sizes_of_groups_by_partition(tmp_path: Path) -> None:
    table = customers()
    plan = split(table, tmp_path, columns={"group": "who"})
    where, who = read_partition(plan), table["who"].to_numpy()
    assert plan.unit == "groups"
    for number, name in enumerate(PARTITIONS):
        sizes = np.unique(who[where == number], return_counts=True)[1]
        found = plan.units[name]
        assert (found.number, found.largest) == (len(sizes), sizes.max())
        assert (found.mean, found.median) == (sizes.mean(), np.median(sizes))


def test_the_plan_tells_sets_of_equal_rows_only_where_they_are_kept_together(tmp_path: Path) -> None:
    table = pa.table({"a": np.repeat(np.arange(100), 4), "label": np.repeat(np.arange(100) % 2, 4)})
    plan = split(table, tmp_path / "a")
    assert plan.unit == "equal_rows"
    assert {name: found.mean for name, found in plan.units.items()} == dict.fromkeys(PARTITIONS, 4.0)
    free = split(table, tmp_path / "b", duplicates="ignore")
    assert (free.unit, free.units) == ("rows", {})
    single = split(mixed_table(300), tmp_path / "c", columns={"ids": ["id"]})
    assert (single.unit, single.units) == ("rows", {})


def test_groups_linked_by_equal_rows_are_one_unit() -> None:
    assert Units.of(np.array([0, 1, 2]), grouped=True).kind == "groups"
    assert Units.of(np.array([0, 1, 2]), grouped=False).kind == "rows"
    assert Units.of(np.array([0, 1, 0]), grouped=False).kind == "equal_rows"
    assert Units.of(np.zeros(0, int), grouped=True).sizes().number == 0


@pytest.mark.parametrize("times", [60, 300, 3_000])
def test_one_row_that_makes_a_partition_unlike_the_source_is_told(tmp_path: Path, times: int) -> None:
    table = pa.table({"a": [*range(600), *[-1] * times], "label": [*[0, 1] * 300, *[0] * times]})
    notes = " ".join(split(table, tmp_path).notes)
    assert "1 set of equal rows with more than 5.0 % of its rows" in notes
    assert f"the largest with {times:,}" in notes
    assert "class '0'" in notes
    assert "class '1'" not in notes


def test_several_large_groups_that_a_partition_lacks_are_told_and_small_ones_not(tmp_path: Path) -> None:
    few = customers(40, largest=60)
    few = few.set_column(1, "who", pa.array(few["who"].to_numpy() % 8))
    few = few.set_column(2, "label", pa.array((few["who"].to_numpy() % 2).astype("i1")))
    notes = split(few, tmp_path / "few", columns={"group": "who"}).notes
    assert any("4 groups with more than 5.0 % of its rows" in note for note in notes)
    assert split(customers(600), tmp_path / "many", columns={"group": "who"}).notes == ()


def test_a_group_larger_than_a_partition_is_told(tmp_path: Path) -> None:
    notes = " ".join(split(customers(300, largest=150), tmp_path, columns={"group": "who"}).notes)
    assert "the largest exceeds what should be in validation" in notes
    assert "and in test" in notes


@pytest.mark.parametrize("strategy", ["random_over", "random_under"])
@pytest.mark.parametrize("columns", [{"group": "who"}, {"drop": ["who"]}])
def test_verify_recounts_the_units_from_the_files(tmp_path: Path, strategy: str, columns: dict[str, Any]) -> None:
    table = customers()
    table = table.set_column(0, "a", pa.array(np.round(table["a"].to_numpy(), 3)))
    run = run_engine(table, tmp_path, columns={"target": "label", **columns}, resampling={"strategy": strategy})
    assert run.split.unit == ("groups" if "group" in columns else "equal_rows")
    assert verify_version(run.version.root, run.version.dataset, 1) == []

    def grow(manifest: dict[str, Any]) -> None:
        manifest["split"]["units"]["test"]["largest"] += 1

    forge(DatasetFolder(run.version.root, run.version.dataset), grow)
    assert any("split.units of test" in line for line in verify_version(run.version.root, run.version.dataset, 1))
