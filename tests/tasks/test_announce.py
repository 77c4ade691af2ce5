from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from counterpoise.records import DatasetVersion
from counterpoise.tasks import announce as announce_module
from counterpoise.tasks.announce import announce, dataset_key, source_key
from counterpoise.tasks.stage import StageTimeoutError
from tests.manifests import manifest_of
from tests.snapshots import EngineRun, mixed_table, run_engine
from tests.tasks.stored import stored_event


def published(folder: Path, name: str) -> EngineRun:
    return run_engine(mixed_table(500), folder, name=name)


def announced(run: EngineRun, version: DatasetVersion) -> None:
    @flow
    def announces() -> None:
        announce(run.config, version)

    announces()


def events(name: str, resource: str) -> list[dict[str, Any]]:
    wanted = {"event": {"name": [name]}, "resource": {"id": [resource]}}
    with get_client(sync_client=True) as client:
        found: list[dict[str, Any]] = client.request("POST", "/events/filter", json={"filter": wanted}).json()["events"]
        return found


def test_a_new_version_is_an_event_that_automations_can_wait_for(tmp_path: Path) -> None:
    run = published(tmp_path, "announced")
    announced(run, run.version)
    payload = stored_event("counterpoise.dataset.published", "announced")["payload"]
    assert payload["version"] == 1
    assert payload["rows"] == {name: part.rows for name, part in run.version.partitions.items()}
    assert payload["classes"] == {name: part.classes for name, part in run.version.partitions.items()}
    assert payload["prevalence"]["test"] == pytest.approx(0.1, abs=0.05)
    assert payload["manifest"] == "versions/00000001.json"
    assert payload["source_digest"] == run.snapshot.digest


def test_a_new_version_is_an_asset_that_was_made_of_its_source(tmp_path: Path) -> None:
    run = published(tmp_path, "materialised")
    announced(run, run.version)
    stored_event("counterpoise.dataset.published", "materialised")
    key = dataset_key(run.version.root, "materialised")
    (event,) = events("prefect.asset.materialization.succeeded", key)
    upstream = [each for each in event["related"] if each["prefect.resource.role"] == "asset"]
    assert [each["prefect.resource.id"] for each in upstream] == [source_key(run.config.source)]
    assert event["payload"]["version"] == 1
    assert event["payload"]["run_key"] == run.version.run_key
    assert event["resource"]["prefect.resource.name"] == "materialised"


def test_a_version_whose_run_was_killed_before_it_could_announce_it_is_announced_by_the_next(tmp_path: Path) -> None:
    run = published(tmp_path, "lost")
    announced(run, run.version.model_copy(update={"created": False}))
    assert stored_event("counterpoise.dataset.published", "lost")["payload"]["version"] == 1


def test_a_version_that_was_announced_is_not_announced_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = published(tmp_path, "once")
    announced(run, run.version)
    stored_event("counterpoise.dataset.published", "once")
    told: list[str] = []
    monkeypatch.setattr(announce_module, "emit", lambda event, *_, **__: told.append(event))
    announced(run, run.version.model_copy(update={"created": False}))
    assert told == []


def test_an_announcement_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_engine(mixed_table(500), tmp_path, name="silent", timeouts={"announcement": 1 / 60})
    monkeypatch.setattr(announce_module, "emit", lambda *_, **__: time.sleep(60))
    with pytest.raises(StageTimeoutError, match=r"timeouts\.announcement"):
        announced(run, run.version)


def test_the_server_keeps_one_event_of_a_version_that_is_announced_twice(tmp_path: Path) -> None:
    run = published(tmp_path, "twice")
    for _ in range(2):
        announced(run, run.version)
    later = published(tmp_path / "later", "after-twice")
    announced(later, later.version)
    stored_event("counterpoise.dataset.published", "after-twice")  # events are stored in the order they are emitted
    assert len(events("counterpoise.dataset.published", "counterpoise.dataset.twice")) == 1


def long_ago(content: dict[str, Any]) -> None:
    content["created"] = "2020-01-01T00:00:00+00:00"


def test_an_old_version_is_not_announced_whatever_the_server_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published(tmp_path, "old")
    monkeypatch.setattr(announce_module, "_manifest", lambda _: manifest_of(change=long_ago))
    announced(run, run.version.model_copy(update={"created": False}))
    assert events("counterpoise.dataset.published", "counterpoise.dataset.old") == []


def test_nobody_is_told_outside_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(announce_module, "emit", lambda event, *_, **__: told.append(event))
    run = published(tmp_path, "alone")
    announce(run.config, run.version)
    assert told == []
