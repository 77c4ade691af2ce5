from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.real_prefect import RealPrefect, running_prefect


@pytest.fixture(autouse=True)
def _prefect(prefect_server: None) -> None:
    """Run against the session's Prefect server."""


@pytest.fixture(scope="session")
def real_prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrefect]:
    """Run a server with the project's deployments, and a worker, as processes of their own."""
    with running_prefect(tmp_path_factory.mktemp("real-prefect")) as prefect:
        yield prefect
