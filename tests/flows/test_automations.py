"""The example's automations on a real server: drift that is found starts a run, and trouble is told."""

from __future__ import annotations

import contextlib
import csv
import shutil
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from counterpoise.config import build_config
from counterpoise.flows.balance import balance
from counterpoise.tasks.stage import without_prefect
from tests.flows.real_prefect import RealPrefect, emit, quick_config
from tests.processes import wait_until

AUTOMATIONS = Path(__file__).parents[2] / "examples" / "automations.yaml"


class Inbox(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    letters: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.letters.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the base class
        """Keep the test's output free of requests."""


@pytest.fixture(name="inbox", scope="module")
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


@pytest.fixture(name="automations", scope="module")
def _automations(prefect: RealPrefect, inbox: str) -> Iterator[list[dict[str, Any]]]:
    """Create the example's automations as the guide says, and remove them in the end."""
    ids = {
        "DEPLOYMENT_ID": prefect.deployment("balance/nightly")["id"],
        "BLOCK_ID": notification_block(prefect, inbox),
    }
    text = AUTOMATIONS.read_text()
    for placeholder, found in ids.items():
        text = text.replace(placeholder, found)
    (prefect.folder / "automations.yaml").write_text(text)
    prefect.run("automation", "create", "--from-file", "automations.yaml")
    names = [each["name"] for each in yaml.safe_load(text)["automations"]]
    stored = {each["name"]: each for each in prefect.ask("POST", "/automations/filter")}
    assert set(names) <= set(stored)
    yield [stored[name] for name in names]
    for name in names:
        prefect.ask("DELETE", f"/automations/{stored[name]['id']}")


def letter(word: str) -> str | None:
    """Return the first notification that has a word in it."""
    return next((each for each in Inbox.letters if word in each), None)


def deliver_in_cents(table: Path) -> None:
    """Write a table again with amounts that are a hundred times as high, all else as it was."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "amount": row["amount"] and str(float(row["amount"]) * 100)} for row in rows)


def publish_here(folder: Path, config: dict[str, Any]) -> None:
    """Publish the version that later deliveries are compared with, without a worker."""
    with contextlib.chdir(folder), without_prefect():
        balance.fn(build_config(config))


@pytest.mark.usefixtures("automations")
def test_a_scheduled_check_finds_drift_and_the_automations_start_balance_and_notify(prefect: RealPrefect) -> None:
    Inbox.letters.clear()
    table = prefect.folder / "drifting.csv"
    shutil.copy(prefect.folder / "later.csv", table)
    config = quick_config(prefect, name="fraud", source={"path": table.name})
    publish_here(prefect.folder, config)
    deliver_in_cents(table)
    prefect.wait_for(prefect.start("monitor/twice-a-day", config), "COMPLETED", "FAILED")
    (run,) = wait_until(lambda: prefect.runs_of("balance/nightly"), what="a run of balance/nightly")
    told = wait_until(lambda: letter("has drifted"), what="a notification")
    prefect.ask("POST", f"/flow_runs/{run['id']}/set_state", state={"type": "CANCELLING"}, force=True)
    assert "amount" in told


@pytest.mark.usefixtures("automations")
def test_somebody_is_told_that_data_are_older_than_they_may_be(prefect: RealPrefect) -> None:
    name = f"stock-{uuid.uuid4().hex}"
    emit(prefect, "counterpoise.data.stale", f"counterpoise.dataset.{name}", {"oldest": name})
    assert "data.stale" in wait_until(lambda: letter(name), what="a notification")


@pytest.mark.usefixtures("automations")
def test_somebody_is_told_why_a_run_was_refused(prefect: RealPrefect) -> None:
    name = f"why-{uuid.uuid4().hex}"
    prefect.start("balance/on-demand", quick_config(prefect, name=name, source={"path": "nowhere.csv"}))
    told = wait_until(lambda: letter(f"balance-{name} was refused"), what="a notification")
    assert "ingest: " in told
    assert "What to do: " in told


@pytest.mark.usefixtures("inbox")
def test_an_automation_that_waits_for_failed_runs_is_told_of_a_refused_one(prefect: RealPrefect, inbox: str) -> None:
    """It is one that people make with the form of the UI, which knows only Prefect's own names of states."""
    name = f"failed-{uuid.uuid4().hex}"
    trigger = {"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Failed"], "threshold": 1}
    trigger |= {"match": {"prefect.resource.id": "prefect.flow-run.*"}, "within": 0}
    block = notification_block(prefect, inbox)
    letters = {"type": "send-notification", "block_document_id": block, "subject": name, "body": "{{ flow_run.name }}"}
    made = prefect.ask("POST", "/automations/", name=name, enabled=True, trigger=trigger, actions=[letters])
    try:
        prefect.start("balance/on-demand", quick_config(prefect, name="refused", source={"path": "nowhere.csv"}))
        assert "balance-refused" in wait_until(lambda: letter(name), what="a notification")
    finally:
        prefect.ask("DELETE", f"/automations/{made['id']}")
