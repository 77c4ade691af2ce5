"""The services of Prefect's server that we rely on, each on a real server and worker, on SQLite and on PostgreSQL.

Schedules once came to nothing for weeks because no test waited for a scheduled run.
"""

from __future__ import annotations

import functools
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import yaml

from counterpoise.suggest import write_sample
from counterpoise.versions import open_version
from tests.flows.processes import processes_of
from tests.flows.real_prefect import FILE, RealPrefect, emit, quick_config
from tests.ingest.postgres import Cluster
from tests.processes import wait_until
from tests.test_documents import blocks


def upcoming(prefect: RealPrefect, deployment: str) -> list[dict[str, Any]]:
    """Return the runs that the scheduler has made for a deployment."""
    wanted = {"deployments": {"id": {"any_": [prefect.deployment(deployment)["id"]]}}}
    states = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    found = prefect.ask("POST", "/flow_runs/filter", **wanted, **states)
    return [run for run in found if run["auto_scheduled"]]


def test_every_deployment_with_a_schedule_has_upcoming_runs(prefect: RealPrefect) -> None:
    deployments = [each for each in yaml.safe_load(FILE.read_text())["deployments"] if each["schedules"]]
    assert len(deployments) == 3
    for each in deployments:
        ask = functools.partial(upcoming, prefect, f"{each['entrypoint'].rpartition('.')[2]}/{each['name']}")
        runs = wait_until(ask, what=lambda: prefect.log("server"))
        assert all(run["expected_start_time"] and run["parameters"]["config"]["name"] == "fraud" for run in runs)


def test_a_cron_of_every_minute_publishes_a_version(prefect: RealPrefect) -> None:
    where = f"/deployments/{prefect.deployment('balance/on-demand')['id']}/schedules"
    each_minute = {"cron": "* * * * *", "timezone": "Europe/Berlin"}
    parameters = {"config": quick_config(prefect, name="by-cron")}
    made = prefect.client.post(where, json=[{"schedule": each_minute, "active": True, "parameters": parameters}])
    assert made.is_success, made.text
    try:
        dataset = prefect.folder / "datasets" / "by-cron"
        wait_until(lambda: list(dataset.glob("versions/*.json")), what=lambda: prefect.log("server"))
    finally:
        prefect.ask("DELETE", f"{where}/{made.json()[0]['id']}")
    assert open_version(dataset).record.version == 1
    assert "Error scheduling" not in prefect.log("server")


def test_a_run_that_no_worker_takes_is_marked_as_late(prefect: RealPrefect) -> None:
    flow = prefect.deployment("balance/on-demand")["flow_id"]
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2026-01-01T00:00:00Z"}}
    run = prefect.ask("POST", "/flow_runs/", flow_id=flow, state=state)["id"]
    wait_until(lambda: prefect.flow_run(run)["state_name"] == "Late", what="late")
    prefect.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CANCELLED"}, force=True)


def test_an_event_starts_the_run_that_a_trigger_promises(prefect: RealPrefect) -> None:
    path = f"{uuid.uuid4().hex}.csv"
    emit(prefect, "counterpoise.data.arrived", "counterpoise.source.fraud", {"path": path})

    def started() -> list[dict[str, Any]]:
        runs = prefect.runs_of("balance/on-arrival")
        return [run for run in runs if run["parameters"]["config"]["source"]["path"] == path]

    (run,) = wait_until(started, what="a run")
    refused = wait_until(lambda: final(prefect, run["id"]), what=lambda: prefect.log("worker"))
    assert refused["state_name"] == "Refused", "there is no such file"


def final(prefect: RealPrefect, run: str) -> dict[str, Any] | None:
    """Return a run whose state is its last one: Failed may be named yet."""
    found = prefect.flow_run(run)
    return found if found["state_name"] in ("Completed", "Refused", "Crashed", "Cancelled") else None


@contextmanager
def watched_for_silence(prefect: RealPrefect, run: str) -> Iterator[None]:
    """Create the example's automation of zombies for one run alone, and more impatient; remove it in the end."""
    text = (FILE.parent / "examples" / "automations.yaml").read_text()
    (found,) = [each for each in yaml.safe_load(text)["automations"] if each["name"] == "zombie runs"]
    found["trigger"] |= {"match": {"prefect.resource.id": f"prefect.flow-run.{run}"}, "within": 10}
    made = prefect.ask("POST", "/automations/", **found)
    try:
        yield
    finally:
        prefect.ask("DELETE", f"/automations/{made['id']}")


def test_a_run_whose_process_is_stuck_says_nothing_and_is_marked_as_crashed(prefect: RealPrefect) -> None:
    """The worker sees a process that lives, so that only the silence gives it away."""
    write_sample("fraud", rows=400_000, out=prefect.folder / "stuck.csv", seed=0)
    run = prefect.start("balance/on-demand", quick_config(prefect, name="stuck", source={"path": "stuck.csv"}))
    with watched_for_silence(prefect, run):
        wait_until(lambda: heartbeats(prefect, run), what=lambda: prefect.log("worker"))
        stopped = processes_of(run)
        assert stopped
        try:
            signal_all(stopped, signal.SIGSTOP)
            found = prefect.wait_for(run, "CRASHED")
            assert "No heartbeat" in found["state"]["message"]
        finally:
            signal_all(stopped, signal.SIGKILL)
    assert not list((prefect.folder / "datasets" / "stuck").glob("versions/*"))


def heartbeats(prefect: RealPrefect, run: str) -> list[dict[str, Any]]:
    """Return the heartbeats of a run, which the automation knows by the tag of its deployment."""
    wanted = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": [f"prefect.flow-run.{run}"]}}
    found: list[dict[str, Any]] = prefect.ask("POST", "/events/filter", filter=wanted)["events"]
    tags = {one["prefect.resource.id"] for each in found for one in each["related"]}
    assert not found or "prefect.tag.counterpoise" in tags
    return found


def signal_all(processes: list[str], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(int(process), number)


def test_what_a_cancelled_run_leaves_behind_is_cancelled_too(prefect: RealPrefect) -> None:
    """Its task and its subflow were running when the machine went."""
    flow = prefect.deployment("balance/on-demand")["flow_id"]
    run = prefect.ask("POST", "/flow_runs/", flow_id=flow, state={"type": "RUNNING"})["id"]
    task, tracking = (new_task_run(prefect, run, key) for key in ("left", "subflow"))
    subflow = {"flow_id": flow, "state": {"type": "RUNNING"}, "parent_task_run_id": tracking}
    child = prefect.ask("POST", "/flow_runs/", **subflow)["id"]
    prefect.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CANCELLED"}, force=True)

    def cancelled() -> bool:
        states = [prefect.ask("GET", f"/task_runs/{task}"), prefect.flow_run(child)]
        return [each["state_type"] for each in states] == ["CANCELLED", "CANCELLED"]

    wait_until(cancelled, what="the task and the subflow are cancelled")


def new_task_run(prefect: RealPrefect, run: str, key: str) -> str:
    body = {"flow_run_id": run, "task_key": key, "dynamic_key": key, "state": {"type": "RUNNING"}}
    return str(prefect.ask("POST", "/task_runs/", **body)["id"])


def test_the_guide_shows_the_commands_that_have_set_up_postgresql() -> None:
    (shown,) = [block for block in blocks("sh", "docs/storage.md") if "asyncpg" in block]
    assert "export PREFECT_SERVER_DATABASE_CONNECTION_URL=" in shown
    assert "prefect server database upgrade -y" in shown


def test_the_server_on_postgresql_uses_nothing_else(postgres_prefect: RealPrefect, postgres: Cluster) -> None:
    run = postgres_prefect.start("balance/on-demand", quick_config(postgres_prefect, name="on-postgres"))
    postgres_prefect.wait_for(run, "COMPLETED")
    assert open_version(postgres_prefect.folder / "datasets" / "on-postgres").record.version == 1
    assert not list(postgres_prefect.folder.rglob("prefect.db")), "the server has used SQLite"
    assert postgres.password not in postgres_prefect.log("worker")
    with psycopg.connect(
        host=str(postgres.socket), user=postgres.user, password=postgres.password, dbname="postgres"
    ) as connection:
        found = connection.execute("SELECT state_type::text FROM flow_run WHERE id = %s", (run,)).fetchall()
    assert found == [("COMPLETED",)]
