from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ingest.mariadb import Server, mariadb_server
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


@pytest.fixture(scope="session")
def mariadb_session() -> Iterator[Server]:
    with mariadb_server() as started:
        yield started


@pytest.fixture
def mariadb(mariadb_session: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The session's server, its password in the environment."""
    monkeypatch.setenv("MYSQL_PASSWORD", mariadb_session.password)
    return mariadb_session
