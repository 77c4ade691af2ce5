"""The example's automations on a real server: drift that is found starts a run, trouble is told, zombies are marked."""

from __future__ import annotations

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

from tests.flows.real_prefect import RealPrefect, emit, quick_config, wait_until

AUTOMATIONS = Path(__file__).parents[2] / "examples" / "automations.yaml"
HEARTBEAT = "prefect.flow-run.heartbeat"


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
def _automations(real_prefect: RealPrefect, inbox: str) -> Iterator[list[dict[str, Any]]]:
    """Create the example's automations as the guide says, but for a zombie's minutes, and remove them in the end."""
    ids = {
        "DEPLOYMENT_ID": real_prefect.deployment("balance/nightly")["id"],
        "BLOCK_ID": notification_block(real_prefect, inbox),
    }
    text = AUTOMATIONS.read_text()
    for placeholder, found in ids.items():
        text = text.replace(placeholder, found)
    assert text.count("within: 300") == 1
    (real_prefect.folder / "automations.yaml").write_text(text.replace("within: 300", "within: 10"))
    real_prefect.run("automation", "create", "--from-file", "automations.yaml")
    names = [each["name"] for each in yaml.safe_load(text)["automations"]]
    stored = {each["name"]: each for each in real_prefect.ask("POST", "/automations/filter")}
    assert set(names) <= set(stored)
    yield [stored[name] for name in names]
    for name in names:
        real_prefect.ask("DELETE", f"/automations/{stored[name]['id']}")


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


@pytest.mark.usefixtures("automations")
def test_a_scheduled_check_finds_drift_and_the_automations_start_balance_and_notify(real_prefect: RealPrefect) -> None:
    table = real_prefect.folder / "drifting.csv"
    shutil.copy(real_prefect.folder / "later.csv", table)
    config = quick_config(real_prefect, name="fraud", source={"path": table.name})
    real_prefect.wait_for(real_prefect.start("balance/on-demand", config), "COMPLETED")
    deliver_in_cents(table)
    real_prefect.wait_for(real_prefect.start("monitor/twice-a-day", config), "COMPLETED", "FAILED")
    (run,) = wait_until(lambda: real_prefect.runs_of("balance/nightly"), seconds=30, what="a run of balance/nightly")
    told = wait_until(lambda: letter("has drifted"), seconds=30, what="a notification")
    real_prefect.ask("POST", f"/flow_runs/{run['id']}/set_state", state={"type": "CANCELLING"}, force=True)
    assert "amount" in told


@pytest.mark.usefixtures("automations")
def test_somebody_is_told_that_data_are_older_than_they_may_be(real_prefect: RealPrefect) -> None:
    emit(real_prefect, "counterpoise.data.stale", "counterpoise.dataset.stock", {"oldest": "2026-01-02"})
    assert "2026-01-02" in wait_until(lambda: letter("data.stale"), seconds=30, what="a notification")


@pytest.mark.usefixtures("automations")
def test_a_run_that_says_no_more_that_it_is_alive_is_marked_as_crashed(real_prefect: RealPrefect) -> None:
    """The process of this run is gone, and its worker with it: nobody but the automation can end it."""
    deployment = real_prefect.deployment("balance/on-demand")
    run = real_prefect.ask(
        "POST",
        "/flow_runs/",
        flow_id=deployment["flow_id"],
        tags=["counterpoise"],
        state={"type": "RUNNING"},
    )["id"]
    tag = {"prefect.resource.id": "prefect.tag.counterpoise", "prefect.resource.role": "tag"}
    emit(real_prefect, HEARTBEAT, f"prefect.flow-run.{run}", {}, related=[tag])
    found = real_prefect.wait_for(run, "CRASHED", seconds=60)
    assert "heartbeat" in found["state"]["message"]
