"""Runs on Dask clusters: one that lasts as long as the run, and one that is there already."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

from counterpoise import persist as manifest_module  # its door, at which the tasks ask
from counterpoise.config import BalanceConfig, EngineConfig
from counterpoise.errors import ConfigError, EngineError
from counterpoise.flows.balance import balance
from counterpoise.flows.compare import compare
from counterpoise.records import DatasetVersion
from counterpoise.tasks.engine import current_engine, running_engine
from counterpoise.tasks.persist import persist
from counterpoise.validate._gx.groups import plan_groups
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.flows import pieces
from tests.flows.clusters import children_of, dask_cluster, kill
from tests.flows.tables import configured
from tests.processes import PATIENCE
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine

pytestmark = pytest.mark.slow

pytest.importorskip("prefect_dask")

Cluster = tuple[str, int]

OWN = EngineConfig(kind="dask", workers=2)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with dask_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.persist._rows.materials.WINDOW_ROWS", 100)


def at(cluster: Cluster) -> EngineConfig:
    return EngineConfig(kind="dask", address=cluster[0])


def planned(folder: Path, rows: int = 3000, *, strategy: str = "smote", **output: Any) -> EngineRun:
    output = {"root": str(folder / "here"), "rows_per_file": 1000, **output}
    columns = {"target": "label", "ids": ["id"]}
    return run_engine(mixed_table(rows), folder, output=output, columns=columns, resampling={"strategy": strategy})


def moved(config: BalanceConfig, root: Path, **update: Any) -> BalanceConfig:
    output = config.output.model_copy(update={"root": str(root)})
    return config.model_copy(update={"output": output, **update})


@flow
def persist_on(engine: EngineConfig, run: Any, root: str) -> DatasetVersion:
    plans = {"snapshot": run.snapshot, "validation": UNCHECKED, "split": run.split, "resampling": run.resampling}
    with running_engine(engine):
        version: DatasetVersion = persist(moved(run.config, Path(root)), **plans)
        return version


@flow
def do_pieces(engine: EngineConfig, work: Any, wanted: Any) -> dict[int, Any]:
    with running_engine(engine):
        return dict(current_engine().map(work, wanted))


def marked(number: int, place: Path = Path()) -> list[pieces.Marked]:
    return [pieces.Marked(each, str(place)) for each in range(number)]


def digests(version: DatasetVersion) -> dict[str, str]:
    manifest = open_version(f"{version.root}/{version.dataset}").manifest
    return {file.path.removeprefix(manifest.data): file.sha256 for file in manifest.files}


@pytest.mark.parametrize("strategy", ["random_over", "random_under", "smote"])
def test_a_cluster_that_is_there_writes_the_same_bytes(tmp_path: Path, cluster: Cluster, strategy: str) -> None:
    run = planned(tmp_path, strategy=strategy)
    version = persist_on(at(cluster), run, str(tmp_path / "there"))
    assert len(list((tmp_path / "there/tested" / version.data / "train").iterdir())) > 1
    assert digests(version) == digests(run.version)


def test_a_run_has_a_cluster_of_its_own_and_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.validate._run.plan_groups", partial(plan_groups, cells=1))
    config = configured(tmp_path, name="everywhere", evaluation={"enabled": False}, output={"materialise": "recipe"})
    before = children_of(os.getpid())
    here, there = balance(moved(config, tmp_path / "here")), balance(moved(config, tmp_path / "there", engine=OWN))
    assert (here.created, there.created) == (True, True)
    assert digests(there) == digests(here)
    assert verify_version(there.root, there.dataset, 1) == []
    assert children_of(os.getpid()) == before
    names = task_runs_of("balance-everywhere")
    assert {"part 0", "part 1"} <= names
    assert any(name.startswith("expectations") for name in names)


def task_runs_of(flow_run: str) -> set[str]:
    with get_client(sync_client=True) as client:
        found = client.read_task_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[flow_run])))
    return {run.name for run in found}


def test_entries_of_a_tournament_compete_on_the_cluster(tmp_path: Path, cluster: Cluster) -> None:
    rules = {"strategies": ["random_over"], "learners": ["logistic_regression"], "folds": 3, "final": False}
    config = configured(tmp_path, name="spread", tournament=rules)
    here = compare(moved(config, tmp_path / "here"))
    there = compare(moved(config, tmp_path / "there", engine=at(cluster)))
    assert [(one.name, one.folds) for one in there.entries] == [(one.name, one.folds) for one in here.entries]
    assert {one.status for one in there.entries} == {"ok"}
    assert not [pid for worker in children_of(cluster[1]) for pid in _templates_of(worker)]


def _templates_of(pid: int) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(place.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
            command = place.joinpath("cmdline").read_text()
        except OSError:
            continue
        found += [command] if parent == pid and "worker_template" in command else []
    return found


def test_a_piece_whose_worker_is_killed_is_done_again(tmp_path: Path, cluster: Cluster) -> None:
    run = planned(tmp_path, 20_000, compression_level=19)
    killed: list[int] = []

    def kill_workers_at_work() -> None:
        place = tmp_path / "there" / "tested" / ".work"
        _wait_for(lambda: any(place.rglob("0*-*/train/*.parquet")))
        killed.extend(children_of(cluster[1]))
        kill(killed)

    killer = threading.Thread(target=kill_workers_at_work)
    killer.start()
    version = persist_on(at(cluster), run, str(tmp_path / "there"))
    killer.join()
    assert len(killed) == 2
    assert not set(killed) & set(children_of(cluster[1]))
    assert digests(version) == digests(run.version)
    assert verify_version(version.root, version.dataset, 1) == []
    assert len(list((tmp_path / "there/tested/data").iterdir())) == 1


def _wait_for(condition: Callable[[], bool]) -> None:
    """Wait without a pause: what is waited for may be over soon."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_each_piece_is_done_until_its_worker_lives(tmp_path: Path, cluster: Cluster) -> None:
    assert do_pieces(at(cluster), pieces.leave_mark, marked(2, tmp_path)) == {0: 0, 1: 1}


def test_a_piece_that_ends_every_worker_is_a_clear_failure(cluster: Cluster) -> None:
    with pytest.raises(EngineError, match=r"workers_died.*need more memory"):
        do_pieces(at(cluster), pieces.end_own_process, marked(1))


def test_the_error_of_a_piece_is_the_error_of_the_run(cluster: Cluster) -> None:
    with pytest.raises(ZeroDivisionError, match="piece"):
        do_pieces(at(cluster), pieces.fail, marked(3))


def test_pieces_are_done_in_other_processes_only_within_the_run(cluster: Cluster) -> None:
    found = do_pieces(at(cluster), pieces.own_process, marked(4))
    assert set(found.values()) <= set(children_of(cluster[1]))
    assert do_pieces(EngineConfig(), pieces.own_process, marked(4)) == dict.fromkeys(range(4), os.getpid())


def test_other_libraries_on_a_worker_publish_nothing(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, run = manifest_module.library_versions(), planned(tmp_path)
    monkeypatch.setattr(manifest_module, "library_versions", lambda: {**real, "pyarrow": "0.1"})
    with pytest.raises(EngineError, match=f"other_libraries.*pyarrow {real['pyarrow']}"):
        persist_on(at(cluster), run, str(tmp_path / "there"))
    assert list((tmp_path / "there").rglob("*.*")) == []


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    nowhere = EngineConfig(kind="dask", address="tcp://127.0.0.1:9")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(EngineError, match=r"no_cluster.*127\.0\.0\.1:9"),
    ):
        do_pieces(nowhere, pieces.own_process, marked(2))


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(ConfigError, match=r"counterpoise\[dask\]"):
        do_pieces(OWN, pieces.own_process, marked(2))
