from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from counterpoise.core.errors import PublishError
from counterpoise.core.records import DatasetVersion
from counterpoise.core.versions import open_version
from counterpoise.tasks import persist as persist_module
from counterpoise.tasks.persist import persist
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine
from tests.tasks.stored import stored_event


def persisted(run: EngineRun, root: Path, task: Any = persist.fn) -> DatasetVersion:
    config = run.config.model_copy(update={"output": run.config.output.model_copy(update={"root": str(root)})})
    version: DatasetVersion = task(
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
    with pytest.raises(PublishError, match=r"output\.root"):
        persisted(run, tmp_path / "file")


def test_a_new_version_is_an_event_that_automations_can_wait_for(tmp_path: Path) -> None:
    run = run_engine(mixed_table(500), tmp_path, name="announced")

    @flow
    def publishes() -> DatasetVersion:
        return persisted(run, tmp_path / "published", persist)

    version = publishes()
    payload = stored_event("counterpoise.dataset.published", "announced")["payload"]
    assert payload["version"] == 1
    assert payload["rows"] == {name: part.rows for name, part in version.partitions.items()}
    assert payload["classes"] == {name: part.classes for name, part in version.partitions.items()}
    assert payload["manifest"] == "versions/00000001.json"


def test_an_unchanged_version_is_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(persist_module, "emit", lambda event, *_: told.append(event))
    run = run_engine(mixed_table(500), tmp_path)
    for _ in range(2):
        persisted(run, tmp_path / "published")
    assert told == ["counterpoise.dataset.published"]
