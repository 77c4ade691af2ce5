"""The generated form of a deployment in the older UI, in a real browser, against a real server and a real worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from counterpoise.config import BalanceConfig
from tests.flows.real_prefect import RealPrefect
from tests.processes import wait_until


@pytest.fixture(name="form")
def _form(page: Page, real_prefect: RealPrefect) -> Page:
    """Open the form of the deployment `on-demand`."""
    page.goto(f"{real_prefect.address}/deployments/deployment/{deployment_id(real_prefect)}/run")
    page.locator(".schema-form-property").nth(20).wait_for()
    return page


def deployment_id(prefect: RealPrefect) -> str:
    return str(prefect.deployment("balance/on-demand")["id"])


def fields(model: type[BaseModel], *path: str) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Yield all fields of a model and of the models in it, by the names that the form gives them."""
    for name, field in model.model_fields.items():
        here = (*path, name.replace("_", " ").title())
        yield here, field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, *here)


def shown(form: Page, *path: str) -> Locator:
    """Return the part of the form that is about a field."""
    place: Page | Locator = form
    for name in ("config", *path):
        label = form.locator(
            "> .p-label__header .schema-form-property__label", has_text=re.compile(rf"^{name}( \(Optional\))?$")
        )
        place = place.locator(".schema-form-property").filter(has=label).first
    assert isinstance(place, Locator)
    return place


def runs(prefect: RealPrefect) -> dict[str, dict[str, Any]]:
    return {run["id"]: run for run in prefect.runs_of("balance/on-demand")}


def test_every_field_of_the_form_is_described_and_choices_are_lists(form: Page) -> None:
    for path, field in fields(BalanceConfig):
        part = shown(form, *path)
        assert field.description is not None
        description = part.locator(".schema-form-property__description").first.inner_text()
        assert description.split() == field.description.replace("`", "").split(), path
        if get_origin(field.annotation) is Literal or is_list_of_choices(field):
            assert part.locator(".p-select").count() == 1, path
    assert form.locator(".cm-editor, .p-code-input, .json-input").count() == 0, "a field wants raw JSON"


def is_list_of_choices(field: FieldInfo) -> bool:
    items = get_args(field.annotation)
    return bool(items) and get_origin(items[0]) is Literal


def choose(form: Page, choice: str, *path: str) -> None:
    """Choose from a drop-down list by keyboard and mouse."""
    button = shown(form, *path).locator(".p-select-button__control")
    button.scroll_into_view_if_needed()
    button.focus()
    form.keyboard.press("Space")
    form.locator(".p-select-option", has_text=re.compile(rf"^{choice}$")).click()


def fill(form: Page, text: str, *path: str) -> None:
    shown(form, *path).locator("textarea, input").first.fill(text)


def submit(form: Page) -> None:
    """Send the form, again where the server is too busy for a moment, as a person would."""
    for _ in range(20):
        form.get_by_role("button", name="Submit").click()
        with suppress(PlaywrightTimeoutError):
            form.wait_for_url("**?tab=Runs", timeout=30_000)
            return
    raise AssertionError("the form was not accepted")


def test_a_wrong_value_is_refused_in_the_form(form: Page, real_prefect: RealPrefect) -> None:
    before = runs(real_prefect)
    fill(form, "1.5", "Split", "Test Size")
    form.get_by_role("button", name="Submit").click()
    refusal = form.get_by_text(re.compile(r"config\.split\.test_size.*1\.5 is greater than or equal to the maximum"))
    refusal.first.wait_for()
    assert form.url.endswith("/run")
    assert runs(real_prefect).keys() == before.keys()


def test_a_run_is_started_from_the_form_and_its_results_are_read(form: Page, real_prefect: RealPrefect) -> None:
    before = runs(real_prefect)
    fill(form, "from-the-form", "Name")
    fill(form, "50", "Evaluation", "Bootstrap")
    choose(form, "random_over", "Resampling", "Strategy")
    submit(form)
    (run,) = wait_until(lambda: runs(real_prefect).keys() - before.keys(), what="a run")
    settings = real_prefect.flow_run(run)["parameters"]["config"]
    assert settings["name"] == "from-the-form"
    assert settings["resampling"]["strategy"] == "random_over"
    assert settings["evaluation"]["bootstrap"] == 50
    real_prefect.wait_for(run, "COMPLETED")
    read_artifacts(form, real_prefect, run)


def read_artifacts(page: Page, prefect: RealPrefect, run: str) -> None:
    """Look at the run's artifacts: the summary with its plots, the table of expectations, the report's place."""
    page.goto(f"{prefect.address}/runs/flow-run/{run}")
    page.get_by_text("ingest: 3,000 rows").first.wait_for()
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text("from-the-form-summary").first.wait_for()
    found = prefect.ask("POST", "/artifacts/filter", flow_runs={"id": {"any_": [run]}})
    ids = {artifact["key"]: artifact["id"] for artifact in found}
    page.goto(f"{prefect.address}/artifacts/artifact/{ids['from-the-form-summary']}")
    page.get_by_role("heading", name="from-the-form, version 1").wait_for()
    plot = page.locator("article img").first
    plot.wait_for()
    assert plot.evaluate("image => image.complete && image.naturalWidth > 100")
    page.goto(f"{prefect.address}/artifacts/artifact/{ids['from-the-form-validation']}")
    page.get_by_text("passed").first.wait_for()
    assert page.locator("table tr").count() > 10
    page.goto(f"{prefect.address}/artifacts/artifact/{ids['from-the-form-report']}")
    place = page.locator("article code").first
    place.wait_for()
    assert Path(place.inner_text()).is_file()
