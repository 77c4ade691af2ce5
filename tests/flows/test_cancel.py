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


def busy_config(prefect: RealPrefect, *, rows: int) -> dict[str, Any]:
    """Return the configuration of a run that is busy for seconds: reading many rows, or compressing its files hard."""
    write_sample("fraud", rows=rows, out=prefect.folder / "large.csv", seed=0)
    config = quick_config(prefect, source={"path": "large.csv"})
    return {**config, "output": {**config["output"], "compression_level": 19}}


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


def started(prefect: RealPrefect, name: str, *, rows: int) -> tuple[str, Path]:
    """Start a run and return its id and the folder of its dataset."""
    config = {**busy_config(prefect, rows=rows), "name": name}
    return prefect.start("balance/on-demand", config), prefect.folder / "datasets" / name


@pytest.mark.parametrize("stage", ["validate", "persist"])
def test_a_cancelled_run_stops_and_leaves_nothing_behind(real_prefect: RealPrefect, stage: str) -> None:
    run, dataset = started(real_prefect, f"cancelled-in-{stage}", rows=100_000)
    wait_until(lambda: is_in(real_prefect, run, stage), what=lambda: f"{stage}: {real_prefect.log('worker')}")
    assert len(working_areas(dataset)) == 1
    assert processes_of(run)
    cancel(real_prefect, run)
    check_gone(real_prefect, run, dataset)


def test_a_run_is_cancelled_with_the_button_of_the_ui(page: Page, real_prefect: RealPrefect) -> None:
    """In `ingest` DuckDB is at work, which makes an error of its own of the signal; in other stages threads are."""
    page.goto(f"{real_prefect.address}/runs")  # what the UI consists of is then there
    page.goto("about:blank")
    run, dataset = started(real_prefect, "cancelled-in-the-ui", rows=400_000)
    wait_until(lambda: is_in(real_prefect, run, "ingest"), what=lambda: real_prefect.log("worker"))
    page.goto(f"{real_prefect.address}/runs/flow-run/{run}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.locator(".p-modal").get_by_role("button", name="Confirm").click()
    check_gone(real_prefect, run, dataset)
