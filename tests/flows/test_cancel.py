"""A run that is cancelled while a worker has it: it stops, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from counterpoise.suggest import write_sample
from tests.flows.processes import processes_of
from tests.flows.real_prefect import RealPrefect, quick_config
from tests.processes import wait_until

ROWS = 400_000


@pytest.fixture(name="large", scope="module")
def _large(real_prefect: RealPrefect) -> dict[str, Any]:
    """Return a configuration that keeps every stage busy for seconds."""
    write_sample("fraud", rows=ROWS, out=real_prefect.folder / "large.csv", seed=0)
    return quick_config(real_prefect, source={"path": "large.csv"})


def is_in(prefect: RealPrefect, run: str, stage: str) -> bool:
    assert prefect.flow_run(run)["state_type"] in ("SCHEDULED", "PENDING", "RUNNING"), prefect.log("worker")
    found = prefect.ask("POST", "/task_runs/filter", flow_runs={"id": {"any_": [run]}})
    return any(task["name"].startswith(f"{stage}-") and task["state_type"] == "RUNNING" for task in found)


def working_areas(dataset: Path) -> list[Path]:
    return list((dataset / ".staging").glob("*"))


def cancel(prefect: RealPrefect, run: str) -> None:
    """Ask for what the UI's button asks for."""
    prefect.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"})


def check_gone(prefect: RealPrefect, run: str, dataset: Path) -> None:
    """Check that a run that was cancelled just now stops, and that nothing of it is left."""
    wait_until(lambda: not working_areas(dataset), what="the working area goes")
    wait_until(lambda: not processes_of(run), what="the process goes")
    assert prefect.wait_for(run, "CANCELLED")["state_name"] == "Cancelled"
    assert not list(dataset.glob("versions/*"))
    assert not list(dataset.glob("data/*"))


def started(prefect: RealPrefect, large: dict[str, Any], name: str) -> tuple[str, Path]:
    """Start a run and return its id and the folder of its dataset."""
    return prefect.start("balance/on-demand", {**large, "name": name}), prefect.folder / "datasets" / name


@pytest.mark.parametrize("stage", ["validate", "persist"])
def test_a_cancelled_run_stops_and_leaves_nothing_behind(
    real_prefect: RealPrefect, large: dict[str, Any], stage: str
) -> None:
    run, dataset = started(real_prefect, large, f"cancelled-in-{stage}")
    wait_until(lambda: is_in(real_prefect, run, stage), what=lambda: f"{stage}: {real_prefect.log('worker')}")
    assert len(working_areas(dataset)) == 1
    assert processes_of(run)
    cancel(real_prefect, run)
    check_gone(real_prefect, run, dataset)


def test_a_run_is_cancelled_with_the_button_of_the_ui(
    page: Page, real_prefect: RealPrefect, large: dict[str, Any]
) -> None:
    """In `ingest` DuckDB is at work, which makes an error of its own of the signal; in other stages threads are."""
    run, dataset = started(real_prefect, large, "cancelled-in-the-ui")
    page.goto(f"{real_prefect.address}/runs/flow-run/{run}")
    button = page.get_by_role("button", name="Cancel", exact=True)
    wait_until(lambda: is_in(real_prefect, run, "ingest"), what=lambda: real_prefect.log("worker"))
    page.reload()
    button.click()
    page.locator(".p-modal").get_by_role("button", name="Confirm").click()
    check_gone(real_prefect, run, dataset)
