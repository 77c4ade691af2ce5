"""Snapshots and whole runs of the engine for tests, from Arrow tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.compare import choose_resampling
from counterpoise.config import BalanceConfig, SourceConfig
from counterpoise.ingest import ingest_source
from counterpoise.persist import publish_version
from counterpoise.records import (
    ColumnSchema,
    DatasetVersion,
    ResamplingPlan,
    Snapshot,
    SnapshotFile,
    SplitPlan,
    Validation,
)
from counterpoise.resample import plan_resampling
from counterpoise.runtime import file_sha256
from counterpoise.split import split_snapshot
from counterpoise.versions import Version, open_version

UNCHECKED = Validation(success=True, outcomes=())


def snapshot_of(table: pa.Table, folder: Path, *, group_rows: int = 1000) -> Snapshot:
    """Write the table as a Parquet file with small row groups and return it as a snapshot."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "source.parquet"
    pq.write_table(table, path, row_group_size=group_rows)
    file = SnapshotFile(
        path=str(path), format="parquet", rows=table.num_rows, bytes=path.stat().st_size, sha256=file_sha256(path)
    )
    columns = tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in table.schema)
    return Snapshot(files=(file,), rows=table.num_rows, columns=columns, digest=file.sha256)


def mixed_table(rows: int, *, share: float = 0.1, seed: int = 0, target: str = "label") -> pa.Table:
    """Return a table with an id, every common type, missing values, and a label with the given share of ones."""
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < share
    return pa.table(
        {
            "id": [f"row-{number:07d}" for number in range(rows)],
            "x": pa.array(rng.normal(size=rows) + label, mask=rng.random(rows) < 0.05),
            "single": rng.normal(size=rows).astype("f4"),
            "big": pa.array(2**53 + rng.integers(0, 10**6, rows), mask=rng.random(rows) < 0.05),
            "small": pa.array(rng.integers(0, 9, rows), pa.int8()),
            "flag": pa.array(rng.random(rows) < 0.3),
            "word": pa.array(rng.choice(["red", "green", "blüe"], rows), mask=rng.random(rows) < 0.05),
            "kind": pa.array(rng.choice(["p", "q"], rows)).dictionary_encode(),
            "at": pa.array(rng.integers(0, 10**15, rows), pa.timestamp("us", "UTC")),
            "day": pa.array(rng.integers(0, 20_000, rows).astype("i4"), pa.date32()),
            "price": pa.array(rng.integers(0, 10**6, rows)).cast(pa.decimal128(20, 0)).cast(pa.decimal128(24, 2)),
            target: label.astype("i1"),
        }
    )


@dataclass(frozen=True)
class EngineRun:
    """All records of one run of the engine."""

    config: BalanceConfig
    snapshot: Snapshot
    split: SplitPlan
    resampling: ResamplingPlan
    version: DatasetVersion


def engine_config(folder: Path, **sections: Any) -> BalanceConfig:
    """Return a configuration that publishes under the folder, with the label `label`."""
    settings: dict[str, Any] = {
        "name": "tested",
        "source": {"path": "source.parquet"},
        "columns": {"target": "label"},
        "output": {"root": str(folder / "datasets")},
    }
    return BalanceConfig(**{**settings, **sections})


def run_engine(table: pa.Table, folder: Path, *, group_rows: int = 1000, **sections: Any) -> EngineRun:
    """Split, resample and publish a table."""
    return _run(engine_config(folder, **sections), snapshot_of(table, folder, group_rows=group_rows), folder)


def publish_source(source: SourceConfig, folder: Path, **sections: Any) -> Version:
    """Ingest a source and publish it without resampling."""
    config = engine_config(folder, source=source, resampling={"strategy": "none"}, **sections)
    _run(config, ingest_source(source, target=config.columns.target, folder=folder / "ingest"), folder)
    return open_version(folder / "datasets" / "tested")


def _run(config: BalanceConfig, snapshot: Snapshot, folder: Path) -> EngineRun:
    split = split_snapshot(
        snapshot,
        columns=config.columns,
        config=config.split,
        validation=UNCHECKED,
        seed=config.seed,
        folder=folder / "split",
        positive_class=config.evaluation.positive_class,
    )
    chosen = choose_resampling(config, snapshot, split, folder=folder / "auto")
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed, folder=folder / "plan",
        choice=chosen.choice, synthetic_only=config.output.rows == "synthetic",
    )  # fmt: skip
    version = publish_version(config, snapshot=snapshot, validation=UNCHECKED, split=split, resampling=plan)
    return EngineRun(config, snapshot, split, plan, version)
