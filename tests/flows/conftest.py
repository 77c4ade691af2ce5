from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.flows.real_prefect import RealPrefect, running_prefect
from tests.system_parts import skip_unless

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(autouse=True)
def _prefect(prefect_server: None) -> None:
    """Run against the session's Prefect server."""


@pytest.fixture(scope="session")
def real_prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrefect]:
    """Run a server with the project's deployments, and a worker, as processes of their own."""
    with running_prefect(tmp_path_factory.mktemp("real-prefect")) as prefect:
        yield prefect


@pytest.fixture(name="page", scope="module")
def _page(real_prefect: RealPrefect) -> Iterator[Page]:
    """Open a page that reaches the server and nothing else."""
    skip_unless(CHROMIUM is not None, "Chromium")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(60_000)
        page.route(lambda url: not url.startswith(real_prefect.address), lambda route: route.abort())
        yield page
