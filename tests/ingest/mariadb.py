"""A real MariaDB server of the session's own, on a Unix socket."""

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
from typing import Any

from tests.processes import PATIENCE, running, wait_until
from tests.system_parts import skip_unless

_SERVER, _INSTALL = Path("/usr/sbin/mariadbd"), Path("/usr/bin/mariadb-install-db")
_PASSWORD = "s3cret/with@signs"  # noqa: S105  # of a server that lives as long as the tests


@dataclass(frozen=True)
class Server:
    """Where a server listens, and a user of its database `shop` with a password."""

    socket: Path
    user: str
    password: str

    def url(self, scheme: str = "mysql", options: str = "") -> str:
        """Return a SQLAlchemy URL with the password to be read from the variable MYSQL_PASSWORD."""
        return f"{scheme}://{self.user}:${{MYSQL_PASSWORD}}@localhost/shop?unix_socket={self.socket}{options}"

    def run(self, *statements: str) -> None:
        """Execute statements as the owner of the database."""
        with connected(self.socket, self.user, self.password) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@contextmanager
def connected(socket: Path, user: str, password: str = "", database: str | None = "shop") -> Iterator[Any]:
    """Connect as an independent client; every statement is committed."""
    import pymysql

    connection = pymysql.connect(
        unix_socket=str(socket), user=user, password=password, database=database, autocommit=True
    )
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """Start a server with a database and a user of its own, and end it. It never runs as root."""
    skip_unless(_SERVER.exists() and _INSTALL.exists(), "MariaDB (mariadb-server)")
    as_root = os.geteuid() == 0
    if as_root:
        skip_unless(_has_user("mysql") and shutil.which("setpriv") is not None, "the user mysql")
    folder = Path(tempfile.mkdtemp(prefix="cp-my-"))  # a socket's path may have 107 characters only
    prefix = ["setpriv", "--reuid=mysql", "--regid=mysql", "--init-groups"] if as_root else []
    if as_root:
        shutil.chown(folder, "mysql", "mysql")
    data, socket = folder / "data", folder / "socket"
    install = [str(_INSTALL), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    serve = [
        str(_SERVER), "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking",
        f"--pid-file={folder}/pid", f"--log-error={folder}/log.err", "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=32M", "--default-time-zone=+05:30", "--secure-file-priv=",
    ]  # fmt: skip
    quiet: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        subprocess.run([*prefix, *install], check=True, timeout=PATIENCE, **quiet)
        with running([*prefix, *serve], **quiet) as process:
            log = folder / "log.err"
            wait_until(lambda: "ready for connections" in _text(log), what=lambda: _text(log)[-4_000:], program=process)
            yield _with_database(socket)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _text(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def _with_database(socket: Path) -> Server:
    server = Server(socket, "owner", _PASSWORD)
    with connected(socket, "root", database=None) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE USER {server.user}@localhost IDENTIFIED BY %s", (server.password,))
        cursor.execute(f"GRANT ALL ON *.* TO {server.user}@localhost")  # FILE included: a query must not use it
    return server


def _has_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())
