"""The page in a real browser: nothing fails, nothing is asked for, the explorer tells what metrics.json says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from counterpoise.report._page import render_html
from tests.report.published import SCRIPT, PublishedPage
from tests.system_parts import skip_unless

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_DIGITS = {"precision": 3, "recall": 3, "f1": 3, "alerts": 1, "cost": 1}


@dataclass
class Seen:
    """A page in a browser, and what it did besides being shown."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    skip_unless(chromium is not None, "chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        yield launched
        launched.close()


def opened(browser: Browser, url: str, **options: Any) -> Seen:
    """Open a page in a fresh context and note every request, message, error and dialog."""
    page = browser.new_context(**options).new_page()
    seen = Seen(page)
    page.context.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))

    def dismissed(dialog: Any) -> None:
        seen.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.goto(url)
    return seen


@pytest.fixture(scope="module")
def shared(browser: Browser, published: PublishedPage) -> Iterator[Seen]:
    seen = opened(browser, published.url)
    yield seen
    seen.page.context.close()


@pytest.fixture(name="seen")
def as_opened(shared: Seen) -> Seen:
    """The page as it is when opened; loading it again is all that the tests share."""
    shared.requests.clear()
    shared.complaints.clear()
    shared.page.reload()
    return shared


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(seen: Seen, published: PublishedPage) -> None:
    seen.page.keyboard.press("End")
    seen.page.locator("details:not([open]) > summary").last.click()
    seen.page.locator("#explorer-cheapest").click()
    assert seen.requests == [published.url]
    assert seen.complaints == []
    assert published.path.stat().st_size < 6_000_000


def test_texts_from_the_data_stay_inert(seen: Seen) -> None:
    page = seen.page
    assert page.locator("img, iframe, object, embed, link").count() == 0
    assert [script.get_attribute("id") for script in page.locator("script").all()] == ["explorer-data", None]
    names = page.evaluate("[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())")
    assert not [name for name in names if name.startswith("on")]
    for section in ("source", "validation", "split", "synthetic-rows", "evaluation"):
        assert SCRIPT in page.locator(f"#{section}").inner_text(), section
    assert seen.complaints == []


def shown(page: Page, table: str) -> dict[str, str]:
    """Return the numbers that the explorer shows for a table."""
    cells = page.locator(f"#explorer [data-show^='{table} ']").all()
    return {str(cell.get_attribute("data-show")).split()[1]: cell.inner_text() for cell in cells}


def formatted(outcome: dict[str, float]) -> dict[str, str]:
    return {name: f"{value:.{_DIGITS[name]}f}" if name in _DIGITS else f"{value:,}" for name, value in outcome.items()}


def explored_arm(metrics: dict[str, Any]) -> dict[str, Any]:
    wanted = (metrics["verdict_learner"], metrics["strategy"])
    arm: dict[str, Any] = next(arm for arm in metrics["arms"] if (arm["learner"], arm["strategy"]) == wanted)
    return arm


def test_the_explorer_opens_at_the_published_threshold(seen: Seen, published: PublishedPage) -> None:
    arm = explored_arm(published.metrics)
    counts = {name: f"{count:,}" for name, count in arm["confusion"].items()}
    assert shown(seen.page, "test").items() >= counts.items()
    assert "(as published)" in str(seen.page.locator("#explorer-slider").get_attribute("aria-valuetext"))


def test_moved_by_keyboard_the_explorer_shows_what_stands_in_the_metrics(seen: Seen, published: PublishedPage) -> None:
    thresholds = explored_arm(published.metrics)["thresholds"]
    slider = seen.page.locator("#explorer-slider")
    slider.focus()
    slider.press("Home")
    place = 0
    for example in thresholds["examples"][::2]:
        for _ in range(thresholds["threshold"].index(example["threshold"]) - place):
            slider.press("ArrowRight")
        place = thresholds["threshold"].index(example["threshold"])
        assert slider.input_value() == str(place)
        for table in ("validation", "test"):
            assert shown(seen.page, table) == formatted(example[table])
            precision = formatted(example[table])["precision"]
            assert f"on {table} precision {precision}" in str(slider.get_attribute("aria-valuetext"))
    assert len(thresholds["examples"][::2]) >= 5


def test_typed_thresholds_go_to_the_nearest(seen: Seen, published: PublishedPage) -> None:
    thresholds = explored_arm(published.metrics)["thresholds"]["threshold"]
    box = seen.page.locator("#explorer-threshold")
    for typed in (0.5, 0.0, 1.0, 0.3141):
        box.fill(str(typed))
        box.press("Enter")
        place = int(np.abs(np.array(thresholds) - typed).argmin())
        assert seen.page.locator("#explorer-slider").input_value() == str(place)
        assert f"Threshold {box.input_value()}" in seen.page.locator("#explorer-status").inner_text()


def test_other_arms_and_costs_can_be_chosen(seen: Seen, published: PublishedPage) -> None:
    page = seen.page
    arms = [arm for arm in published.metrics["arms"] if arm["learner"] != "dummy"]
    for place, arm in enumerate(arms):
        page.locator("#explorer-arm").select_option(str(place))
        assert shown(page, "test")["true_positives"] == f"{arm['confusion']['true_positives']:,}"
        page.locator("#explorer-cheapest").click()
        (by_cost,) = (point for point in arm["operating_points"] if point["rule"] == "cost")
        assert shown(page, "test")["cost"] == f"{by_cost['test']['cost']:.1f}"
    page.locator("#explorer-published").click()
    page.locator("#explorer-false-positive").fill("3")
    page.locator("#explorer-false-negative").fill("0.5")
    counts = arms[-1]["confusion"]
    cost = 1000 * (3 * counts["false_positives"] + 0.5 * counts["false_negatives"]) / sum(counts.values())
    assert shown(page, "test")["cost"] == f"{cost:.1f}"


def test_without_scripts_the_page_is_read_as_a_table(browser: Browser, published: PublishedPage) -> None:
    seen = opened(browser, published.url, java_script_enabled=False)
    page = seen.page
    assert not page.locator("#explorer").is_visible()
    table = page.locator("#explorer-table table")
    assert table.is_visible()
    rows = [row.inner_text().split() for row in table.locator("tbody tr").all()]
    examples = explored_arm(published.metrics)["thresholds"]["examples"]
    expected = [list(formatted(example[name]).values()) for example in examples for name in ("validation", "test")]
    order = ["true_positives", "false_negatives", "false_positives", "true_negatives", *_DIGITS]
    expected = [
        [formatted(example[name])[key] for key in order] for example in examples for name in ("validation", "test")
    ]
    assert [row[-len(order) :] for row in rows] == expected
    page.context.close()


def test_on_paper_the_table_stands_in_for_the_explorer(seen: Seen) -> None:
    page = seen.page
    assert not page.locator("#explorer-table table").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("#explorer").is_visible()
    assert page.locator("#explorer-table table").is_visible()
    page.emulate_media(media="screen")


@pytest.mark.parametrize("width", [400, 1_200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_page(browser: Browser, published: PublishedPage, scheme: Any, width: int) -> None:
    assert flaws(browser, published.url, scheme=scheme, width=width) == []


def test_everybody_can_read_a_page_of_many_classes(
    browser: Browser, tmp_path: Path, make_data: Any, make_metrics: Any
) -> None:
    classes = ("a", "b", SCRIPT)
    page = tmp_path / "report.html"
    page.write_text(render_html(make_data(metrics=make_metrics(classes), counts=dict.fromkeys(classes, 50))))
    assert flaws(browser, page.as_uri(), scheme="dark", width=400) == []


def flaws(browser: Browser, url: str, *, scheme: Any, width: int) -> list[str]:
    """Return what is wrong with a page with all of it open: too wide, or hard to read for some."""
    seen = opened(browser, url, color_scheme=scheme, viewport={"width": width, "height": 900})
    seen.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    wide = seen.page.evaluate("document.documentElement.scrollWidth")
    found = Axe().run(seen.page).response["violations"]
    seen.page.context.close()
    serious = [
        f"{one['id']}: {node['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    return serious + [f"{wide} pixels wide"] * (wide > width) + seen.complaints


def test_with_amounts_a_miss_costs_its_amount_in_the_explorer(
    browser: Browser, tmp_path: Path, make_data: Any, make_metrics: Any
) -> None:
    metrics = make_metrics(cost_column="amount", cost_false_positive=3.0, bootstrap=20)
    (tmp_path / "page.html").write_text(render_html(make_data(metrics=metrics)), encoding="utf-8")
    seen = opened(browser, (tmp_path / "page.html").as_uri())
    page = seen.page
    assert "A miss costs\nits amount" in page.locator("#explorer").inner_text()
    assert not page.locator("#explorer-false-negative").is_visible()
    page.locator("#explorer-cheapest").click()
    arm = explored_arm(metrics)
    (point,) = (one for one in arm["operating_points"] if one["rule"] == "amount")
    assert shown(page, "test")["cost"] == f"{point['money']['cost']:.1f}"
    page.locator("#explorer-slider").press("End")
    assert shown(page, "test")["cost"] == f"{point['money']['never']:.1f}"
    page.locator("#explorer-false-positive").fill("7")
    page.locator("#explorer-slider").press("Home")
    negatives = arm["confusion"]["true_negatives"] + arm["confusion"]["false_positives"]
    assert shown(page, "test")["cost"] == f"{7000 * negatives / metrics['rows']['test']['rows']:.1f}"
    assert seen.complaints == []
    page.context.close()
