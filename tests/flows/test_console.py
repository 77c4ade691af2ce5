"""Nothing that comes from outside acts in the terminal or in Prefect's log: it is shown."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest
from rich.console import Console

from counterpoise.errors import InputError
from counterpoise.flows import console
from counterpoise.flows.command_line import run_command
from counterpoise.tasks.reporting import log
from tests.text.test_visible import ACTING


@pytest.mark.parametrize("text", ACTING)
def test_lines_and_errors_are_shown(capsys: pytest.CaptureFixture[str], text: str) -> None:
    console.say(f"[bold]{text}")
    console.say_result(text)
    console.show_error(InputError(text, expected=text, found=text, remedy=text))
    assert text not in "".join(capsys.readouterr())


@pytest.mark.parametrize("text", ACTING)
def test_json_is_exact_and_acts_on_nothing(capsys: pytest.CaptureFixture[str], text: str) -> None:
    console.print_json({"label": text})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"label": text}
    assert text not in printed


def test_log_lines_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="counterpoise"):
        log("ingest: column '\x1b[31mred' is kept as text")
    assert [record.getMessage() for record in caplog.records] == ["ingest: column '\\x1b[31mred' is kept as text"]


def test_no_text_reaches_rich_past_the_one_function_that_makes_it_visible() -> None:
    """A line that is built from a record is escaped; `escape` of this module is the only way."""
    source = Path(console.__file__).read_text()
    assert source.count("without_markup(") == 1
    assert "typer.echo(" not in Path(console.__file__).with_name("command_line.py").read_text()


def test_a_hostile_column_and_its_error_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("\x1b[31mred,\u202elabel\n" + "1,0\n2,1\n" * 50)
    Path("x.yaml").write_text("name: x\nsource: {path: t.csv}\ncolumns: {target: label}\n")
    assert run_command(["advise", "x.yaml"]) == 2
    said = "".join(capfd.readouterr())
    assert "\\x1b[31mred" in said
    assert "\x1b[31mred" not in said
    assert "\u202e" not in said


def test_an_argument_that_is_no_utf8_is_refused_by_name(capfd: pytest.CaptureFixture[str]) -> None:
    broken = os.fsdecode(b"\xff.yaml")
    for arguments in (
        ["run", broken],
        ["init", broken, "--target", "y", "--name", "x"],
        ["versions", broken],
        ["run", "x.yaml", "--set", f"source.path={broken}"],
        ["rebuild", "x/y", "--out", broken],
    ):
        assert run_command(arguments) == 2
        assert "argument_not_utf8" in capfd.readouterr().err


def test_a_console_of_rich_would_have_sent_it(capsys: pytest.CaptureFixture[str]) -> None:
    """What this file guards against is real."""
    Console(highlight=False, soft_wrap=True).print("\x1b[31mred")
    assert "\x1b[31m" in capsys.readouterr().out


def test_lines_of_stages_are_shown_and_the_logger_is_left_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    own = logging.getLogger("counterpoise")
    before = own.level, list(own.handlers)
    with console.stage_lines():
        log("ingest: 7 rows")
    log("ingest: 8 rows")
    assert "ingest: 7 rows" in (said := capsys.readouterr().err)
    assert "ingest: 8 rows" not in said
    assert (own.level, own.handlers) == before
