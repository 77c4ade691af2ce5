from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import BalanceConfig
from counterpoise.errors import ColumnNotFoundError, SplitError
from counterpoise.records import StrategyChoice
from counterpoise.resample._costs import what_if
from counterpoise.resample._costs.what_if import ResamplingPreview, preview_resampling
from counterpoise.strategies import STRATEGIES
from tests.snapshots import engine_config, mixed_table


def preview(table: pa.Table, folder: Path, **resampling: Any) -> ResamplingPreview:
    return previewed(config_of(table, folder, **resampling), folder / "work")


def previewed(config: BalanceConfig, folder: Path, strategy: str = "weights") -> ResamplingPreview:
    choice = StrategyChoice(strategy=strategy, ratio=1.0, k_neighbors=5, reason="It was better.")
    return preview_resampling(config, folder=folder, choose=lambda *_: choice)


def config_of(table: pa.Table, folder: Path, **resampling: Any) -> BalanceConfig:
    path = folder / "table.parquet"
    pq.write_table(table, path)
    (folder / "work").mkdir()
    return engine_config(
        folder, source={"path": str(path)}, columns={"target": "label", "ids": ["id"]}, resampling=resampling
    )


def test_the_advised_strategy_comes_first_and_none_is_left_out(tmp_path: Path) -> None:
    found = preview(mixed_table(2000), tmp_path, strategy="auto")
    assert found.options[0].strategy == found.choice.strategy == "weights"
    assert found.advice.strategy == "smote"
    assert {option.strategy for option in found.options} == set(STRATEGIES) - {"auto"}
    assert found.configured is None


def test_what_cannot_run_or_does_not_fit_stands_last(tmp_path: Path) -> None:
    found = preview(mixed_table(2000), tmp_path, memory_limit="250 MB")
    usable = [option.runs and option.fits for option in found.options[1:]]
    assert usable == sorted(usable, reverse=True)
    assert not all(usable)
    assert {option.remark for option in found.options if option.runs and not option.fits} == {"over the limit"}


def test_the_configured_strategy_is_judged_as_configured(tmp_path: Path) -> None:
    found = preview(mixed_table(2000), tmp_path, strategy="smote", k_neighbors=100, ratio=1.0)
    assert found.configured is not None
    assert (found.configured.strategy, found.configured.runs) == ("smote", True)
    few = outlook_of_few(tmp_path / "few", strategy="smote", k_neighbors=100)
    assert few.configured is not None
    assert not few.configured.runs
    assert "rows of '1'" in few.configured.remark


def outlook_of_few(folder: Path, **resampling: Any) -> ResamplingPreview:
    folder.mkdir()
    return preview(mixed_table(500), folder, **resampling)


def test_rows_without_a_label_are_left_aside(tmp_path: Path) -> None:
    table = mixed_table(600)
    labels = pa.array([None] * 100 + table["label"].to_pylist()[100:], pa.int8())
    found = preview(table.set_column(table.schema.get_field_index("label"), "label", labels), tmp_path)
    assert found.facts.source_rows == 600
    assert found.facts.rows == pytest.approx(300, abs=1)


def test_the_record_is_json(tmp_path: Path) -> None:
    found = preview(mixed_table(1000), tmp_path, strategy="random_over", memory_limit="2 GB")
    record = json.loads(json.dumps(found.record()))
    assert record["rows"] == 1000
    assert record["memory_limit"] == 2 * 10**9
    assert record["configured"]["strategy"] == "random_over"
    assert record["advice"]["strategy"] == record["strategies"][0]["strategy"]
    assert len(record["strategies"]) == len(STRATEGIES) - 1


def test_wide_columns_of_a_large_parquet_file_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from counterpoise.table import SnapshotReader

    seen: set[str] = set()
    read_group = SnapshotReader.read_group

    def watched(self: SnapshotReader, group: Any, columns: Any = None) -> pa.Table:
        seen.update(self.schema.names if columns is None else columns)
        return read_group(self, group, columns)

    monkeypatch.setattr(SnapshotReader, "read_group", watched)
    monkeypatch.setattr(what_if, "_SMALL", 1_000)
    preview(mixed_table(1000), tmp_path)
    assert seen == {"id", "label", "flag", "word", "kind"}


def test_a_missing_column_and_a_class_too_rare_are_refused_as_in_a_run(tmp_path: Path) -> None:
    config = config_of(mixed_table(300), tmp_path)
    wrong = config.model_copy(update={"columns": config.columns.model_copy(update={"ids": ("uid",)})})
    with pytest.raises(ColumnNotFoundError, match=r"columns\.ids"):
        previewed(wrong, tmp_path / "work")
    (tmp_path / "rare").mkdir()
    rare = pa.table({"id": range(101), "x": np.arange(101.0), "label": [0] * 100 + [1]})
    with pytest.raises(SplitError, match="too few of '1'"):
        preview(rare, tmp_path / "rare")
