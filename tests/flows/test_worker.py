"""Deployments and automations on a real server, run by a real worker."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from counterpoise.core.persist import verify_version
from counterpoise.core.versions import open_version
from tests.flows.real_prefect import RealPrefect, quick_config, wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
AUTOMATIONS = EXAMPLES / "automations.yaml"


def emit(prefect: RealPrefect, event: str, resource: str, payload: dict[str, Any]) -> None:
    """Emit an event as any program may: by the server's HTTP API."""
    facts = {"event": event, "resource": {"prefect.resource.id": resource}, "payload": payload}
    facts |= {"id": str(uuid.uuid4()), "occurred": datetime.now(UTC).isoformat()}
    answer = prefect.client.post("/events", json=[facts])
    assert answer.status_code == 204


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
    (run,) = wait_until(lambda: real_prefect.runs_of("balance/on-arrival"), seconds=30, what="a run")
    assert run["parameters"]["config"]["source"]["path"] == "later.csv"
    assert run["parameters"]["config"]["columns"]["target"] == "is_fraud"
    real_prefect.wait_for(run["id"], "COMPLETED")


class Inbox(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    letters: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.letters.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the base class
        """Keep the test's output free of requests."""


@pytest.fixture(name="inbox")
def _inbox() -> Iterator[str]:
    Inbox.letters.clear()
    server = HTTPServer(("127.0.0.1", 0), Inbox)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def notification_block(prefect: RealPrefect, url: str) -> str:
    """Return the id of a block that posts notifications to a URL."""
    kind = prefect.ask("GET", "/block_types/slug/custom-webhook")
    schemas = prefect.ask("POST", "/block_schemas/filter", block_schemas={"block_type_id": {"any_": [kind["id"]]}})
    block = {
        "name": f"alerts-{uuid.uuid4().hex[:8]}",
        "block_type_id": kind["id"],
        "block_schema_id": schemas[0]["id"],
        "data": {"name": "alerts", "url": url, "json_data": {"subject": "{{subject}}", "body": "{{body}}"}},
    }
    return str(prefect.ask("POST", "/block_documents/", **block)["id"])


def test_the_automations_start_balance_on_drift_and_notify(real_prefect: RealPrefect, inbox: str) -> None:
    ids = {
        "DEPLOYMENT_ID": real_prefect.deployment("balance/nightly")["id"],
        "BLOCK_ID": notification_block(real_prefect, inbox),
    }
    text = AUTOMATIONS.read_text()
    for placeholder, found in ids.items():
        text = text.replace(placeholder, found)
    (real_prefect.folder / "automations.yaml").write_text(text)
    real_prefect.run("automation", "create", "--from-file", "automations.yaml")
    names = [each["name"] for each in yaml.safe_load(text)["automations"]]
    stored = {each["name"]: each for each in real_prefect.ask("POST", "/automations/filter")}
    assert set(names) <= set(stored)
    moved = [{"what": "values", "column": "amount", "broken": False, "observed": "population stability index 0.4"}]
    payload = {"version": 1, "status": "moved", "changes": 1, "moved": moved}
    try:
        emit(real_prefect, "counterpoise.drift.detected", "counterpoise.dataset.fraud", payload)
        (run,) = wait_until(lambda: real_prefect.runs_of("balance/nightly"), seconds=30, what="a run")
        wait_until(lambda: Inbox.letters, seconds=30, what="a notification")
    finally:
        for name in names:
            real_prefect.ask("DELETE", f"/automations/{stored[name]['id']}")
    assert "population stability index 0.4" in Inbox.letters[0]
    real_prefect.ask("POST", f"/flow_runs/{run['id']}/set_state", state={"type": "CANCELLING"}, force=True)
