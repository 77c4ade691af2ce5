"""Prefect's settings for the command line, applied before Prefect is imported. The user's settings take precedence."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
_NO_SERVER = ("PREFECT_HOME", "PREFECT_PROFILES_PATH", "PREFECT_LOGGING_", "PREFECT_SERVER_", "PREFECT_RESULTS_")
"""How variables begin that do not set the address of a server."""


def server_is_set() -> bool:
    """Return whether a Prefect server is configured; Prefect itself is asked, unless nothing can name a server."""
    if "prefect.settings" not in sys.modules and not may_name_a_server(os.environ, Path()):
        return False
    from prefect.settings import get_current_settings

    return bool(get_current_settings().api.url)


def may_name_a_server(environment: Mapping[str, str], folder: Path) -> bool:
    """Return whether Prefect might find the address of a server: in variables, settings files or profiles.

    Args:
        environment: The environment.
        folder: The working directory, where Prefect looks for files with settings.
    """
    names = [name.upper() for name in environment]
    if any(name.startswith("PREFECT_") and not name.startswith(_NO_SERVER) for name in names):
        return True
    home = Path(environment.get("PREFECT_HOME") or os.path.expanduser("~/.prefect"))  # noqa: PTH111  # never raises
    profiles = Path(environment.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    return (
        (folder / "prefect.toml").exists()
        or "PREFECT" in _text_of(folder / ".env")
        or "API_URL" in _text_of(profiles)
        or _has_prefect_table(folder / "pyproject.toml")
    )


def _text_of(path: Path) -> str:
    """Return a file's text in capitals; empty if it cannot be read, as Prefect cannot either."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").upper()
    except OSError:
        return ""


def _has_prefect_table(path: Path) -> bool:
    try:
        return "prefect" in tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True  # Prefect says what is wrong with it


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
