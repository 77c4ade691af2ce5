"""What docs/prefect.md says of Prefect is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import prefect.settings
import pytest
import yaml
from prefect.cli._app import _app as app

from counterpoise.core.config import BalanceConfig

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "prefect.md").read_text()
PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text())


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


def prefect_commands() -> list[list[str]]:
    shown = [line for block in blocks("sh") for line in block.splitlines()]
    inline = re.findall(r"`(prefect [^`]+)`", GUIDE)
    words = [shlex.split(line, comments=True) for line in [*shown, *inline]]
    return [line[1:] for line in words if line[:1] == ["prefect"] and len(line) > 1]


@pytest.mark.parametrize("words", prefect_commands(), ids=" ".join)
def test_a_command_of_prefect_that_is_shown_exists(words: list[str]) -> None:
    command, depth = app, 0
    while depth < len(words) and not words[depth].startswith("-") and words[depth] in command:
        command, depth = command[words[depth]], depth + 1
    assert depth > 0
    assert command.default_command is not None, f"{words[: depth + 1]} is no command"
    options = {name for group in command.assemble_argument_collection() for name in group.names}
    assert {word for word in words[depth:] if word.startswith("--")} <= options


@pytest.mark.parametrize("name", sorted(set(re.findall(r"PREFECT_[A-Z_]+[A-Z]", GUIDE))))
def test_a_setting_of_prefect_that_is_named_exists(name: str) -> None:
    assert getattr(prefect.settings, name).name == name


def test_the_settings_of_monitor_are_a_section_of_the_configuration() -> None:
    (section,) = blocks("yaml")
    config = PROJECT["deployments"][0]["parameters"]["config"]
    assert BalanceConfig.model_validate({**config, **yaml.safe_load(section)}).monitor.max_source_age == 26


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading of columns."""
    lines = GUIDE[GUIDE.index(f"| {heading} |") :].splitlines()
    table = lines[2 : next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]


def test_every_deployment_stands_in_the_table() -> None:
    expected = {f"{each['entrypoint'].rpartition('.')[2]}/{each['name']}" for each in PROJECT["deployments"]}
    assert {row[0] for row in rows("Deployment")} == expected


def test_every_event_that_a_task_emits_stands_in_the_table() -> None:
    code = "".join(path.read_text() for path in (ROOT / "tasks").glob("*.py"))
    assert {row[0] for row in rows("Event")} == set(re.findall(r'emit\(\s*"(counterpoise\.[\w.]+)"', code))


def test_the_event_of_new_data_is_the_one_that_the_trigger_waits_for() -> None:
    (snippet,) = blocks("python")
    compile(snippet, "docs/prefect.md", "exec")
    (trigger,) = next(each["triggers"] for each in PROJECT["deployments"] if each["name"] == "on-arrival")
    for text in (*trigger["expect"], *trigger["match"].values(), '"path"'):
        assert text in snippet
