from __future__ import annotations

from pathlib import Path

from counterpoise.flows.prefect_settings import set_defaults, use_own_home


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
