"""Rows that differ by rounding noise are found, and kept together where asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.persist import DatasetFolder
from counterpoise.split import read_partition
from counterpoise.split._near import near_hashes, near_steps
from counterpoise.verify._version import verify_version
from tests.manifests import forge
from tests.snapshots import mixed_table, run_engine
from tests.split.splitting import split


def noisy(rows: int = 400, *, copies: int = 2, noise: float = 1e-9, features: int = 6, scale: float = 1.0) -> pa.Table:
    """Return rows that stand several times, each time with other noise, relative to the scale."""
    rng = np.random.default_rng(0)
    once = np.repeat(rng.normal(size=(rows, features)), copies, axis=0)
    values = scale * (once + noise * rng.normal(size=once.shape))
    columns: dict[str, Any] = {f"x{number}": values[:, number] for number in range(features)}
    kind = np.repeat(rng.integers(0, 9, rows), copies)
    order = rng.permutation(rows * copies)
    label = np.repeat(np.arange(rows) % 3 == 0, copies).astype("i1")
    number = np.repeat(np.arange(rows), copies)
    return pa.table({**columns, "kind": kind, "number": number, "label": label}).take(order)


def torn(table: pa.Table, where: np.ndarray) -> int:
    number = table["number"].to_numpy()
    return sum(len(set(where[number == one].tolist())) > 1 for one in np.unique(number))


@pytest.mark.parametrize(("scale", "copies"), [(1.0, 2), (1e6, 3), (1e-6, 2)])
def test_near_duplicates_are_counted_and_those_in_several_partitions_told(
    tmp_path: Path, scale: float, copies: int
) -> None:
    table = noisy(scale=scale, copies=copies)
    plan = split(table, tmp_path, columns={"drop": ["number"]})
    assert plan.near is not None
    assert (plan.near.sets, plan.near.rows) == (400, 400 * copies)
    assert plan.near.apart == torn(table, read_partition(plan)) > 100
    assert any(f"{plan.near.apart:,} of 400 sets of near-duplicates" in note for note in plan.notes)


@pytest.mark.parametrize("method", ["random", "stable"])
def test_near_duplicates_stay_together_where_asked(tmp_path: Path, method: str) -> None:
    table = noisy()
    plan = split(table, tmp_path, columns={"drop": ["number"]}, duplicates="near", method=method)
    assert plan.near is not None
    assert (plan.near.sets > 0, plan.near.apart) == (True, 0)
    where, number = read_partition(plan), table["number"].to_numpy()
    assert all(len({part for part in where[number == one].tolist() if part >= 0}) <= 1 for one in range(400))
    assert plan.unit == "equal_rows"


def test_rows_that_differ_beyond_noise_or_in_the_rest_are_not_near(tmp_path: Path) -> None:
    for number, table in enumerate((mixed_table(1_000), noisy(noise=1e-3), noisy(copies=1))):
        columns = {"ids": ["id"]} if "id" in table.column_names else {"drop": ["number"]}
        plan = split(table, tmp_path / str(number), columns=columns)
        assert plan.near is not None
        assert (plan.near.sets, plan.near.apart) == (0, 0)
    other = noisy(noise=0)
    other = other.set_column(other.column_names.index("kind"), "kind", pa.array(np.arange(len(other))))
    plan = split(other, tmp_path / "other", columns={"drop": ["number"]})
    assert plan.near is not None
    assert plan.near.sets == 0


def test_whole_numbers_and_texts_are_compared_exactly() -> None:
    values = pa.chunked_array([np.arange(1e9, 1e9 + 500)])
    assert near_steps([("whole", values), ("text", pa.chunked_array([["a"]]))], 500) == {}


def test_missing_and_infinite_values_are_near_to_their_like_only() -> None:
    table = pa.table({"a": pa.array([None, float("nan"), float("inf"), -float("inf"), 0.0, 1e-9], pa.float64())})
    found = near_hashes({"a": 1e-6}, 0.5)(table)
    assert len(set(found.tolist())) == 5
    assert found[4] == found[5]


@pytest.mark.slow
def test_many_rows_of_one_column_are_not_all_near(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": rng.normal(size=200_000), "label": rng.integers(0, 2, 200_000)})
    plan = split(table, tmp_path)
    assert plan.near is not None
    assert plan.near.rows < 0.001 * 200_000


def test_they_are_not_looked_for_where_equal_rows_may_part_or_there_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {"drop": ["number"]}
    assert split(noisy(), tmp_path / "a", columns=columns, duplicates="ignore").near is None
    monkeypatch.setattr("counterpoise.split._stage.MOST_CELLS", 100)
    large = split(noisy(), tmp_path / "b", columns=columns)
    assert large.near is None
    assert any("near-duplicates were not looked for" in note for note in large.notes)
    assert split(noisy(), tmp_path / "c", columns=columns, duplicates="near").near is not None


@pytest.mark.parametrize("duplicates", ["together", "near"])
@pytest.mark.parametrize("strategy", ["none", "random_under"])
def test_certificate_and_verify_recompute_near_duplicates(tmp_path: Path, duplicates: str, strategy: str) -> None:
    run = run_engine(
        noisy(200), tmp_path, columns={"target": "label", "drop": ["number"]}, split={"duplicates": duplicates},
        resampling={"strategy": strategy},
    )  # fmt: skip
    place = run.version.root, run.version.dataset, 1
    assert verify_version(*place) == []

    def change(manifest: dict[str, Any]) -> None:
        assert ("partitions_disjoint_by_near_content" in manifest["certificate"]["checks"]) == (duplicates == "near")
        manifest["split"]["near"]["apart"] += 1
        manifest["config"]["split"]["duplicates"] = "near"
        manifest["certificate"]["checks"]["partitions_disjoint_by_near_content"] = True

    forge(DatasetFolder(run.version.root, run.version.dataset), change)
    assert verify_version(*place) != []
