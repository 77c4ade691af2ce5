"""What every method of splitting holds to, on generated and on real tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.config import ColumnsConfig, SourceConfig, SplitConfig
from counterpoise.errors import SplitError
from counterpoise.ingest import ingest_source, resolve_column
from counterpoise.records import PARTITIONS
from counterpoise.split import REJECTED, read_partition, split_snapshot
from counterpoise.split._groups import content_hashes
from counterpoise.table import Hashes, SnapshotReader, read_rejects, write_snapshot
from tests.catalog import RealTable, table_parameters
from tests.snapshots import UNCHECKED
from tests.split.splitting import split

METHODS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "random": ({"drop": ["who", "at"]}, {}),
    "grouped": ({"group": "who", "drop": ["at"]}, {"method": "grouped"}),
    "stable by group": ({"group": "who", "drop": ["at"]}, {"method": "stable"}),
    "stable by features": ({"drop": ["who", "at"]}, {"method": "stable"}),
    "time": ({"time": "at", "drop": ["who"]}, {"method": "time", "gap": "2"}),
    "time with groups": ({"time": "at", "group": "who"}, {"method": "time"}),
}

REAL = ("bank_full", "Telco_Customer_Churn", "shuttle", "Skin_NonSkin")


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 2**32 - 1), values=st.integers(40, 400), groups=st.integers(60, 400))
@settings(max_examples=25, deadline=None)
def test_every_row_has_one_place_or_one_reason_and_nothing_that_is_tied_stands_in_two(
    tmp_path_factory: pytest.TempPathFactory, name: str, seed: int, values: int, groups: int
) -> None:
    rng = np.random.default_rng(seed)
    table = pa.table(
        {
            "who": rng.integers(0, groups, 400),
            "at": rng.integers(0, 80, 400),
            "a": rng.integers(0, values, 400),
            "label": rng.integers(0, 2, 400),
        }
    )
    columns, config = METHODS[name]
    try:
        plan = split(table, tmp_path_factory.mktemp("split"), columns=columns, seed=seed, **config)
    except SplitError as refused:
        assert refused.reason in ("partition_lacks_class", "no_room_in_time", "rare_classes")  # noqa: PT017  # or a plan
        return
    where = read_partition(plan)
    assert set(where.tolist()) <= {REJECTED, 0, 1, 2}
    rejects = read_rejects(plan.rejects_file)
    assert rejects["source_row"].to_pylist() == np.flatnonzero(where == REJECTED).tolist()
    assert plan.rejected_rows == sum(plan.apart.values()) == rejects.num_rows
    counted = {part: sum(plan.counts[part].values()) for part in PARTITIONS}
    assert [counted[part] for part in PARTITIONS] == np.bincount(where[where >= 0], minlength=3).tolist()
    for column in ("a", "who") if columns.get("group") else ("a",):
        tied = table[column].to_numpy()
        assert all(len(set(where[(tied == value) & (where >= 0)].tolist())) <= 1 for value in np.unique(tied))


def split_real(table: pa.Table, target: str, folder: Path) -> tuple[npt.NDArray[np.int8], Hashes]:
    """Split a table by its features; return the partition and the hash of the features of every row."""
    folder.mkdir()
    snapshot = write_snapshot(folder / "table.arrow", table)
    plan = split_snapshot(
        snapshot,
        columns=ColumnsConfig(target=target),
        config=SplitConfig(method="stable", rare_classes="reject"),
        validation=UNCHECKED,
        seed=0,
        folder=folder / "split",
    )
    features = [name for name in table.schema.names if name != target]
    return read_partition(plan), content_hashes(snapshot, features)


def torn(hashes: Hashes, where: npt.NDArray[np.int8]) -> int:
    """Return how many rows stand in another partition than an equal one."""
    placed = where >= 0
    order = np.lexsort((where[placed], hashes[placed]))
    equal = np.diff(hashes[placed][order].astype(np.int64)) == 0
    return int((equal & (np.diff(where[placed][order]) != 0)).sum())


@pytest.mark.slow
@pytest.mark.parametrize("table", [each for each in table_parameters() if each.id in ("missing", *REAL)])
def test_a_real_table_that_doubles_keeps_every_earlier_row_in_its_partition(table: RealTable, tmp_path: Path) -> None:
    snapshot = ingest_source(SourceConfig(path=str(table.path)), target=table.target, folder=tmp_path / "snapshot")
    names = [column.name for column in snapshot.columns]
    target = resolve_column(names, table.target)
    order = np.random.default_rng(0).permutation(snapshot.rows)
    rows = SnapshotReader(snapshot).read_columns(names).take(pa.array(order)).combine_chunks()
    then, _ = split_real(rows.slice(0, snapshot.rows // 2), target, tmp_path / "then")
    now, hashes = split_real(rows, target, tmp_path / "now")
    both = (then >= 0) & (now[: len(then)] >= 0)
    assert np.array_equal(then[both], now[: len(then)][both])
    assert both.mean() > 0.99
    assert torn(hashes, now) == 0
