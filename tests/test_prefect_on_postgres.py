"""Prefect's own server on PostgreSQL, as docs/storage.md sets it up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from counterpoise.core.versions import open_version
from tests.core.ingest.postgres import Cluster, postgres_cluster
from tests.flows.real_prefect import quick_config, running_prefect
from tests.test_documents import blocks

URL = "PREFECT_SERVER_DATABASE_CONNECTION_URL"


@pytest.fixture(name="cluster", scope="module")
def _cluster() -> Iterator[Cluster]:
    with postgres_cluster() as cluster:
        yield cluster


def address(cluster: Cluster) -> str:
    return f"postgresql+asyncpg://{cluster.user}:{quote(cluster.password, safe='')}@/postgres?host={cluster.socket}"


def test_the_database_is_set_up_by_the_command_of_the_guide_and_server_and_worker_run_on_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    (shown,) = [block for block in blocks("sh", "docs/storage.md") if "asyncpg" in block]
    assert f"export {URL}=" in shown
    assert "prefect server database upgrade -y" in shown
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path), URL: address(cluster)}
    command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
    subprocess.run(command, check=True, env=environment, timeout=300, capture_output=True)
    with running_prefect(tmp_path / "up", **{URL: address(cluster)}) as prefect:
        run = prefect.start("balance/on-demand", quick_config(prefect, name="on-postgres"))
        prefect.wait_for(run, "COMPLETED")
        assert open_version(prefect.folder / "datasets" / "on-postgres").record.version == 1
        assert not list(prefect.folder.rglob("prefect.db")), "the server has used SQLite"
        assert cluster.password not in prefect.log("worker")
    with psycopg.connect(
        host=str(cluster.socket), user=cluster.user, password=cluster.password, dbname="postgres"
    ) as connection:
        found = connection.execute("SELECT state_type::text FROM flow_run WHERE id = %s", (run,)).fetchall()
    assert found == [("COMPLETED",)]
