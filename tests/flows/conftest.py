from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.flows.real_prefect import RealPrefect, running_prefect
from tests.ingest.postgres import Cluster, postgres_cluster
from tests.system_parts import skip_unless

SCREENSHOTS = "COUNTERPOISE_SCREENSHOTS"
CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(autouse=True)
def _prefect(request: pytest.FixtureRequest) -> None:
    """Run against the session's Prefect server, unless the test has a real Prefect."""
    if not {"prefect", "postgres_prefect", "real_prefect"} & set(request.fixturenames):
        request.getfixturevalue("prefect_server")


@pytest.fixture(scope="session")
def real_prefect(prefect_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrefect]:
    """Run a server with the project's deployments, and a worker, as processes of their own."""
    with running_prefect(tmp_path_factory.mktemp("real-prefect"), prefect_database) as prefect:
        yield prefect


@pytest.fixture(name="postgres", scope="session")
def _postgres() -> Iterator[Cluster]:
    """Run a PostgreSQL for Prefect's server."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_prefect(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrefect]:
    """Do the same on PostgreSQL, set up as docs/storage.md says."""
    password = quote(postgres.password, safe="")
    url = f"postgresql+asyncpg://{postgres.user}:{password}@/postgres?host={postgres.socket}"
    folder = tmp_path_factory.mktemp("prefect-on-postgres")
    settings = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url}
    command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
    environment = {**os.environ, "PREFECT_HOME": str(folder), **settings}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    with running_prefect(folder / "up", None, **settings) as prefect:
        yield prefect


@pytest.fixture(name="prefect", scope="module", params=["sqlite", "postgresql"])
def _prefect_on(request: pytest.FixtureRequest) -> RealPrefect:
    """Return a real Prefect on each of the two databases."""
    found: RealPrefect = request.getfixturevalue(
        {"sqlite": "real_prefect", "postgresql": "postgres_prefect"}[request.param]
    )
    return found


@pytest.fixture(name="tab", scope="module")
def _tab(real_prefect: RealPrefect) -> Iterator[Page]:
    """Open a page that reaches the server and nothing else."""
    skip_unless(CHROMIUM is not None, "Chromium")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
        page.set_default_timeout(300_000)  # a busy machine may take its time
        page.route(lambda url: not url.startswith(real_prefect.address), lambda route: route.abort())
        yield page


@pytest.fixture(name="page")
def _page(tab: Page) -> Iterator[Page]:
    """Return the page, and leave the UI afterwards: what moves there takes a third of a processor to draw."""
    yield tab
    tab.goto("about:blank")


@pytest.fixture(name="screenshots")
def _screenshots() -> Path | None:
    """Return the folder for screenshots, where the environment names one: docs/images is made with it."""
    return Path(os.environ[SCREENSHOTS]) if SCREENSHOTS in os.environ else None
