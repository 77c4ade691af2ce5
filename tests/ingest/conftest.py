from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ingest.postgres import Cluster, postgres_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with postgres_cluster() as started:
        yield started


@pytest.fixture
def postgres(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The session's cluster, its password in the environment."""
    monkeypatch.setenv("PG_PASSWORD", cluster.password)
    return cluster
