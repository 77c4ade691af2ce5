"""A real Prefect for tests: server, deployments and worker as `make up` starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from counterpoise.suggest import write_sample
from tests.processes import PATIENCE, wait_until
from tools.local_server import start, stop

__all__ = ["FILE", "RealPrefect", "emit", "quick_config", "running_prefect"]

FILE = Path(__file__).parents[2] / "prefect.yaml"
"""The project's deployments."""
_FINAL = {"CANCELLED", "COMPLETED", "CRASHED", "FAILED"}
"""Types of states that no run leaves by itself."""


class _Patient(httpx.HTTPTransport):
    """Asks again while SQLite is locked, as Prefect's own client does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + PATIENCE
        while (answer := super().handle_request(request)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            if time.monotonic() > until:
                break
            answer.close()
            time.sleep(0.5)
        return answer


class RealPrefect:
    """A running Prefect, apart from the user's own.

    Args:
        folder: Where everything lies; relative paths of the deployments begin here.
        address: The server's address.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self.client = httpx.Client(base_url=f"{address}/api", timeout=PATIENCE, transport=_Patient())

    def run(self, *arguments: str) -> str:
        """Run one command of Prefect's command line and return what it printed."""
        return self.python("-m", "prefect", *arguments)

    def python(self, *arguments: str) -> str:
        """Run a program that knows this server, in its folder, and return what it printed."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        home = {"PREFECT_API_URL": f"{self.address}/api", "PREFECT_HOME": str(self.folder / "home")}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**others, **home},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Send a request to the server's API and return its answer, None for an empty one."""
        answer = self.client.request(method, path, json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        """Return a deployment by `flow/name`."""
        found: dict[str, Any] = self.ask("GET", f"/deployments/name/{name}")
        return found

    def start(self, deployment: str, config: dict[str, Any]) -> str:
        """Create a run of a deployment, as the UI does, and return its id."""
        where = f"/deployments/{self.deployment(deployment)['id']}/create_flow_run"
        return str(self.ask("POST", where, parameters={"config": config}, state={"type": "SCHEDULED"})["id"])

    def flow_run(self, run: str) -> dict[str, Any]:
        """Return a flow run."""
        found: dict[str, Any] = self.ask("GET", f"/flow_runs/{run}")
        return found

    def runs_of(self, deployment: str) -> list[dict[str, Any]]:
        """Return the runs of a deployment that are not only scheduled for later, the newest first."""
        wanted = {"id": {"any_": [self.deployment(deployment)["id"]]}}
        found = self.ask("POST", "/flow_runs/filter", deployments=wanted, sort="START_TIME_DESC")
        return [run for run in found if not run["auto_scheduled"]]

    def wait_for(self, run: str, *states: str) -> dict[str, Any]:
        """Wait until a flow run is in one of some types of states, and return it; fail where it ends otherwise."""

        def arrived() -> dict[str, Any] | None:
            found = self.flow_run(run)
            ended = found["state_type"] in _FINAL - set(states)
            assert not ended, f"{run} is {found['state_name']}, not {states}: {self.log('worker')[-4000:]}"
            return found if found["state_type"] in states else None

        return wait_until(arrived, what=lambda: f"{run} {states}: {self.log('worker')[-4000:]}")

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Return the events of those names, the newest first."""
        found: list[dict[str, Any]] = self.ask("POST", "/events/filter", filter={"event": {"name": list(names)}})[
            "events"
        ]
        return found

    def log(self, name: str) -> str:
        """Return what the server or the worker has printed."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


def quick_config(prefect: RealPrefect, **sections: Any) -> dict[str, Any]:
    """Return the configuration of the deployments with other sections, by default without an evaluation."""
    config: dict[str, Any] = prefect.deployment("balance/on-demand")["parameters"]["config"]
    return {**config, "evaluation": {"enabled": False}, **sections}


def emit(
    prefect: RealPrefect, event: str, resource: str, payload: dict[str, Any], *, related: Sequence[dict[str, str]] = ()
) -> None:
    """Emit an event as any program may: by the server's HTTP API."""
    facts = {
        "event": event,
        "resource": {"prefect.resource.id": resource},
        "payload": payload,
        "related": list(related),
    }
    facts |= {"id": str(uuid.uuid4()), "occurred": datetime.now(UTC).isoformat()}
    answer = prefect.client.post("/events", json=[facts])
    assert answer.status_code == 204


@contextmanager
def running_prefect(folder: Path, database: Path | None = None, **settings: str) -> Iterator[RealPrefect]:
    """Do what `make up` does, on a free port, with a small table; in the end what `make down` does.

    Args:
        folder: Where everything lies.
        database: What the server's database is a copy of; by default the server makes one.
        settings: More of Prefect's settings, by environment variable.
    """
    write_sample("fraud", rows=3_000, out=folder / "counterpoise-demo" / "transactions.csv", seed=0)
    shutil.copy(folder / "counterpoise-demo" / "transactions.csv", folder / "later.csv")
    if database:
        (folder / "home").mkdir()
        shutil.copy(database, folder / "home" / "prefect.db")
    prefect = RealPrefect(folder, start(folder, port=0, project=FILE, settings=settings))
    try:
        yield prefect
    finally:
        prefect.client.close()
        stop(folder)
