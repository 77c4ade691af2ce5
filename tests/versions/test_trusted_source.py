"""A manifest names no source that anybody follows unasked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, CounterpoiseError
from counterpoise.flows.command_line import app
from counterpoise.persist import DatasetFolder
from counterpoise.verify import verify_address
from counterpoise.versions._open import open_version
from counterpoise.versions._promotion.promote import promote_by_hand
from counterpoise.versions._rebuild import rebuild_version
from counterpoise.versions._trusted_source import trusted_source
from tests.manifests import forge
from tests.snapshots import mixed_table, run_engine

SECRET = "s3cr3t-of-the-environment"  # noqa: S105  # what must not be heard


class Listener:
    """A server on loopback that remembers what it hears, and answers nothing."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(5)
                    self.heard.append(b"connected")
                    with suppress(OSError):
                        self.heard.append(connection.recv(65_536))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRET)
    monkeypatch.setenv("STOLEN", SECRET)
    server = Listener()
    yield server
    server.close()


@pytest.fixture
def hostile(tmp_path: Path, listener: Listener, request: pytest.FixtureRequest) -> str:
    """A version whose manifest, signed anew, names a source that listens."""
    run_engine(mixed_table(400), tmp_path)
    source = {name: text.replace("PORT", str(listener.port)) for name, text in request.param.items()}
    folder = DatasetFolder(tmp_path / "datasets", "tested")
    forge(folder, lambda content: content["config"]["source"].update({"path": "", **source}))
    return folder.address


SOURCES = [
    {"url": "postgresql+psycopg://u:${STOLEN}@127.0.0.1:PORT/d", "table": "t"},
    {"url": "postgresql+psycopg://127.0.0.1:PORT/${STOLEN}", "query": "SELECT 1"},
    {"path": "s3://bucket/x"},
    {"path": "http://127.0.0.1:PORT/${STOLEN}"},
]


@pytest.mark.parametrize("hostile", SOURCES, indirect=True)
def test_nobody_connects_or_expands_a_variable_because_a_manifest_says_so(
    hostile: str, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    with pytest.raises(CounterpoiseError, match=r"untrusted_source|unreadable_file"):
        rebuild_version(hostile)
    with suppress(CounterpoiseError):
        verify_address(hostile)
    with suppress(CounterpoiseError):
        open_version(hostile).to_arrow("train")
    with suppress(CounterpoiseError):
        promote_by_hand(open_version(hostile).record)
    for command in ("show", "verify", "versions", "promote", "rebuild"):
        said = CliRunner().invoke(app, [command, hostile])
        assert SECRET not in said.output
    assert listener.heard == []


@pytest.mark.parametrize("hostile", SOURCES[:2], indirect=True)
def test_with_consent_the_source_of_the_manifest_is_asked(hostile: str, listener: Listener) -> None:
    with pytest.raises(CounterpoiseError):
        rebuild_version(hostile, trusted=True)
    assert listener.heard


@pytest.mark.parametrize("path", ["/etc/passwd", "../t.csv", "a/../../t.csv", "s3://bucket/t.csv"])
def test_a_path_outside_the_working_directory_must_be_named_by_the_user(path: str) -> None:
    with pytest.raises(ConfigError, match=r"untrusted_source.*--source"):
        trusted_source(SourceConfig(path=path))


def test_a_query_of_a_manifest_is_never_run_unasked_even_against_a_source_that_is_named(tmp_path: Path) -> None:
    known = SourceConfig.model_validate({"url": "sqlite:///x.db", "query": "DELETE FROM t"})
    with pytest.raises(ConfigError, match=r"untrusted_source.*--trust-manifest"):
        trusted_source(known, given=f"sqlite:///{tmp_path}/mine.db")


def test_the_remedy_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that a manifest names is refused; the same URL, named by the user, is read."""
    import sqlite3

    database = tmp_path / "x.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
    connection.close()
    known = SourceConfig.model_validate({"url": f"sqlite:///{database}", "table": "t"})
    with pytest.raises(ConfigError, match="untrusted_source"):
        trusted_source(known)
    named = trusted_source(known, given=f"sqlite:///{database}")
    assert (named.url.get_secret_value(), named.table) == (f"sqlite:///{database}", "t")
    with pytest.raises(ConfigError, match=r"other_kind_of_source.*URL"):
        trusted_source(known, given="t.csv")
