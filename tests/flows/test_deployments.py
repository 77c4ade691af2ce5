"""The deployments of `prefect.yaml`, held to strictly: Prefect itself takes unknown keys and names without a word."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect import Flow
from prefect.cli.deploy._models import (
    ConcurrencyLimitSpec,
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker
from pydantic import BaseModel
from yaml.nodes import Node

from counterpoise.config import BalanceConfig
from tests.flows.real_prefect import FILE

AUTOMATIONS = FILE.parent / "examples" / "automations.yaml"
PROJECT: dict[str, Any] = yaml.safe_load(FILE.read_text())
DEPLOYMENTS: dict[str, dict[str, Any]] = {each["name"]: each for each in PROJECT["deployments"]}
BY_NAME = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS.keys())
EMITTED = {"counterpoise.drift.detected", "counterpoise.data.stale", "counterpoise.validation.failed"}


def known_keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_prefect_knows_all_keys_of_the_file() -> None:
    assert set(PROJECT) - {"definitions"} <= known_keys(PrefectYamlModel)
    PrefectYamlModel.model_validate(PROJECT)


def test_every_definition_is_used() -> None:
    text = FILE.read_text()
    anchors = re.findall(r"&(\w+)$", text, flags=re.MULTILINE)
    assert len(anchors) == len(PROJECT["definitions"])
    for anchor in anchors:
        assert len(re.findall(rf"\*{anchor}$", text, flags=re.MULTILINE)) > 1, anchor


def duplicate_keys(node: Node | None) -> Iterator[str]:
    """Yield keys that a mapping has twice, of which YAML would take the last."""
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        yield from (name for name in set(names) if names.count(name) > 1)
        for _, value in node.value:
            yield from duplicate_keys(value)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from duplicate_keys(item)


def test_no_key_stands_twice() -> None:
    assert list(duplicate_keys(yaml.compose(FILE.read_text()))) == []


@BY_NAME
def test_prefect_knows_all_keys_of_a_deployment(deployment: dict[str, Any]) -> None:
    assert set(deployment) <= known_keys(DeploymentConfig)
    assert set(deployment["work_pool"]) <= known_keys(WorkPoolConfig)
    assert set(deployment["concurrency_limit"]) <= known_keys(ConcurrencyLimitSpec)
    for schedule in deployment["schedules"]:
        assert set(schedule) <= known_keys(RawScheduleConfig)
    for trigger in deployment.get("triggers", []):
        assert set(trigger) <= known_keys(DeploymentEventTrigger)


@BY_NAME
def test_the_work_pool_knows_the_job_variables(deployment: dict[str, Any]) -> None:
    known = ProcessWorker.get_default_base_job_template()["variables"]["properties"]
    assert set(deployment["work_pool"]["job_variables"]) <= set(known)
    assert set(known) <= known_keys(ProcessJobConfiguration) | {"name"}


@BY_NAME
def test_the_entrypoint_is_a_flow_of_an_installed_module(deployment: dict[str, Any]) -> None:
    module, _, name = deployment["entrypoint"].rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), name), Flow)
    assert deployment["pull"] == []


@BY_NAME
def test_the_parameters_are_the_flows_own(deployment: dict[str, Any]) -> None:
    module, _, name = deployment["entrypoint"].rpartition(".")
    flow: Flow[..., Any] = getattr(importlib.import_module(module), name)
    assert set(deployment["parameters"]) == set(flow.parameters.properties)
    config = flow.validate_parameters(deployment["parameters"])["config"]
    assert isinstance(config, BalanceConfig)
    assert not config.source.url.get_secret_value()
    assert deployment["enforce_parameter_schema"] is True


@BY_NAME
def test_a_deployment_says_what_it_does(deployment: dict[str, Any]) -> None:
    assert len(deployment["description"]) > 30
    assert "counterpoise" in deployment["tags"]


@BY_NAME
def test_runs_that_meet_are_queued_or_left_out(deployment: dict[str, Any]) -> None:
    limit = deployment["concurrency_limit"]
    assert limit["limit"] >= 1
    assert ConcurrencyLimitStrategy(limit["collision_strategy"])


@BY_NAME
def test_a_schedule_has_a_name_and_a_time_zone(deployment: dict[str, Any]) -> None:
    for schedule in deployment["schedules"]:
        assert schedule["slug"]
        assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
        assert ZoneInfo(schedule["timezone"])


def test_balance_runs_nightly_on_demand_and_on_new_data_compare_weekly_and_monitor_twice_a_day() -> None:
    found = {
        (each["entrypoint"].rpartition(".")[2], name): [schedule["cron"] for schedule in each["schedules"]]
        for name, each in DEPLOYMENTS.items()
    }
    assert found == {
        ("balance", "nightly"): ["30 2 * * *"],
        ("balance", "on-demand"): [],
        ("balance", "on-arrival"): [],
        ("compare", "weekly"): ["0 4 * * 0"],
        ("monitor", "twice-a-day"): ["0 6,18 * * *"],
    }


def test_the_trigger_of_new_data_gives_a_whole_configuration() -> None:
    (trigger,) = DEPLOYMENTS["on-arrival"]["triggers"]
    parsed = DeploymentEventTrigger.model_validate(trigger)
    assert parsed.expect == {"counterpoise.data.arrived"}
    config = BalanceConfig.model_validate(trigger["parameters"]["config"])
    assert config.source.path == "{{ event.payload.path }}"
    assert config.columns == BalanceConfig.model_validate(DEPLOYMENTS["nightly"]["parameters"]["config"]).columns


def automations() -> list[dict[str, Any]]:
    some_id = "00000000-0000-0000-0000-000000000000"
    text = AUTOMATIONS.read_text().replace("DEPLOYMENT_ID", some_id).replace("BLOCK_ID", some_id)
    found: list[dict[str, Any]] = yaml.safe_load(text)["automations"]
    return found


@pytest.mark.parametrize("automation", automations(), ids=lambda each: str(each["name"]))
def test_an_automation_is_one_and_waits_for_events_that_are_emitted(automation: dict[str, Any]) -> None:
    assert set(automation) <= known_keys(AutomationCore)
    parsed = AutomationCore.model_validate(automation)
    assert set(automation["trigger"]) <= known_keys(type(parsed.trigger))
    own = {event for event in automation["trigger"]["expect"] if event.startswith("counterpoise.")}
    assert own <= EMITTED


def test_every_event_that_an_automation_may_wait_for_is_emitted_by_a_task() -> None:
    emitted = {
        event
        for path in (FILE.parent / "tasks").glob("*.py")
        for event in re.findall(r"emit\(\s*\"(counterpoise[\w.]+)\"", path.read_text())
    }
    assert emitted >= EMITTED
