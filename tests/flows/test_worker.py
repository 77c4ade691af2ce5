"""Deployments on a real server, run by a real worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.flows.real_prefect import RealPrefect, emit, quick_config
from tests.processes import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
STAGES_BEFORE = ("ingest", "validate", "split", "resample", "persist")


def test_a_worker_runs_the_deployment_and_the_version_is_published(real_prefect: RealPrefect) -> None:
    run = real_prefect.start("balance/on-demand", quick_config(real_prefect, name="by-worker"))
    assert real_prefect.wait_for(run, "COMPLETED", "FAILED", "CRASHED")["state_type"] == "COMPLETED"
    record = open_version(real_prefect.folder / "datasets" / "by-worker").record
    assert record.version == 1
    assert record.partitions["train"].rows > 1_000
    assert verify_version(record.root, record.dataset, record.version) == []


def test_another_program_starts_a_deployment_and_waits_for_the_version(real_prefect: RealPrefect) -> None:
    table = "counterpoise-demo/transactions.csv"
    said = real_prefect.python(str(EXAMPLES / "start_a_deployment.py"), "by-program", table, "is_fraud")
    assert said.endswith(": Completed\n")
    assert open_version(real_prefect.folder / "datasets" / "by-program").evaluation.joinpath("report.html").exists()


def test_new_data_that_are_told_by_an_event_are_published(real_prefect: RealPrefect) -> None:
    payload = {"path": "later.csv"}
    emit(real_prefect, "counterpoise.data.arrived", "counterpoise.source.fraud", payload)

    def arrived() -> list[dict[str, Any]]:
        runs = real_prefect.runs_of("balance/on-arrival")
        return [run for run in runs if run["parameters"]["config"]["source"]["path"] == "later.csv"]

    (run,) = wait_until(arrived, what="a run")
    assert run["parameters"]["config"]["columns"]["target"] == "is_fraud"
    real_prefect.wait_for(run["id"], "COMPLETED")


def test_the_weekly_tournament_runs_on_a_worker(real_prefect: RealPrefect) -> None:
    entries = {"strategies": ["random_over"], "learners": ["logistic_regression"], "folds": 2}
    run = real_prefect.start("compare/weekly", quick_config(real_prefect, name="weekly", tournament=entries))
    real_prefect.wait_for(run, "COMPLETED")
    board = list((real_prefect.folder / "datasets" / "weekly" / "tournaments").glob("*.json"))
    assert len(board) == 1
    assert {"none", "random_over"} <= {entry["strategy"] for entry in json.loads(board[0].read_text())["entries"]}


def test_a_retry_after_a_failed_evaluation_does_nothing_before_it_again(real_prefect: RealPrefect) -> None:
    dataset = real_prefect.folder / "datasets" / "evaluated-later"
    dataset.mkdir(parents=True)
    in_the_way = dataset / "evaluations"
    in_the_way.write_text("a file where a folder belongs")
    config = quick_config(real_prefect, name=dataset.name, evaluation={"bootstrap": 50})
    run = real_prefect.start("balance/on-demand", config)
    real_prefect.wait_for(run, "FAILED")
    (published,) = dataset.glob("versions/*.json")
    before = published.stat().st_mtime_ns
    in_the_way.unlink()
    real_prefect.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "SCHEDULED", "name": "AwaitingRetry"})
    real_prefect.wait_for(run, "COMPLETED")
    assert list(dataset.glob("evaluations/*/report.html"))
    assert [path.stat().st_mtime_ns for path in dataset.glob("versions/*.json")] == [before]
    done = real_prefect.ask("POST", "/task_runs/filter", flow_runs={"id": {"any_": [run]}})
    times = {name: [task for task in done if task["name"].startswith(f"{name}-")] for name in STAGES_BEFORE}
    for name, tasks in times.items():
        assert sum(task["state_name"] == "Completed" and task["run_count"] > 0 for task in tasks) == 1, name
