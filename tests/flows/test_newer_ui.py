"""The newer UI of Prefect, which its server opens by default: form, refusal, run and artifacts in a real browser."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_origin

import pytest
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from counterpoise.config import BalanceConfig
from tests.flows.real_prefect import RealPrefect, quick_config
from tests.flows.test_ui import deployment_id, fields, runs
from tests.processes import wait_until

ODD = [
    "is_fraud", "_x_ a *b* c", "<b>x</b>", "[link](http://x/)", "![image](http://x/y.png)", "# heading",
    "- item", "~~through~~ &lt;", "a|b $x$", "a\\_b",
]  # fmt: skip
"""As many as one page of a table shows."""
TABLE = """
import json, sys
from prefect import flow
from counterpoise.tasks.reporting import publish_table
flow(lambda: publish_table("odd", [{"cell": each} for each in json.loads(sys.argv[1])], description="odd"))()
"""


@pytest.fixture(name="form")
def _form(page: Page, real_prefect: RealPrefect) -> Page:
    page.goto(f"{real_prefect.address}/v2/deployments/deployment/{deployment_id(real_prefect)}/run")
    page.get_by_label("Test Size (Optional)").wait_for()
    return page


def test_every_field_is_shown_with_its_description_and_choices_are_lists(form: Page) -> None:
    said = " ".join(form.locator("main, body").last.inner_text().split())
    for path, field in fields(BalanceConfig):
        assert path[-1] in said, path
        assert field.description is not None
        assert " ".join(field.description.split()) in said, path
        if get_origin(field.annotation) is Literal:
            assert form.get_by_role("button", name=f"Select {path[-1]}", exact=True).count(), path
    assert form.locator(".cm-editor").count() == 0, "a field wants raw JSON"
    assert not re.search(r"\w+Config\b", said), "a section is headed by the name of a class"


def test_a_wrong_value_is_refused_in_the_form(form: Page, real_prefect: RealPrefect, screenshots: Path | None) -> None:
    before = runs(real_prefect)
    form.get_by_label("Test Size (Optional)").fill("1.5")
    form.get_by_role("button", name="Submit").click()
    form.get_by_text("1.5 is greater than or equal to the maximum of 1").first.wait_for()
    take(form, screenshots, "prefect-form-refuses")
    assert form.url.endswith("/run")
    assert runs(real_prefect).keys() == before.keys()


def take(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        page.wait_for_timeout(1_500)  # animations
        page.screenshot(path=folder / f"{name}.png")


def submit(form: Page) -> None:
    """Send the form, again where the server is too busy for a moment, as a person would."""
    for _ in range(20):
        form.get_by_role("button", name="Submit").click()
        with suppress(PlaywrightTimeoutError):
            form.wait_for_url("**?tab=Runs**", timeout=30_000)
            return
    raise AssertionError("the form was not accepted")


def test_a_run_is_started_from_the_form_and_its_results_are_read(
    form: Page, real_prefect: RealPrefect, screenshots: Path | None
) -> None:
    before = runs(real_prefect)
    form.get_by_label("Name", exact=True).fill("from-the-newer-form")
    form.get_by_label("Bootstrap (Optional)").fill("50")
    form.get_by_role("button", name="Select Strategy").click()
    form.get_by_role("option", name="random_over", exact=True).click()
    take(form, screenshots, "prefect-form")
    submit(form)
    (run,) = wait_until(lambda: runs(real_prefect).keys() - before.keys(), what="a run")
    settings = real_prefect.flow_run(run)["parameters"]["config"]
    assert (settings["name"], settings["resampling"]["strategy"]) == ("from-the-newer-form", "random_over")
    assert settings["evaluation"]["bootstrap"] == 50
    real_prefect.wait_for(run, "COMPLETED")
    form.goto(f"{real_prefect.address}/v2/runs/flow-run/{run}")
    form.get_by_text("ingest: 3,000 rows").first.wait_for()
    take(form, screenshots, "prefect-run")
    read_artifacts(form, artifacts_of(real_prefect, run), real_prefect.address, screenshots)


def artifacts_of(prefect: RealPrefect, run: str) -> dict[str, str]:
    """Return the ids of a run's artifacts that people look at, by key."""
    found = prefect.ask("POST", "/artifacts/filter", flow_runs={"id": {"any_": [run]}})
    return {each["key"]: each["id"] for each in found if each["key"] and each["type"] in ("markdown", "table")}


def read_artifacts(page: Page, artifacts: dict[str, str], address: str, screenshots: Path | None) -> None:
    """Look at all artifacts of a run: nothing is escaped for another reader; the plots are there, and the report."""
    for identity in artifacts.values():
        page.goto(f"{address}/v2/artifacts/artifact/{identity}")
        page.get_by_role("tab", name="Raw").wait_for()
        page.locator("table tr, h1, code").first.wait_for()
        assert "\\" not in page.locator("body").inner_text()
    page.goto(f"{address}/v2/artifacts/artifact/{artifacts['from-the-newer-form-summary']}")
    page.get_by_role("heading", name="from-the-newer-form, version 1").wait_for()
    plot = page.locator("img[src^='data:image/svg+xml']").first
    plot.wait_for()
    assert plot.evaluate("image => image.complete && image.naturalWidth > 100")
    take(page, screenshots, "prefect-summary")
    page.goto(f"{address}/v2/artifacts/artifact/{artifacts['from-the-newer-form-validation']}")
    page.get_by_role("cell", name="is_fraud", exact=True).first.wait_for()
    take(page, screenshots, "prefect-expectations")
    page.goto(f"{address}/v2/artifacts/artifact/{artifacts['from-the-newer-form-report']}")
    place = page.locator("code", has_text="report.html").first
    place.wait_for()
    assert Path(place.inner_text()).is_file()


def test_a_refused_run_is_called_so_and_says_why(
    page: Page, real_prefect: RealPrefect, screenshots: Path | None
) -> None:
    config = quick_config(real_prefect, name="refused-in-the-ui")
    config["columns"] = {**config["columns"], "target": "no_such_column"}
    run = real_prefect.start("balance/on-demand", config)
    wait_until(lambda: real_prefect.flow_run(run)["state_name"] == "Refused", what="a refusal")
    page.goto(f"{real_prefect.address}/v2/runs/flow-run/{run}")
    page.get_by_text("Refused", exact=True).first.wait_for()
    page.get_by_text("ingest: column_not_found").first.wait_for()
    assert page.get_by_text("Traceback").count() == 0
    take(page, screenshots, "prefect-refused")
    page.get_by_role("tab", name="Details").click()
    page.get_by_text(re.compile("^ingest: column_not_found. Expected the columns named in columns.target")).wait_for()


@pytest.mark.parametrize("ui", ["/v2", ""], ids=["newer", "older"])
def test_cells_of_a_table_are_the_same_text_in_both_uis(page: Page, real_prefect: RealPrefect, ui: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    real_prefect.python("-c", TABLE, json.dumps(ODD))
    found: list[dict[str, Any]] = real_prefect.ask("POST", "/artifacts/filter", artifacts={"key": {"any_": ["odd"]}})
    page.goto(f"{real_prefect.address}{ui}/artifacts/artifact/{found[0]['id']}")
    page.get_by_text("is_fraud", exact=True).first.wait_for()
    cells = page.locator("table tbody td").all_inner_texts()
    bare = [re.sub("[\N{WORD JOINER}\N{HAIR SPACE}]", "", cell) for cell in cells]
    assert bare == ODD
    assert not [url for url in asked if url.startswith("http://x")], "a cell has loaded something"
