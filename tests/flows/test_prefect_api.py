"""The server that a command uses: one that does not answer is named at once, a temporary one ends with the command."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from counterpoise.errors import ConfigError, EngineError
from counterpoise.flows import prefect_api
from counterpoise.flows.command_line import run_command
from counterpoise.flows.prefect_api import reach_prefect
from counterpoise.flows.temporary_server import start_temporary_server
from tests.flows.tables import configured
from tests.processes import running, wait_until

pytestmark = pytest.mark.slow

MODULE = "counterpoise.flows.temporary_server"
MARK = "COUNTERPOISE_TESTED_IN"


def write_config(folder: Path) -> Path:
    path = folder / "tested.yaml"
    path.write_text(yaml.safe_dump(configured(folder).published()))
    return path


@contextmanager
def nothing_listens() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://ann:s3cret-word@127.0.0.1:{taken.getsockname()[1]}/api"


@contextmanager
def somebody_is_silent() -> Iterator[str]:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield f"http://127.0.0.1:{silent.getsockname()[1]}/api"


@contextmanager
def somebody_else_answers() -> Iterator[str]:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the base class
            """Keep the test's output free of requests."""

    server = HTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class Fault:
    """What is at the address instead of Prefect, and what must be said of it."""

    place: Callable[[], AbstractContextManager[str]]
    reason: str
    found: str


FAULTS = {
    "nothing": Fault(nothing_listens, "prefect_does_not_answer", "onnection refused"),
    "silence": Fault(somebody_is_silent, "prefect_does_not_answer", "nothing for 1 s"),
    "other": Fault(somebody_else_answers, "prefect_answers_otherwise", "404"),
}


@pytest.mark.parametrize("command", ["run", "compare", "monitor"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_server_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], command: str, fault: Fault
) -> None:
    assert prefect_api._SECONDS <= 10
    monkeypatch.setattr(prefect_api, "_SECONDS", 1.0)
    with fault.place() as url, temporary_settings({PREFECT_API_URL: url}):
        assert run_command([command, str(write_config(tmp_path))]) == 1
    said = capfd.readouterr().err
    assert fault.reason in said
    assert fault.found in said
    assert f"{url.rpartition('@')[2].removeprefix('http://')}/health" in said
    assert "PREFECT_API_URL" in said
    assert "s3cret-word" not in said
    assert not (tmp_path / "datasets").exists(), "something was done before"


def test_a_server_that_never_ends_the_handshake_is_not_waited_for_several_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prefect_api, "_SECONDS", 8.0)
    with somebody_is_silent() as url, temporary_settings({PREFECT_API_URL: url.replace("http:", "https:")}):
        start = time.monotonic()
        with pytest.raises(EngineError, match=r"prefect_does_not_answer.*nothing for 8 s"):
            reach_prefect()
    assert time.monotonic() - start < 30, "Prefect's client tries four times"


def test_a_server_that_answers_is_used() -> None:
    reach_prefect()


def test_where_no_server_is_set_and_none_may_be_started_both_settings_are_named() -> None:
    ruled_out = {PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(ruled_out, restore_defaults={PREFECT_API_URL}), pytest.raises(ConfigError) as caught:
        reach_prefect()
    assert caught.value.reason == "no_prefect_server"
    for name in ("PREFECT_API_URL", "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"):
        assert name in str(caught.value)


def servers_in(home: Path) -> list[int]:
    """Return the numbers of all servers with a mark in their environment, ours and Prefect's own."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile
            words = (path / "cmdline").read_bytes().decode(errors="replace").split("\0")
            marked = f"{MARK}={home}".encode() in (path / "environ").read_bytes().split(b"\0")
            if marked and {MODULE, "uvicorn"} & set(words):
                found.append(int(path.name))
    return found


def servers_of(parent: int) -> list[int]:
    """Return the numbers of the temporary servers that a process has started, whether it still lives or not."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # ended meanwhile
            words = path.read_bytes().decode(errors="replace").split("\0")
            if MODULE in words and str(parent) in words:
                found.append(int(path.parent.name))
    return found


def test_a_temporary_server_that_is_not_up_in_time_is_named_and_ended() -> None:
    with pytest.raises(EngineError) as caught:
        start_temporary_server(seconds=0)
    assert caught.value.reason == "no_temporary_server"
    assert servers_of(os.getpid()) == []


def environment(folder: Path, database: Path) -> dict[str, str]:
    """Return the environment of a user whose Prefect has a database and no server."""
    (folder / "home").mkdir()
    shutil.copy(database, folder / "home" / "prefect.db")
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {
        **others,
        MARK: str(folder),
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
    }


def test_a_temporary_server_ends_when_the_command_has_ended(tmp_path: Path, prefect_database: Path) -> None:
    program = f"from {MODULE} import start_temporary_server; print(start_temporary_server(seconds=600))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=environment(tmp_path, prefect_database), capture_output=True, text=True, check=True
    )
    port = int(done.stdout.rpartition(":")[2].removesuffix("/api\n"))
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    "words",
    [("run", "--prefect"), ("compare", "--prefect"), ("demo", "--prefect", "--rows", "3000", "--out", "demo")],
    ids=lambda words: words[0],
)
def test_a_command_that_is_killed_leaves_no_server_behind(
    tmp_path: Path, prefect_database: Path, words: tuple[str, ...]
) -> None:
    """The demo is killed at work, the others while their server is starting."""
    arguments = list(words) if words[0] == "demo" else [*words, str(write_config(tmp_path))]
    program = f"import sys; sys.argv[1:] = {arguments!r}; from counterpoise.flows.command_line import main; main()"
    command = [sys.executable, "-c", program]
    path = tmp_path / "log"
    with (
        path.open("wb") as log,
        running(command, cwd=tmp_path, env=environment(tmp_path, prefect_database), stdout=log, stderr=log) as process,
    ):
        wait_until(lambda: servers_of(process.pid), what=path.read_text, program=process)
        if words[0] == "demo":
            areas = (tmp_path / "demo" / "datasets").glob
            wait_until(lambda: list(areas("*/.staging/*")), what=path.read_text, program=process)
            assert len(servers_in(tmp_path)) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not servers_in(tmp_path), what="the server ends")
