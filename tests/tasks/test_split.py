from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.errors import SplitError
from counterpoise.split import read_partition
from counterpoise.tasks.split import split
from tests.snapshots import UNCHECKED, engine_config, mixed_table, snapshot_of


def test_every_row_gets_a_partition_of_the_size_asked_for(tmp_path: Path) -> None:
    config = engine_config(tmp_path, split={"test_size": 0.3, "validation_size": 0.1})
    plan = split.fn(config, snapshot_of(mixed_table(1000), tmp_path), UNCHECKED, folder=tmp_path / "run")
    assert np.bincount(read_partition(plan)).tolist() == pytest.approx([600, 100, 300], abs=2)
    assert Path(plan.file).is_relative_to(tmp_path / "run")


def test_the_seed_of_the_configuration_decides_the_split(tmp_path: Path) -> None:
    snapshot = snapshot_of(mixed_table(1000), tmp_path)
    plans = [
        split.fn(engine_config(tmp_path, seed=seed), snapshot, UNCHECKED, folder=tmp_path / f"run{number}")
        for number, seed in enumerate([1, 1, 2])
    ]
    assert plans[0].sha256 == plans[1].sha256
    assert plans[0].sha256 != plans[2].sha256


def test_a_class_too_rare_for_all_partitions_is_refused(tmp_path: Path) -> None:
    table = pa.table({"x": range(100), "label": ["a"] * 98 + ["b"] * 2})
    with pytest.raises(SplitError, match="'b'"):
        split.fn(engine_config(tmp_path), snapshot_of(table, tmp_path), UNCHECKED, folder=tmp_path / "run")
