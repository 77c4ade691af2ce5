"""What all tests share: no telemetry, patient Hypothesis, one Prefect server a worker, and which tests go together."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.object_store import bucket, s3_endpoint
from tests.prefect_database import new_database
from tests.processes import PATIENCE

__all__ = ["bucket", "prefect_database", "prefect_server", "s3_endpoint"]

os.environ.update(
    DO_NOT_TRACK="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    # As the command line does: else what Prefect logs turns up in the output of whichever test imports it first.
    PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL",
)
settings.register_profile("counterpoise", deadline=None)
settings.load_profile("counterpoise")

_YOUNG = 20_000
"""Objects after which garbage is looked for: with the usual 700 that takes 3 % of the tests' time."""

_NEEDS = {
    "browser": {"browser", "form", "page", "shared", "tab"},
    "server": {
        *("_prefect", "prefect", "prefect_server", "real_prefect"),
        *("bucket", "cluster", "mariadb", "postgres", "s3_endpoint"),
    },
}
"""Markers of the tests that want one of some fixtures."""
_TOGETHER = {"postgres_prefect": "prefect-on-postgresql", "real_prefect": "prefect-on-sqlite"}
"""Names of the groups of tests that share a server which takes long to start: one worker does all of a group."""
_SERVERS = 2
"""How many workers do the tests that share a worker's Prefect server."""
_WAITING = {"test_automations.py", "test_services.py", "test_worker.py"}
"""Files that wait most: on SQLite they are a group of their own, so that they wait while the others do."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while modules are imported, which takes a seventh of the time, and less often afterwards.

    What is there then stays.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG)
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a test needs, and which tests one worker does together."""
    for item in items:
        wanted = set(getattr(item, "fixturenames", ()))
        for marker, fixtures in _NEEDS.items():
            if wanted & fixtures:
                item.add_marker(marker)
        group = _group(item, wanted)
        if group:
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item, wanted: set[str]) -> str:
    if "prefect" in wanted:  # each of the two, by its parameter
        name = f"prefect-on-{item.callspec.params['prefect']}"  # type: ignore[attr-defined]
    else:
        name = next((name for fixture, name in _TOGETHER.items() if fixture in wanted), "")
    return f"{name}-waiting" if name == "prefect-on-sqlite" and item.path.name in _WAITING else name


def _is_group(scope: str) -> bool:
    return scope.startswith("prefect-on-")


@cache
def _slowness(path: Path) -> int:
    """Return 2 for a module that is slow as a whole, 1 for one with slow tests, 0 for others."""
    text = path.read_text(encoding="utf-8")
    return ("pytest.mark.slow" in text) + ("pytest.mark.slow" in text and "pytestmark" in text)


@cache
def _on_session_server(path: Path) -> bool:
    """Return whether tests of a file run on the Prefect server of their worker."""
    return path.parent.name in ("flows", "tasks") or "prefect_server" in path.read_text(encoding="utf-8")


class _GroupsAndFiles(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Gives a worker a group of tests or the rest of a file at a time.

    Groups come first, then files on a worker's Prefect server, then slow files, then those with slow tests, then those
    with most tests, so that workers end at the same time. Two workers do the files on a server, as each server takes
    eight seconds to start and more to be there; others only help when nothing else is left.
    """

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        self._serving: set[WorkerController] = set()

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = min(self.workqueue, key=lambda scope: self._rank(scope, node))
        self.workqueue.move_to_end(scope, last=False)
        if self._is_served(scope):
            self._serving.add(node)
        super()._assign_work_unit(node)

    def _rank(self, scope: str, node: WorkerController) -> int:
        if _is_group(scope):
            return 0
        if self._is_served(scope):
            return 1 if node in self._serving or len(self._serving) < _SERVERS else 5
        return 4 - _slowness(self.config.rootpath / scope)

    def _is_served(self, scope: str) -> bool:
        return not _is_group(scope) and _on_session_server(self.config.rootpath / scope)

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        group = name.rpartition("@")[2] if "@prefect-on-" in name else ""
        return group or path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    """Schedule by groups and files where `--dist loadgroup` asks for groups."""
    return _GroupsAndFiles(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def prefect_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the database of a new Prefect server, to copy."""
    return new_database(request.config, tmp_path_factory.mktemp("prefect-database"))


@pytest.fixture(scope="session")
def prefect_server(prefect_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run a Prefect server with a database and a home of its own."""
    from prefect.settings import PREFECT_HOME, PREFECT_LOCAL_STORAGE_PATH, temporary_settings
    from prefect.testing import utilities

    home, database = tmp_path_factory.mktemp("prefect"), tmp_path_factory.mktemp("prefect-database")
    shutil.copy(prefect_database, database / "prefect-test.db")
    own = {PREFECT_HOME: home, PREFECT_LOCAL_STORAGE_PATH: home / "storage"}
    with pytest.MonkeyPatch.context() as patch, temporary_settings(own):
        patch.setattr(utilities, "mkdtemp", lambda: str(database))  # where the harness has its database
        with utilities.prefect_test_harness(server_startup_timeout=int(PATIENCE)):
            yield
