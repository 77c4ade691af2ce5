"""Passwords stay out of everything that a run writes."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, PREFECT_SERVER_DATABASE_CONNECTION_URL

from counterpoise.errors import ConfigError, CounterpoiseError
from counterpoise.flows.balance import balance
from counterpoise.flows.command_line import run_command
from tests.flows.real_prefect import RealPrefect
from tests.flows.tables import configured

SECRET = "hunter2-hunter2"  # noqa: S105  # to be found again


def places(folder: Path) -> list[Path]:
    database = Path(str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).removeprefix("sqlite+aiosqlite:///"))
    return [database.parent, PREFECT_LOCAL_STORAGE_PATH.value(), folder / "datasets"]


def files_with(text: str, folders: Iterable[Path]) -> list[Path]:
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


def write_database(folder: Path, rows: int = 400) -> Path:
    path = folder / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table sales (id text, x real, label text)")
        values = [(f"r{n}", (n * 7919 % 1000) / 1000, "yes" if n % 6 == 0 else "no") for n in range(rows)]
        connection.executemany("insert into sales values (?, ?, ?)", values)
    connection.close()
    return path


@pytest.fixture(autouse=True)
def _variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the run holds the secret."""
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)


def test_a_secret_in_the_query_of_a_url_is_nowhere_after_a_good_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///file:{write_database(tmp_path)}?uri=true&password=${{SHOP_PASSWORD}}"
    source = {"url": url, "table": "sales"}
    config = configured(tmp_path, "evaluation.enabled=false", name="good-secret", source=source)
    version = balance(config)
    assert version.created
    assert balance(config).created is False
    printed = "".join(capfd.readouterr()) + caplog.text
    assert SECRET not in printed
    assert files_with("good-secret", places(tmp_path)), "the search finds what is there"
    assert files_with(SECRET, places(tmp_path)) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_secret_is_nowhere_after_a_failed_connection(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    urls = {
        "sqlite": f"sqlite:///{tmp_path}/shop.db?password=${{SHOP_PASSWORD}}",
        "postgresql": f"postgresql://ann:${{SHOP_PASSWORD}}@127.0.0.1:{port}/prod?connect_timeout=2",
    }
    name = f"failed-{kind}"
    config = configured(tmp_path, name=name, source={"url": urls[kind], "table": "sales"})
    with pytest.raises(CounterpoiseError, match="Expected") as caught:
        balance(config)
    assert caught.value.exit_code == 2
    told = f"{caught.value} {caught.value.as_dict()} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert SECRET not in told
    assert SECRET not in "".join(capfd.readouterr()) + caplog.text
    assert files_with(name, places(tmp_path)), "the search finds what is there"
    assert files_with(SECRET, places(tmp_path)) == []


@pytest.mark.parametrize("secret", ["${SHOP_PASSWORD}", SECRET], ids=["variable", "written-out"])
def test_the_command_line_shows_no_secret_not_even_when_debugging(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], secret: str
) -> None:
    url = f"sqlite:///{tmp_path}/shop.db?password={secret}"
    code = run_command(["init", url, "--table", "sales", "--target", "label", "--name", "x"], debug=True)
    assert code == 2
    said = "".join(capsys.readouterr())
    assert ("literal_secret" in said) == (secret == SECRET)
    assert SECRET not in said


def test_a_flow_refuses_a_secret_that_is_written_out_and_does_not_repeat_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    given = "stored-by-prefect"  # not SECRET, which other tests look for on the same server
    settings = configured(tmp_path, name="written-out").model_dump(mode="json")
    settings["source"] = {"url": f"postgresql://ann:{given}@127.0.0.1/prod", "table": "sales"}
    with pytest.raises(ConfigError, match="literal_secret") as caught:
        balance(settings)  # type: ignore[call-overload]  # a mapping, which Prefect itself has stored by then
    assert given not in f"{caught.value} {caught.value.as_dict()} {caught.value.__context__!r}"
    assert given not in "".join(capfd.readouterr()) + caplog.text


@pytest.mark.parametrize("url", [f"postgresql://ann:{SECRET}@db/prod", f"postgresql://ann@db/prod?password={SECRET}"])
def test_a_deployment_is_not_run_with_a_secret_that_is_written_out_and_nothing_is_stored(
    real_prefect: RealPrefect, url: str
) -> None:
    deployment = real_prefect.deployment("balance/on-demand")
    config = {**deployment["parameters"]["config"], "source": {"url": url, "table": "sales"}}
    where = f"/deployments/{deployment['id']}/create_flow_run"
    answer = real_prefect.client.post(where, json={"parameters": {"config": config}})
    assert (answer.status_code, answer.is_success) == (409, False)
    assert files_with("balance", [real_prefect.folder / "home"]), "the search finds what is there"
    assert files_with(SECRET, [real_prefect.folder]) == []
