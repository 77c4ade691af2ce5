from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL

from counterpoise import evaluate as core_evaluate
from counterpoise import ingest as core_ingest
from counterpoise import persist as core_persist
from counterpoise import resample as core_resample
from counterpoise import split as core_split
from counterpoise import validate as core_validate
from counterpoise.config import BalanceConfig
from counterpoise.errors import ContractError, CounterpoiseError
from counterpoise.evaluate import find_evaluation
from counterpoise.flows.balance import balance
from counterpoise.records import DatasetVersion
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.flows.tables import configured, write_table
from tests.processes import PATIENCE, running, wait_until


def runs_of(dataset: str) -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        name = FlowRunFilterName(any_=[f"balance-{dataset}"])
        return client.read_flow_runs(flow_run_filter=FlowRunFilter(name=name))


def working_areas(config: BalanceConfig) -> list[Path]:
    return list(Path(config.output.root, config.name, ".staging").glob("*"))


class Counted:
    """Counts the calls of a function and may fail at first."""

    def __init__(self, function: Callable[..., Any], *failures: BaseException) -> None:
        self.function = function
        self.failures = list(failures)
        self.calls = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.function(*arguments, **named)


@pytest.fixture(name="ingesting")
def _ingesting(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted(core_ingest.ingest_source)
    monkeypatch.setattr(core_ingest, "ingest_source", counted)
    return counted


@pytest.fixture(name="comparing")
def _comparing(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted(core_evaluate.compare_strategies)
    monkeypatch.setattr(core_evaluate, "compare_strategies", counted)
    return counted


def test_a_source_becomes_a_verified_version_with_its_report(tmp_path: Path) -> None:
    config = configured(tmp_path)
    version = balance(config)
    assert isinstance(version, DatasetVersion)
    assert version.created
    assert verify_version(version.root, version.dataset, version.version) == []
    published = sum(
        open_version(tmp_path / "datasets/tested").to_arrow(part).num_rows for part in ("validation", "test")
    )
    assert 0 < published < 600
    report = find_evaluation(version)
    assert report is not None
    assert Path(report.html).exists()
    assert working_areas(config) == []


def test_an_unchanged_source_and_configuration_give_the_same_version_without_work(
    tmp_path: Path, ingesting: Counted, comparing: Counted
) -> None:
    config = configured(tmp_path)
    first = balance(config)
    second = balance(config)
    assert second == first.model_copy(update={"created": False})
    assert (ingesting.calls, comparing.calls) == (1, 1)
    assert working_areas(config) == []


def test_a_changed_source_gives_the_next_version(tmp_path: Path) -> None:
    config = configured(tmp_path, "evaluation.enabled=false")
    balance(config)
    write_table(tmp_path, seed=1)
    assert balance(config).version == 2


def test_an_evaluation_that_is_left_out_leaves_no_report(tmp_path: Path, comparing: Counted) -> None:
    version = balance(configured(tmp_path, "evaluation.enabled=false"))
    assert find_evaluation(version) is None
    assert comparing.calls == 0


def test_a_retry_after_a_failed_evaluation_does_nothing_before_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ingesting: Counted, comparing: Counted
) -> None:
    stages = {
        (core_validate, "validate_snapshot"),
        (core_validate, "validate_partitions"),
        (core_split, "split_snapshot"),
        (core_resample, "plan_resampling"),
        (core_persist, "publish_version"),
    }
    before = [ingesting]
    for module, name in stages:
        before.append(Counted(getattr(module, name)))
        monkeypatch.setattr(module, name, before[-1])
    comparing.failures = [ZeroDivisionError("learner")]
    config = configured(tmp_path)
    version = balance.with_options(retries=1)(config)
    assert [stage.calls for stage in before] == [1] * 6
    assert comparing.calls == 2
    assert version.version == 1
    assert working_areas(config) == []


def test_a_failed_run_keeps_its_working_area_and_the_next_run_makes_up_for_it(
    tmp_path: Path, comparing: Counted
) -> None:
    comparing.failures = [ZeroDivisionError("learner")]
    config = configured(tmp_path)
    with pytest.raises(ZeroDivisionError, match="learner"):
        balance(config)
    assert len(working_areas(config)) == 1
    version = balance(config)
    assert version.version == 1
    assert find_evaluation(version) is not None


def test_an_interrupted_run_leaves_no_working_area_and_no_version(tmp_path: Path, ingesting: Counted) -> None:
    ingesting.failures = [KeyboardInterrupt()]
    config = configured(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        balance(config)
    assert working_areas(config) == []
    assert not (tmp_path / "datasets/tested/versions").exists()


WAITING = """
import sys, time, pathlib
from counterpoise import ingest
from counterpoise.config._files import load_config
from counterpoise.flows.balance import balance

def wait(source, *, folder, **others):
    folder.mkdir()
    (folder / "half-read").touch()
    pathlib.Path(sys.argv[2]).touch()
    time.sleep(60)

ingest.ingest_source = wait
balance(load_config(sys.argv[1]))
"""


def test_a_terminated_run_leaves_no_working_area_and_no_version(tmp_path: Path) -> None:
    config = configured(tmp_path, name="terminated")
    file, started = tmp_path / "config.yaml", tmp_path / "started"
    file.write_text(json.dumps(config.published()))
    environment = {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value())}
    with running([sys.executable, "-c", WAITING, str(file), str(started)], env=environment) as process:
        wait_until(started.exists, what="the run is at work", program=process)
        assert len(working_areas(config)) == 1
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    assert working_areas(config) == []
    assert not (tmp_path / "datasets/terminated/versions").exists()


def test_a_refused_run_publishes_nothing_and_keeps_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("id,x,y,label\n" + "".join(f"r{n},{n},1,no\n" for n in range(100)))
    config = configured(tmp_path, name="refused-whole")
    with pytest.raises(ContractError, match="single_class"):
        balance(config)
    assert not (tmp_path / "datasets/refused-whole/versions").exists()
    assert working_areas(config) == []
    (reason,) = (tmp_path / "datasets/refused-whole/rejected").glob("*/reason.json")
    assert json.loads(reason.read_text())["reason"]["reason"] == "single_class"
    (run,) = runs_of("refused-whole")
    assert run.state is not None
    assert run.state.is_failed()
    assert "single_class" in str(run.state.message)
    assert "What to do" in str(run.state.message)


def test_a_source_that_is_not_there_is_refused_with_evidence(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "table.csv").unlink()
    with pytest.raises(CounterpoiseError, match=r"table\.csv") as caught:
        balance(config)
    assert caught.value.exit_code == 2
    assert len(list((tmp_path / "datasets/tested/rejected").glob("*/reason.json"))) == 1


def test_the_run_is_named_after_its_dataset_and_keeps_its_parameters(tmp_path: Path) -> None:
    config = configured(tmp_path, "evaluation.enabled=false", name="named")
    balance(config)
    (run,) = runs_of("named")
    assert run.parameters == {"config": config.published()}
    assert run.state is not None
    assert run.state.is_completed()


def test_the_flow_refuses_what_is_no_configuration() -> None:
    with pytest.raises(Exception, match="columns"):
        balance(cast("BalanceConfig", {"name": "x", "source": {"path": "a.csv"}}))


def test_the_results_of_a_run_are_readable_json(tmp_path: Path) -> None:
    state = balance(configured(tmp_path, "evaluation.enabled=false"), return_state=True)
    record: Any = state.data
    assert record.metadata.serializer.type == "json"
    stored = json.loads(Path(str(record.metadata.storage_key)).read_text())
    assert stored["data"]["dataset"] == "tested"


def test_a_run_that_stops_for_invalid_rows_keeps_them_as_evidence(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    table.write_text(table.read_text() + "".join(f"extra{n},1.0,2,\n" for n in range(30)))
    config = configured(tmp_path, "validation.on_invalid_rows=stop")
    with pytest.raises(ContractError, match="label"):
        balance(config)
    (kept,) = (tmp_path / "datasets/tested/rejected").iterdir()
    rows = pq.read_table(kept / "invalid_rows.parquet")
    assert rows["source_row"].to_pylist() == list(range(600, 630))
