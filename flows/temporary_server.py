"""A Prefect server that ends with its process, however that ends; for the command line if no server is configured.

Prefect's own temporary server outlives a parent that is killed. This one checks twice a second whether its parent still
exists.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
import time

_HOST = "127.0.0.1"
_GRACE = 5.0


def start_temporary_server(*, seconds: float) -> str:
    """Start a server on a free port, stop it when this process ends, and return the address of its API.

    Args:
        seconds: How long to wait for an answer.

    Raises:
        EngineError: The server ended or did not answer in time.
    """
    from prefect.settings import get_current_settings

    own = get_current_settings().to_environment_variables(exclude_unset=True)
    off = {"PREFECT_SERVER_UI_ENABLED": "false"}
    with socket.socket() as listening:  # bound here, so that no other process can take the port
        listening.bind((_HOST, 0))
        listening.listen()
        number, port = listening.fileno(), listening.getsockname()[1]
        command = [sys.executable, "-m", __name__, str(os.getpid()), str(number)]
        process = subprocess.Popen(command, env={**os.environ, **own, **off}, pass_fds=[number])  # noqa: S603  # fixed
    atexit.register(_stop, process)
    address = f"http://{_HOST}:{port}/api"
    _wait(process, address, seconds)
    return address


def _wait(process: subprocess.Popen[bytes], address: str, seconds: float) -> None:
    """Wait until the server answers; events sent earlier stay queued."""
    import httpx

    deadline = time.monotonic() + seconds
    with httpx.Client(timeout=1, trust_env=False) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{address}/health").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    code = process.poll()
    _stop(process)
    raise _no_server(address, seconds, code)


def _no_server(address: str, seconds: float, code: int | None) -> Exception:
    from counterpoise.errors import EngineError

    return EngineError(
        "no_temporary_server",
        expected=f"Prefect's temporary server to answer at {address} within {seconds:g} s",
        found="it has not answered" if code is None else f"it ended with exit code {code}; its output is above",
        remedy="start a server with `prefect server start` and set PREFECT_API_URL",
        values={"address": address, "exit_code": code},
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _serve(parent: int, number: int) -> None:
    """Run the server on a listening socket as long as the parent lives."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app(ephemeral=True), log_level="error", lifespan="on")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=number)])


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
