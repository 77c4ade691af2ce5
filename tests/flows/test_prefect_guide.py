"""What docs/prefect.md says of Prefect is so."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import prefect.settings
import pytest
import yaml
from prefect.cli._app import _app as app
from prefect.client.orchestration import get_client

from counterpoise.config import BalanceConfig
from counterpoise.suggest import write_sample
from counterpoise.versions import open_version
from tests.flows.real_prefect import RealPrefect
from tests.processes import PATIENCE, running, wait_until
from tests.test_documents import blocks as blocks_of

ROOT = Path(__file__).parents[2]
DOCUMENT = "docs/prefect.md"
GUIDE = (ROOT / DOCUMENT).read_text()
PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text())


def blocks(language: str) -> list[str]:
    return blocks_of(language, DOCUMENT)


def commands_of(block: str) -> list[list[str]]:
    """Return the commands of Prefect in a block, without the name that they begin with."""
    words = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [line[1:] for line in words if line[:1] == ["prefect"] and len(line) > 1]


def prefect_commands() -> list[list[str]]:
    shown = [*(block for name in (DOCUMENT, "docs/storage.md") for block in blocks_of("sh", name))]
    return commands_of("\n".join([*shown, *re.findall(r"`(prefect [^`]+)`", GUIDE)]))


@pytest.mark.parametrize("words", prefect_commands(), ids=" ".join)
def test_a_command_of_prefect_that_is_shown_exists(words: list[str]) -> None:
    command, depth = app, 0
    while depth < len(words) and not words[depth].startswith("-") and words[depth] in command:
        command, depth = command[words[depth]], depth + 1
    assert depth > 0
    assert command.default_command is not None, f"{words[: depth + 1]} is no command"
    options = {name for group in command.assemble_argument_collection() for name in group.names}
    assert {word for word in words[depth:] if word.startswith("--")} <= options


@pytest.mark.parametrize("name", sorted(set(re.findall(r"PREFECT_[A-Z0-9_]+[A-Z]", GUIDE))))
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
    (trigger,) = next(each["triggers"] for each in PROJECT["deployments"] if each["name"] == "on-arrival")
    for text in (*trigger["expect"], *trigger["match"].values(), '"path"'):
        assert text in snippet


def stored_events(name: str) -> list[dict[str, Any]]:
    with get_client(sync_client=True) as client:
        wanted = {"event": {"name": [name]}}
        found: list[dict[str, Any]] = client.request("POST", "/events/filter", json={"filter": wanted}).json()["events"]
        return found


def test_the_snippet_that_tells_of_new_data_emits_the_event() -> None:
    (snippet,) = blocks("python")
    exec(snippet, {})  # noqa: S102  # our own document
    (event,) = wait_until(lambda: stored_events("counterpoise.data.arrived"), what="an event")
    assert event["resource"]["prefect.resource.id"] == "counterpoise.source.fraud"
    assert event["payload"] == {"path": "counterpoise-demo/transactions.csv"}


def completed(deployment: str) -> bool:
    """Return whether the one run of a deployment on the session's server is done; fail where it ended otherwise."""
    with get_client(sync_client=True) as client:
        wanted = {"deployments": {"name": {"any_": [deployment]}}}
        states = {run["state_type"] for run in client.request("POST", "/flow_runs/filter", json=wanted).json()}
    assert not states & {"CANCELLED", "CRASHED", "FAILED"}, states
    return "COMPLETED" in states


def test_the_commands_of_the_guide_publish_a_version_on_a_new_server(tmp_path: Path) -> None:
    """The server is the session's, which has neither pool nor deployments; `make up` tests start one by the command."""
    (block,) = [each for each in blocks("sh") if "prefect server start" in each]
    server, *others = commands_of(block)
    assert server == ["server", "start"]
    shutil.copy(ROOT / "prefect.yaml", tmp_path)
    write_sample("fraud", rows=2_000, out=tmp_path / "counterpoise-demo" / "transactions.csv", seed=0)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
        "PREFECT_API_URL": str(prefect.settings.PREFECT_API_URL.value()),
        "PREFECT_HOME": str(tmp_path / "home"),
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PWD": str(tmp_path),
    }
    path = tmp_path / "log"
    with ExitStack() as stack, path.open("ab") as log:
        for words in others:
            command = [sys.executable, "-m", "prefect", *words]
            process = stack.enter_context(running(command, cwd=tmp_path, env=environment, stdout=log, stderr=log))
            if words[:2] == ["worker", "start"]:
                worker = process
            else:
                assert process.wait(PATIENCE) == 0, f"{words}: {path.read_text()}"
        wait_until(lambda: completed("on-demand"), what=path.read_text, program=worker)
        assert open_version(tmp_path / "datasets" / "fraud").evaluation.joinpath("report.html").exists()


def test_commands_that_look_at_a_running_prefect_run_as_shown(real_prefect: RealPrefect) -> None:
    assert real_prefect.deployment("balance/nightly")["id"] in real_prefect.run(*shown_command("deployment inspect"))
    real_prefect.run(*shown_command("block ls"))
    real_prefect.run(*shown_command("work-pool set-concurrency-limit"))
    try:
        assert real_prefect.ask("GET", "/work_pools/counterpoise")["concurrency_limit"] == 4
    finally:
        real_prefect.run("work-pool", "clear-concurrency-limit", "counterpoise")


def shown_command(start: str) -> list[str]:
    (found,) = [words for words in prefect_commands() if " ".join(words).startswith(start)]
    return found


def test_the_line_that_fills_in_the_automations_leaves_no_placeholder(tmp_path: Path) -> None:
    (line,) = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("sed ")]
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    subprocess.run(["sh", "-c", line], check=True, cwd=tmp_path)
    source = (ROOT / "examples" / "automations.yaml").read_text()
    filled = yaml.safe_load((tmp_path / "automations.yaml").read_text())
    assert filled == yaml.safe_load(source.replace("DEPLOYMENT_ID", "6f1b…").replace("BLOCK_ID", "0c52…"))
    assert ["automation", "create", "--from-file", "automations.yaml"] in prefect_commands()


@pytest.mark.parametrize(("path", "opened"), [("/", "/v2"), ("/deployments", "/deployments")])
def test_the_address_of_the_server_opens_the_newer_ui_and_deep_links_the_older(
    real_prefect: RealPrefect, path: str, opened: str
) -> None:
    answer = real_prefect.client.get(
        f"{real_prefect.address}{path}", headers={"Accept": "text/html"}, follow_redirects=True
    )
    assert answer.is_success
    assert answer.url.path.rstrip("/") == opened
