"""The order of the rows by content, in which everything is drawn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.config import ColumnsConfig
from counterpoise.split import content_order
from counterpoise.table import SourceTable
from counterpoise.typing import Ints
from tests.snapshots import mixed_table, run_engine, snapshot_of

ROLES: dict[str, dict[str, Any]] = {
    "identified": {"ids": ["id"]},
    "grouped": {"group": "small"},
    "plain": {"drop": ["id"]},
}


def order_of(table: pa.Table, folder: Path, *, group_rows: int = 1000, **columns: Any) -> Ints:
    snapshot = snapshot_of(table, folder, group_rows=group_rows)
    roles = SourceTable(snapshot, ColumnsConfig(target="label", **columns)).roles
    return content_order(snapshot, roles)


@pytest.mark.slow
@pytest.mark.parametrize("roles", ROLES)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 200), group_rows=st.sampled_from([7, 1000]))
@settings(max_examples=20)
def test_the_order_of_rows_by_content_is_the_same_however_they_are_shuffled(
    roles: str, seed: int, rows: int, group_rows: int
) -> None:
    rng = np.random.default_rng(seed)
    table = mixed_table(rows, seed=seed).take(pa.array(rng.integers(0, rows, rows)))  # some rows occur several times
    shuffled = table.take(pa.array(rng.permutation(rows)))
    with tempfile.TemporaryDirectory() as place:
        first = order_of(table, Path(place) / "a", **ROLES[roles])
        other = order_of(shuffled, Path(place) / "b", group_rows=group_rows, **ROLES[roles])
    kept = [name for name in table.column_names if name != "id" or roles == "identified"]
    assert sorted(first.tolist()) == list(range(rows))
    assert table.select(kept).take(first).to_pylist() == shuffled.select(kept).take(other).to_pylist()


def test_a_column_that_is_dropped_has_no_say(tmp_path: Path) -> None:
    table = mixed_table(300)
    other = table.set_column(0, "id", pa.array(np.arange(300)[::-1]))
    orders = [order_of(one, tmp_path / str(number), drop=["id"]) for number, one in enumerate((table, other))]
    assert orders[0].tolist() == orders[1].tolist()


def test_the_first_rows_are_a_random_sample_though_many_are_equal(tmp_path: Path) -> None:
    table = pa.table({"x": np.repeat([1, 2, 3, 4], 2_500), "label": np.repeat([0, 1], 5_000)})
    first = order_of(table, tmp_path)[:2_000]
    assert np.abs(np.bincount(table["x"].to_numpy()[first])[1:] - 500).max() < 80  # 4 standard deviations


def test_all_columns_that_are_used_tell_rows_with_one_identifier_apart(tmp_path: Path) -> None:
    table = mixed_table(200).set_column(0, "id", pa.array(np.arange(200) // 2))
    rows = np.random.default_rng(0).permutation(200)
    first = order_of(table, tmp_path / "a", ids=["id"])
    other = order_of(table.take(rows), tmp_path / "b", ids=["id"])
    assert rows[other].tolist() == first.tolist()


@pytest.mark.parametrize("method", ["random", "stable"])
def test_a_rejected_or_added_row_does_not_stop_equal_splits_of_shuffled_tables(tmp_path: Path, method: str) -> None:
    table = mixed_table(400)
    shuffled = table.take(np.random.default_rng(3).permutation(400))
    runs = [
        run_engine(one, tmp_path / str(number), columns={"target": "label", "ids": ["id"]}, split={"method": method})
        for number, one in enumerate((table, shuffled))
    ]
    found = [
        {part: sorted(run.version.partitions[part].classes.items()) for part in run.version.partitions} for run in runs
    ]
    assert found[0] == found[1]
