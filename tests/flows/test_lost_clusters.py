"""Clusters that go away, hang or are left by their workers while a run waits for them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from counterpoise.config import BalanceConfig, EngineConfig
from counterpoise.errors import EngineError
from counterpoise.flows.workspace import run_workspace
from counterpoise.tasks import cluster_watch
from counterpoise.tasks.engine import current_engine, running_engine
from tests.flows import pieces
from tests.flows.clusters import children_of, dask_cluster, kill
from tests.processes import wait_until
from tests.snapshots import engine_config

pytest.importorskip("prefect_dask")


@flow
def wait_in_area(config: BalanceConfig, wanted: Any) -> dict[int, Any]:
    with run_workspace(config) as folder, running_engine(config.engine):
        folder.joinpath("unfinished").touch()
        return dict(current_engine().map(pieces.wait_for_release, wanted))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with dask_cluster(tmp_path, workers=1) as running:
        yield running


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_watch, "_BEAT", 0.5)


def lose(config: BalanceConfig, place: Path, harm: Callable[[], None]) -> EngineError:
    """Wait for pieces on the cluster, do it harm once one has begun, and return the error that ends the run."""

    def do_harm() -> None:
        wait_until(place.joinpath("begun-0").exists, what="a piece begins")
        harm()

    thread = threading.Thread(target=do_harm)
    thread.start()
    with pytest.raises(EngineError) as caught:
        wait_in_area(config, [pieces.Marked(number, str(place)) for number in range(2)])
    thread.join()
    place.joinpath("release").touch()
    return caught.value


def config_at(cluster: tuple[str, int], place: Path) -> BalanceConfig:
    return engine_config(place, engine=EngineConfig(kind="dask", address=cluster[0]))


def scheduler(place: Path) -> int:
    return int(place.joinpath("scheduler.pid").read_text())


def test_a_scheduler_that_is_killed_is_named_and_leaves_no_working_area(
    tmp_path: Path, cluster: tuple[str, int]
) -> None:
    error = lose(config_at(cluster, tmp_path), tmp_path, lambda: kill([scheduler(tmp_path)]))
    assert error.reason == "cluster_lost"
    assert cluster[0] in error.expected
    assert "run again" in error.remedy
    assert not [path for path in (tmp_path / "datasets").rglob("*") if path.is_file()]
    assert not (tmp_path / "datasets" / "tested" / ".staging").exists()


def test_a_scheduler_that_hangs_is_not_waited_for(
    tmp_path: Path, cluster: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_watch, "_SECONDS_FOR_AN_ANSWER", 3.0)
    error = lose(config_at(cluster, tmp_path), tmp_path, lambda: os.kill(scheduler(tmp_path), signal.SIGSTOP))
    assert (error.reason, "no answer of the scheduler" in error.found) == ("cluster_lost", True)


def test_a_cluster_that_all_workers_have_left_is_not_waited_for(
    tmp_path: Path, cluster: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_watch, "_SECONDS_WITHOUT_WORKERS", 3.0)
    error = lose(config_at(cluster, tmp_path), tmp_path, lambda: kill([cluster[1], *children_of(cluster[1])]))
    assert (error.reason, "no worker" in error.found) == ("cluster_lost", True)


def test_a_cluster_of_its_own_without_room_for_its_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prefect_dask.task_runners.DaskTaskRunner.client", property(full))
    with pytest.raises(EngineError, match=r"no_cluster.*No space left.*TMPDIR"):
        wait_in_area(engine_config(tmp_path, engine=EngineConfig(kind="dask", workers=1)), [pieces.Marked(0, "")])
