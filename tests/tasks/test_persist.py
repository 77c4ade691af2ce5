from __future__ import annotations

from pathlib import Path

import pytest

from counterpoise.errors import PublishError
from counterpoise.records import DatasetVersion
from counterpoise.tasks.persist import persist
from counterpoise.versions import open_version
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine


def persisted(run: EngineRun, root: Path) -> DatasetVersion:
    config = run.config.model_copy(update={"output": run.config.output.model_copy(update={"root": str(root)})})
    version: DatasetVersion = persist.fn(
        config, snapshot=run.snapshot, validation=UNCHECKED, split=run.split, resampling=run.resampling
    )
    return version


def test_plans_become_a_version_that_can_be_opened(tmp_path: Path) -> None:
    version = persisted(run_engine(mixed_table(500), tmp_path), tmp_path / "published")
    assert version.created
    assert open_version(tmp_path / "published" / "tested").to_arrow("test").num_rows == version.partitions["test"].rows


def test_the_same_plans_again_give_the_same_version(tmp_path: Path) -> None:
    run = run_engine(mixed_table(500), tmp_path)
    first, second = (persisted(run, tmp_path / "published") for _ in range(2))
    assert second == first.model_copy(update={"created": False})


def test_a_root_that_is_a_file_publishes_nothing(tmp_path: Path) -> None:
    run = run_engine(mixed_table(500), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(PublishError) as told:
        persisted(run, tmp_path / "file")
    assert f"remove the file that is in the way at {tmp_path / 'file'}; nothing was published" in told.value.remedy
    (tmp_path / "file").unlink()
    assert persisted(run, tmp_path / "file").version == 1
