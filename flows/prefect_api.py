"""Select the Prefect server of a command and check that it answers, before anything else is done."""

from __future__ import annotations

import os

import httpx
from prefect.client.orchestration import get_client
from prefect.context import refresh_global_settings_context
from prefect.settings import (
    PREFECT_CLIENT_MAX_RETRIES,
    get_current_settings,
    temporary_settings,
)

from counterpoise.errors import ConfigError, CounterpoiseError, EngineError
from counterpoise.flows.console import say
from counterpoise.flows.temporary_server import start_temporary_server
from counterpoise.secrets import redact

_SECONDS = 10.0
_TRIES = 5
"""Prefect's client tries to connect four times with pauses; all tries must fit into the time limit."""


def reach_prefect() -> None:
    """Make sure that a Prefect server answers: the configured one, or a temporary one that ends with this process.

    Raises:
        EngineError: The configured server does not answer, or the temporary one does not start.
        ConfigError: No server is configured, and Prefect's settings rule out a temporary one.
    """
    settings = get_current_settings()
    if settings.api.url:
        _check_health(settings.api.url)
        return
    ephemeral = settings.server.ephemeral
    if not ephemeral.enabled:
        raise ConfigError(
            "no_prefect_server",
            expected="the address of a Prefect server in PREFECT_API_URL, or permission to start a temporary one",
            found="no address, and PREFECT_SERVER_ALLOW_EPHEMERAL_MODE is false",
            remedy="set PREFECT_API_URL, or PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=true",
        )
    say("starting Prefect's temporary server (set PREFECT_API_URL to use a running one) …")
    url = start_temporary_server(seconds=ephemeral.startup_timeout_seconds)
    os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()  # for all threads: a thread that knows no server would start another


def _check_health(url: str) -> None:
    """Check a server's health once, with the credentials and certificates from Prefect's settings.

    Raises:
        EngineError: The server does not answer, or not as Prefect does.
    """
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        patience = httpx.Timeout(_SECONDS, connect=_SECONDS / _TRIES)
        client = get_client(sync_client=True, httpx_settings={"timeout": patience})
        found = client.api_healthcheck()
    if found is not None:
        raise _no_answer(url, found) from found


def _no_answer(url: str, found: Exception) -> CounterpoiseError:
    answered = isinstance(found, httpx.HTTPStatusError)
    silent = isinstance(found, httpx.TimeoutException)
    answer = f"nothing for {_SECONDS:g} s" if silent else redact(str(found)).splitlines()[0]
    return EngineError(
        "prefect_answers_otherwise" if answered else "prefect_does_not_answer",
        expected=f"Prefect's server to answer at {redact(url)}/health, as set by PREFECT_API_URL or a profile",
        found=answer,
        remedy="start that server, correct PREFECT_API_URL, or unset it to run with a temporary server",
        values={"address": redact(url)},
    )
