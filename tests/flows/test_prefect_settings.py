from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from counterpoise.flows.prefect_settings import may_name_a_server, set_defaults, use_own_home


def test_defaults_are_quiet_and_private() -> None:
    environment: dict[str, str] = {}
    set_defaults(environment)
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "CRITICAL"


def test_debugging_leaves_prefects_log_on_the_console() -> None:
    environment: dict[str, str] = {}
    set_defaults(environment, debug=True)
    assert "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL" not in environment


def test_what_the_user_has_set_stays() -> None:
    environment = {"DO_NOT_TRACK": "0"}
    set_defaults(environment)
    assert environment["DO_NOT_TRACK"] == "0"


def test_a_home_of_its_own_knows_nothing_of_the_users(tmp_path: Path) -> None:
    environment = {
        "PREFECT_API_URL": "https://elsewhere",
        "PREFECT_API_KEY": "key",
        "PREFECT_PROFILE": "work",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PATH": "/bin",
    }
    use_own_home(tmp_path, environment)
    assert environment == {
        "PATH": "/bin",
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_PROFILES_PATH": str(tmp_path / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


NAMES_NO_SERVER = {"PATH": "/bin", "PREFECT_HOME": "home", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


def test_without_settings_no_server_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['prefect']\n")
    (tmp_path / ".env").write_text("TOKEN=x\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "profiles.toml").write_text("active = 'mine'\n[profiles.mine]\n")
    assert not may_name_a_server(NAMES_NO_SERVER, tmp_path)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".env", "PREFECT_API_URL=http://127.0.0.1:4200/api"),
        (".env", "prefect_api_url=http://127.0.0.1:4200/api"),
        ("prefect.toml", "[api]\nurl = 'http://127.0.0.1:4200/api'"),
        ("pyproject.toml", "[tool.prefect.api]\nurl = 'http://127.0.0.1:4200/api'"),
        ("home/profiles.toml", "active = 'a'\n[profiles.a]\nPREFECT_API_URL = 'http://127.0.0.1:4200/api'"),
    ],
)
def test_prefect_is_asked_where_a_file_may_name_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert may_name_a_server(NAMES_NO_SERVER, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    code = "from counterpoise.flows.prefect_settings import server_is_set; raise SystemExit(not server_is_set())"
    subprocess.run([sys.executable, "-c", code], env={**environment, "PREFECT_HOME": "home"}, check=True)


@pytest.mark.parametrize("name", ["PREFECT_API_URL", "prefect_api_url", "PREFECT_PROFILE", "PREFECT_API_KEY"])
def test_prefect_is_asked_where_a_variable_may_name_a_server(tmp_path: Path, name: str) -> None:
    assert may_name_a_server({name: "x"}, tmp_path)
