"""A real HTTP endpoint of S3 on this machine: moto's server in a process of its own, and a bucket a test."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.processes import PATIENCE, running, wait_until

SECRET = "canary-s3cret/key+0"  # noqa: S105  # to be found again, where it must not be


@contextmanager
def s3_server() -> Iterator[str]:
    """Start the server on a free port of 127.0.0.1, give its address, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        wait_until(lambda: _listens(port), what="moto's server starts", program=program)
        yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def make_bucket(endpoint: str) -> str:
    """Make a bucket of its own and return its address."""
    name = f"tests-{uuid.uuid4().hex[:12]}"
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT"), timeout=PATIENCE).close()  # noqa: S310  # our own server
    return f"s3://{name}"


def use_endpoint(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Set the environment so that S3 means the given endpoint."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server that runs as long as the tests."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a bucket of the test's own; the environment holds what is needed to use it."""
    use_endpoint(monkeypatch, s3_endpoint)
    return make_bucket(s3_endpoint)
