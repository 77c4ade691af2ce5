"""What Prefect costs: a run against the same core calls, an unchanged run, from submit to the first task, many at once.

    python benchmarks/orchestration.py [--rows 10000] [--rounds 5] [--runs 20] [--database URL]

Starts a server and a worker of its own, as `make up` does, on a free port and in a temporary folder, and ends them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from counterpoise.config import BalanceConfig, build_config
from counterpoise.suggest import write_sample
from counterpoise.versions import list_datasets, open_version

sys.path.insert(0, str(Path(__file__).parents[1]))
from tools.local_server import start, stop  # found from the project's root

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of processor time of this process, which other programs do not alter."""

    wall: float
    processor: float


def main() -> int:
    """Measure, print, and return 0 where no run was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5, help="0 for the runs at once alone")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument(
        "--database", help="a URL such as postgresql+asyncpg://user@/name?host=/folder; SQLite otherwise"
    )
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="counterpoise-") as name,
        server(Path(name), runs=asked.runs, database=asked.database) as address,
    ):
        folder = Path(name)
        write_sample("fraud", rows=asked.rows, out=folder / "table.csv", seed=0)
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        if asked.rounds:
            measure_overhead(folder, address, rounds=asked.rounds)
            measure_pick_up(address, folder, rounds=3)
        return run_many(address, folder, asked.runs)


@contextmanager
def server(folder: Path, *, runs: int, database: str | None) -> Iterator[str]:
    """Start server and worker; the deployment `on-demand` takes as many runs at once as are asked for."""
    project = yaml.safe_load(Path("prefect.yaml").read_text())
    for deployment in project["deployments"]:
        deployment["concurrency_limit"] = {"limit": runs, "collision_strategy": "ENQUEUE"}
    chosen = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database} if database else None
    changed = folder / "changed.yaml"
    changed.write_text(yaml.safe_dump(project))
    try:
        yield start(folder, port=0, project=changed, settings=chosen)
    finally:
        stop(folder)


def settings(folder: Path, name: str, seed: int = 0) -> BalanceConfig:
    return build_config(
        {
            "name": name,
            "seed": seed,
            "source": {"path": str(folder / "table.csv")},
            "columns": {"target": "is_fraud", "ids": ["transaction_id"], "group": "customer_id", "time": "timestamp"},
            "output": {"root": str(folder / "datasets")},
            "evaluation": {"enabled": False},
        }
    )


def measure_overhead(folder: Path, address: str, *, rounds: int) -> None:
    """Run the flow and the same stages without Prefect by turns, each time with another seed, so with all the work."""
    os.environ.update(PREFECT_API_URL=f"{address}/api", PREFECT_LOGGING_TO_CONSOLE="false")
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    from counterpoise.flows.balance import balance

    plain_stages(settings(folder, "warm"), folder / "warm")
    balance(settings(folder, "warm-flow"))
    pairs = []
    for seed in range(rounds):
        plain = cost(lambda: plain_stages(settings(folder, "plain", seed), folder / f"plain-{seed}"))  # noqa: B023
        flow = cost(lambda: balance(settings(folder, "flow", seed)))  # noqa: B023
        pairs.append((plain, flow))
    unchanged = [cost(lambda: balance(settings(folder, "flow", 0))) for _ in range(rounds)]
    show("stages without Prefect", [plain for plain, _ in pairs])
    show("flow with a running server", [flow for _, flow in pairs])
    show("overhead", [Cost(flow.wall - plain.wall, flow.processor - plain.processor) for plain, flow in pairs])
    show("an unchanged run", unchanged)


def plain_stages(config: BalanceConfig, folder: Path) -> None:
    """Do what the flow does, without Prefect: the functions behind its tasks."""
    from counterpoise.tasks.ingest import ingest
    from counterpoise.tasks.persist import persist
    from counterpoise.tasks.resample import resample
    from counterpoise.tasks.split import split
    from counterpoise.tasks.validate import validate, validate_split

    folder.mkdir()
    snapshot = ingest.fn(config, folder=folder)
    validation = validate.fn(config, snapshot, folder=folder)
    plan = split.fn(config, snapshot, validation, folder=folder)
    validation = validate_split.fn(config, snapshot, validation, plan, folder=folder)
    resampling = resample.fn(config, snapshot, plan, folder=folder)
    persist.fn(config, snapshot=snapshot, validation=validation, split=plan, resampling=resampling)


def cost(work: Callable[[], object]) -> Cost:
    started = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - started[0], time.process_time() - started[1])


def show(name: str, costs: list[Cost]) -> None:
    walls = [each.wall for each in costs]
    processor = statistics.median(each.processor for each in costs)
    median = statistics.median(walls)
    print(f"{name}: median {median:.2f} s, {min(walls):.2f} to {max(walls):.2f} s; {processor:.2f} s of processor time")


class Deployment:
    """The deployment `on-demand`, over the API that the UI uses."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=f"{address}/api", timeout=60, trust_env=False)
        self.id = self.ask("GET", "/deployments/name/balance/on-demand")["id"]

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Send a request; again where SQLite is locked for a moment."""
        while (answer := self.client.request(method, path, json=body or None)).status_code == 503:
            time.sleep(0.5)
        answer.raise_for_status()
        return answer.json()

    def submit(self, config: BalanceConfig) -> str:
        """Submit a run, as the form does."""
        body = {"parameters": {"config": config.published()}, "state": {"type": "SCHEDULED"}}
        return str(self.ask("POST", f"/deployments/{self.id}/create_flow_run", **body)["id"])

    def wait(self, runs: list[str]) -> list[dict[str, Any]]:
        """Wait until all runs have ended and return them."""
        while True:
            found: list[dict[str, Any]] = self.ask("POST", "/flow_runs/filter", flow_runs={"id": {"any_": runs}})
            if {run["state_type"] for run in found} <= ENDED:
                return found
            time.sleep(0.5)

    def first_task(self, run: str) -> datetime:
        """Return when the first task of a run started."""
        tasks = self.ask("POST", "/task_runs/filter", flow_runs={"id": {"any_": [run]}})
        return min(datetime.fromisoformat(task["start_time"]) for task in tasks if task["start_time"])


def measure_pick_up(address: str, folder: Path, *, rounds: int) -> None:
    """Submit runs one after another and say how long it took until their first task."""
    deployment, waits = Deployment(address), []
    for number in range(rounds):
        run = deployment.submit(settings(folder, f"picked-up-{number}"))
        deployment.wait([run])
        created = datetime.fromisoformat(deployment.ask("GET", f"/flow_runs/{run}")["created"])
        waits.append((deployment.first_task(run) - created).total_seconds())
    print(f"from submit to the first task: median {statistics.median(waits):.1f} s, at most {max(waits):.1f} s")


def run_many(address: str, folder: Path, runs: int) -> int:
    """Submit runs of as many datasets at once; return 1 where one has not published its version."""
    deployment = Deployment(address)
    names = [f"many-{number:02d}" for number in range(runs)]
    started = time.perf_counter()
    ended = deployment.wait([deployment.submit(settings(folder, name)) for name in names])
    for run in ended:
        if run["state_type"] != "COMPLETED":
            print(f"lost: {run['name']}: {run['state_name']}: {run['state']['message']}")
    completed = sum(run["state_type"] == "COMPLETED" for run in ended)
    there = set(list_datasets(folder / "datasets"))
    published = sum(name in there and open_version(folder / "datasets" / name).number == 1 for name in names)
    took = time.perf_counter() - started
    print(f"{runs} runs at once on one worker: {completed} completed, {published} published, {took:.0f} s")
    return int(not completed == published == runs)


if __name__ == "__main__":
    sys.exit(main())
