"""Prefect's settings for the command line, applied before Prefect is imported. The user's settings take precedence."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}


def set_defaults(environment: MutableMapping[str, str] = os.environ, *, debug: bool = False) -> None:
    """Keep Prefect quiet and offline, and allow a temporary server if none is configured.

    Runs still log to the server; the command line shows its own lines.

    Args:
        environment: The environment to modify.
        debug: Whether to keep Prefect's own log lines and tracebacks on the console.
    """
    for name, value in _DEFAULTS.items():
        if not (debug and name == "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"):
            environment.setdefault(name, value)


def use_own_home(home: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Isolate a run from the user's Prefect with its own home, profile and temporary server.

    Args:
        home: A folder for Prefect's database and results.
        environment: The environment to modify.
    """
    for name in [name for name in environment if name.startswith("PREFECT_") and name not in _DEFAULTS]:
        del environment[name]
    environment["PREFECT_HOME"] = str(home)
    environment["PREFECT_PROFILES_PATH"] = str(home / "profiles.toml")
