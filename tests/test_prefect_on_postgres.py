"""Prefect's own server on PostgreSQL, as docs/storage.md sets it up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.core.ingest.postgres import postgres_cluster
from tests.test_documents import blocks


def test_the_database_of_prefects_server_is_set_up_in_postgresql(tmp_path: Path) -> None:
    (shown,) = [block for block in blocks("sh", "docs/storage.md") if "asyncpg" in block]
    assert "prefect server database upgrade -y" in shown
    with postgres_cluster() as cluster:
        address = (
            f"postgresql+asyncpg://{cluster.user}:{quote(cluster.password, safe='')}@/postgres?host={cluster.socket}"
        )
        environment = {
            **os.environ,
            "PREFECT_HOME": str(tmp_path),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": address,
        }
        command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
        subprocess.run(command, check=True, env=environment, timeout=300, capture_output=True)
        with psycopg.connect(
            host=str(cluster.socket), user=cluster.user, password=cluster.password, dbname="postgres"
        ) as connection:
            found = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_name = 'flow_run'")
            assert found.fetchone() == (1,)
