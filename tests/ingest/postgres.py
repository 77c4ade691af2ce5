"""A real PostgreSQL cluster of the session's own, on a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import PATIENCE
from tests.system_parts import skip_unless

_BINARIES = Path("/usr/lib/postgresql/15/bin")
_PASSWORD = "s3cret/with@signs"  # noqa: S105  # of a cluster that lives as long as the tests


@dataclass(frozen=True)
class Cluster:
    """Where a cluster listens: a folder with its socket, and a user with a password."""

    socket: Path
    user: str
    password: str

    def url(self, password: str | None = None) -> str:
        """Return a SQLAlchemy URL, by default with the password to be read from the variable PG_PASSWORD."""
        return f"postgresql://{self.user}:{password or '${PG_PASSWORD}'}@/postgres?host={self.socket}"

    def run(self, sql: str) -> None:
        """Execute statements as the cluster's owner."""
        import psycopg

        with psycopg.connect(
            host=str(self.socket), user=self.user, password=self.password, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(sql.encode())


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """Start a cluster and stop it again. Its server never runs as root."""
    skip_unless((_BINARIES / "initdb").exists(), f"PostgreSQL 15 ({_BINARIES})")
    as_root = os.geteuid() == 0
    if as_root:
        skip_unless(_has_user("postgres") and shutil.which("setpriv") is not None, "the user postgres")
    # A socket's path may have 107 characters only: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="cp-pg-"))
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if as_root else []
    if as_root:
        shutil.chown(folder, "postgres", "postgres")
    data, secret = folder / "data", folder / "password"
    secret.write_text(_PASSWORD)
    if as_root:
        shutil.chown(secret, "postgres")
    owner = ["--username=owner", f"--pwfile={secret}", "--auth=scram-sha-256"]
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    control = [*prefix, str(_BINARIES / "pg_ctl"), f"--pgdata={data}", "--silent", "--wait"]
    try:
        _run([*prefix, str(_BINARIES / "initdb"), f"--pgdata={data}", "--encoding=UTF8", "--no-sync", *owner], folder)
        _run([*control, f"--log={folder}/log", f"--options={options}", "start"], folder)
        try:
            yield Cluster(folder, "owner", _PASSWORD)
        finally:
            _run([*control, "--mode=immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _run(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run(command, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, timeout=PATIENCE)
