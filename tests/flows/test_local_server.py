"""What `make up` starts and `make down` ends; the server that the tests beside this one use is started the same way."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.real_prefect import RealPrefect
from tools.local_server import main, start, stop


def test_what_runs_is_not_started_again(real_prefect: RealPrefect) -> None:
    before = (real_prefect.folder / "processes.json").read_text()
    assert start(real_prefect.folder, port=0) == real_prefect.address
    assert (real_prefect.folder / "processes.json").read_text() == before


def test_the_ui_is_served(real_prefect: RealPrefect) -> None:
    page = real_prefect.client.get(f"{real_prefect.address}/")
    assert page.headers["content-type"].startswith("text/html")
    settings = real_prefect.client.get(f"{real_prefect.address}/ui-settings").json()
    assert settings["api_url"] == f"{real_prefect.address}/api"


def test_a_port_that_is_taken_is_refused_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(RuntimeError, match="is taken"):
            start(tmp_path, port=other.getsockname()[1])
    assert not (tmp_path / "processes.json").exists()


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)


def test_a_process_that_only_has_the_number_of_ours_is_left_alone(tmp_path: Path) -> None:
    other = sleeper()
    try:
        facts = {"name": "server", "pid": other.pid, "began": "Thu Jan  1 00:00:00 2026"}
        (tmp_path / "processes.json").write_text(json.dumps({"address": "http://x", "processes": [facts]}))
        assert stop(tmp_path) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    assert not (tmp_path / "processes.json").exists()


def test_where_nothing_runs_there_is_nothing_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "nothing is running\n"


@pytest.mark.parametrize("target", ["up", "down"])
def test_make_knows_both_ways(target: str) -> None:
    command = ["make", "--dry-run", "-C", str(Path(__file__).parents[2]), target]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"tools.local_server {target}" in shown
