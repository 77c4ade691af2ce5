"""Published versions with synthetic rows, as SMOTE makes them or forced by a doctored recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.persist import publish_version
from counterpoise.records import DatasetVersion
from counterpoise.resample import plan_resampling
from counterpoise.results import SyntheticQuality
from counterpoise.split import split_snapshot
from counterpoise.synthetic._measure import synthetic_quality
from counterpoise.table import read_arrow, write_arrow
from counterpoise.versions import Version, open_version
from tests.snapshots import UNCHECKED, EngineRun, engine_config, run_engine, snapshot_of

SMOTE = {"strategy": "smote"}

Doctor = Callable[[pa.Table, pa.Table], pa.Table]
"""Takes a recipe and the source, returns another recipe."""


def published(version: DatasetVersion) -> Version:
    return open_version(f"{version.root}/{version.dataset}@{version.version}")


def quality_of(run: EngineRun, *, seed: int = 0) -> SyntheticQuality | None:
    return synthetic_quality(
        published(run.version), snapshot=run.snapshot, split=run.split, columns=run.config.columns, seed=seed
    )


def found_quality(run: EngineRun) -> SyntheticQuality:
    quality = quality_of(run)
    assert quality is not None
    return quality


def numbers_table(rows: int, *, share: float = 0.2, apart: float = 0.0, seed: int = 0) -> pa.Table:
    """Return five normal columns; the rows of class 1 lie `apart` from the others in each."""
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < share
    return pa.table({**{f"x{i}": rng.normal(size=rows) + apart * label for i in range(5)}, "label": label.astype("i1")})


@pytest.fixture
def run_doctored(tmp_path: Path) -> Callable[[pa.Table, Doctor], EngineRun]:
    """Publish a table of numbers with the recipe of SMOTE changed."""

    def run(table: pa.Table, doctor: Doctor) -> EngineRun:
        config = engine_config(tmp_path, resampling=SMOTE)
        snapshot = snapshot_of(table, tmp_path)
        settings: dict[str, Any] = {"columns": config.columns, "seed": config.seed}
        split = split_snapshot(
            snapshot, **settings, config=config.split, validation=UNCHECKED, folder=tmp_path / "split"
        )
        plan = plan_resampling(snapshot, split, **settings, config=config.resampling, folder=tmp_path / "plan")
        write_arrow(tmp_path / "doctored.arrow", doctor(read_arrow(plan.synthetic_file), table))
        doctored = plan.model_copy(update={"synthetic_file": str(tmp_path / "doctored.arrow")})
        version = publish_version(config, snapshot=snapshot, validation=UNCHECKED, split=split, resampling=doctored)
        return EngineRun(config, snapshot, split, doctored, version)

    return run


@pytest.fixture
def smote_run(tmp_path: Path) -> Callable[..., EngineRun]:
    """Publish a table with SMOTE."""

    def run(table: pa.Table, **sections: Any) -> EngineRun:
        return run_engine(table, tmp_path, **{"resampling": SMOTE, **sections})

    return run
