"""A Prefect to look at, on this machine: server, work pool, deployments and worker; `make up` and `make down`.

Everything lies in one folder. The processes are known by their numbers and by when they began, so that nothing else is
ever ended.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

__all__ = ["main", "start", "stop"]

_RECORD = "processes.json"
_NAMES = ("server", "worker")
_HOST = "127.0.0.1"
_PATIENCE = 120.0
_GRACE = 10.0
_LAUNCHED: list[subprocess.Popen[bytes]] = []
"""What this very process has started: whoever starts a process has to take note of its end."""


@dataclass(frozen=True)
class _Started:
    """A process that was started here: its name, its number, and when it began."""

    name: str
    pid: int
    began: str


def main(arguments: list[str] | None = None) -> int:
    """Run `up` or `down` and return the exit code.

    Args:
        arguments: The command line; that of the process by default.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--folder", type=Path, default=Path(".prefect-up"), help="where everything lies")
    parser.add_argument("--port", type=int, default=4200, help="the server's port; 0 for a free one")
    asked = parser.parse_args(arguments)
    if asked.what == "down":
        ended = stop(asked.folder)
        _say(f"ended {', '.join(ended)}" if ended else "nothing is running")
    else:
        _say(f"Prefect: {start(asked.folder, port=asked.port)}, logs in {asked.folder}; end it with `make down`")
    return 0


def start(
    folder: Path, *, port: int, project: Path = Path("prefect.yaml"), settings: Mapping[str, str] | None = None
) -> str:
    """Start server, deployments and worker, unless they run, and return the address of the UI.

    Args:
        folder: Where database, logs, a demo table and datasets go; the deployments' relative paths begin here.
        port: The server's port; 0 for a free one.
        project: The file with the deployments.
        settings: More of Prefect's settings for server and worker, such as another database, by environment variable.

    Raises:
        RuntimeError: The port is taken, a process ended before it was ready, or the deployments are refused; the logs
            are in the folder.
    """
    address, known = _recorded(folder)
    if len(_running(known)) == len(_NAMES):
        return address
    stop(folder)
    address = f"http://{_HOST}:{_free_port(port)}"
    folder.mkdir(parents=True, exist_ok=True)
    _write_project(folder, project)
    try:
        _launch_both(folder, address, settings or {})
    except BaseException:
        stop(folder)
        raise
    return address


def stop(folder: Path) -> list[str]:
    """End the processes that `start` has started in a folder, and the runs of its worker; return what was ended.

    Args:
        folder: As given to `start`.
    """
    found = _running(_recorded(folder)[1])
    for started in reversed(found):
        _end(started)
    (folder / _RECORD).unlink(missing_ok=True)
    return [each.name for each in found]


def _launch_both(folder: Path, address: str, settings: Mapping[str, str]) -> None:
    """Start the server, tell it the deployments, and start a worker for them."""
    environment = _environment(folder, address) | dict(settings)
    port = address.rpartition(":")[2]
    server = _launch(folder, environment, "server", "start", "--host", _HOST, "--port", port)
    _record(folder, address, server)
    with httpx.Client(base_url=f"{address}/api", timeout=30, trust_env=False) as client:
        _wait(server, lambda: _answers(client), folder / "server.log")
        if client.get("/work_pools/counterpoise").is_error:
            client.post("/work_pools/", json={"name": "counterpoise", "type": "process"}).raise_for_status()
        _deploy(folder, environment)
        worker = _launch(folder, environment, "worker", "start", "--pool", "counterpoise")
        _record(folder, address, server, worker)
        _wait(worker, lambda: _has_worker(client), folder / "worker.log")


def _write_project(folder: Path, project: Path) -> None:
    """Put the deployments, and the table that they read, into the folder."""
    from counterpoise.suggest import write_sample

    shutil.copyfile(project, folder / "prefect.yaml")
    table = folder / "counterpoise-demo" / "transactions.csv"
    if not table.exists():
        table.parent.mkdir(exist_ok=True)
        write_sample("fraud", rows=20_000, out=table, seed=0)


def _environment(folder: Path, address: str) -> dict[str, str]:
    """Return the environment of a Prefect that knows nothing of the user's own.

    SQLite is locked for seconds where many runs meet on a busy machine; a worker takes the answer 503 for the end of a
    run that has not begun. So the server waits longer, and clients ask more often.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {
        **others,
        "DO_NOT_TRACK": "1",
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLIENT_MAX_RETRIES": "8",
        "PREFECT_HOME": str((folder / "home").absolute()),
        "PREFECT_PROFILES_PATH": str((folder / "profiles.toml").absolute()),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
        "PREFECT_SERVER_UI_API_URL": f"{address}/api",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PWD": str(folder.absolute()),
    }


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


def _deploy(folder: Path, environment: dict[str, str]) -> None:
    """Create the deployments, or bring them up to date.

    Raises:
        RuntimeError: Prefect refuses them.
    """
    with (folder / "deploy.log").open("w") as log:
        done = subprocess.run(_command("deploy", "--all"), cwd=folder, env=environment, stdout=log, stderr=log)  # noqa: S603, PLW1510  # our own words
    if done.returncode:
        raise RuntimeError(f"the deployments were refused: see {log.name}")


def _launch(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """Start one of Prefect's commands, which goes on when this process ends."""
    with (folder / f"{arguments[0]}.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603  # our own words
            _command(*arguments), cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    _LAUNCHED.append(process)
    return process


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Prefect did not start: see {log}")
        time.sleep(0.3)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.TransportError:
        return False


def _has_worker(client: httpx.Client) -> bool:
    answer = client.post("/work_pools/counterpoise/workers/filter")
    return answer.is_success and bool(answer.json())


def _free_port(port: int) -> int:
    """Return the port, or a free one for 0, if nobody has it.

    Raises:
        RuntimeError: Somebody has.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise RuntimeError(f"port {port} is taken; for a free one: make up PORT=0") from error
        return int(probe.getsockname()[1])


def _record(folder: Path, address: str, *processes: subprocess.Popen[bytes]) -> None:
    """Write down what was started, and when: a number alone may be another process's later."""
    started = [_Started(name, each.pid, _began(each.pid)) for name, each in zip(_NAMES, processes, strict=False)]
    content = {"address": address, "processes": [asdict(each) for each in started]}
    (folder / _RECORD).write_text(json.dumps(content) + "\n")


def _recorded(folder: Path) -> tuple[str, list[_Started]]:
    """Return address and processes of what was started in a folder, nothing where nothing was."""
    path = folder / _RECORD
    if not path.exists():
        return "", []
    found = json.loads(path.read_text())
    return found["address"], [_Started(**each) for each in found["processes"]]


def _running(started: list[_Started]) -> list[_Started]:
    return [each for each in started if each.began and _began(each.pid) == each.began]


def _began(pid: int) -> str:
    """Return when a process began, as `ps` writes it; an empty text where there is none, or only its remains."""
    told = subprocess.run(  # noqa: S603  # a number
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607  # wherever it lies
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, began = told.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else began.strip()


def _end(started: _Started) -> None:
    """End a process and the group that it leads: politely, then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(started.pid, number)
        deadline = time.monotonic() + _GRACE
        while _running([started]) and time.monotonic() < deadline:
            time.sleep(0.1)
    for process in _LAUNCHED:
        process.poll()


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


if __name__ == "__main__":
    sys.exit(main())
