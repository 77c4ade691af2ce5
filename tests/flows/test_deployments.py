"""The deployments of `prefect.yaml`: held to strictly, then run by a real server and a real worker."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
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
from prefect.client.schemas.schedules import CronSchedule
from pydantic import BaseModel

from counterpoise.core.config import BalanceConfig
from counterpoise.core.persist import verify_version
from counterpoise.core.sample import write_sample
from counterpoise.core.versions import open_version

FILE = Path(__file__).parents[2] / "prefect.yaml"
PROJECT: dict[str, Any] = yaml.safe_load(FILE.read_text())
DEPLOYMENTS: dict[str, dict[str, Any]] = {each["name"]: each for each in PROJECT["deployments"]}
BY_NAME = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS.keys())


def known_keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_prefect_knows_all_keys_of_the_file() -> None:
    assert set(PROJECT) - {"definitions"} <= known_keys(PrefectYamlModel)
    PrefectYamlModel.model_validate(PROJECT)


@BY_NAME
def test_prefect_knows_all_keys_of_a_deployment(deployment: dict[str, Any]) -> None:
    assert set(deployment) <= known_keys(DeploymentConfig)
    assert set(deployment["work_pool"]) <= known_keys(WorkPoolConfig)
    assert set(deployment.get("concurrency_limit", {})) <= known_keys(ConcurrencyLimitSpec)
    for schedule in deployment["schedules"]:
        assert set(schedule) <= known_keys(RawScheduleConfig)


@BY_NAME
def test_the_entrypoint_is_a_flow_of_an_installed_module(deployment: dict[str, Any]) -> None:
    module, _, name = deployment["entrypoint"].rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), name), Flow)
    assert deployment["pull"] == []


@BY_NAME
def test_the_parameters_are_the_flows_own(deployment: dict[str, Any]) -> None:
    assert set(deployment["parameters"]) == {"config"}
    config = BalanceConfig.model_validate(deployment["parameters"]["config"])
    assert not config.source.url.get_secret_value()


@BY_NAME
def test_a_deployment_says_what_it_does(deployment: dict[str, Any]) -> None:
    assert len(deployment["description"]) > 30
    assert "counterpoise" in deployment["tags"]


def test_one_deployment_is_scheduled_and_one_on_demand() -> None:
    assert [len(DEPLOYMENTS[name]["schedules"]) for name in ("nightly", "on-demand")] == [1, 0]
    schedule = DEPLOYMENTS["nightly"]["schedules"][0]
    assert schedule["slug"]
    assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    assert ZoneInfo(schedule["timezone"])


class Prefect:
    """A Prefect of its own: server, command line and worker, in one folder on one free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/api"
        settings = {
            "DO_NOT_TRACK": "1",
            "PREFECT_API_URL": self.url,
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_HOME": str(folder / "home"),
            "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.5",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_API_URL": self.url,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PWD": str(folder),
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment = {**others, **settings}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "prefect", *arguments]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"prefect {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, *arguments: str, ready: Callable[[], bool]) -> Iterator[None]:
        """Keep a command running, from when it is ready; end that process alone."""
        log = self.folder / f"{arguments[0]}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                self.command(*arguments), cwd=self.folder, env=self.environment, stdout=output, stderr=output
            )
            try:
                deadline = time.monotonic() + 90
                while not ready():
                    assert process.poll() is None, log.read_text()
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.2)
                yield
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:  # noqa: S310  # our own server
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def test_a_worker_runs_the_deployment_and_the_version_is_published(tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path / "prefect.yaml")
    source = tmp_path / "counterpoise-demo" / "transactions.csv"
    source.parent.mkdir()
    write_sample("fraud", rows=3_000, out=source, seed=0)
    config = {**DEPLOYMENTS["on-demand"]["parameters"]["config"], "evaluation": {"enabled": False}}
    prefect = Prefect(tmp_path)
    with prefect.running(
        "server", "start", "--host", "127.0.0.1", "--port", str(prefect.port), ready=prefect.is_healthy
    ):
        prefect.run("work-pool", "create", "--type", "process", "counterpoise")
        prefect.run("deploy", "--all")
        with prefect.running("worker", "start", "--pool", "counterpoise", ready=lambda: True):
            parameters = json.dumps({"config": config})
            prefect.run("deployment", "run", "balance/on-demand", "--params", parameters, "--watch")
    record = open_version(tmp_path / "datasets" / "fraud").record
    assert record.version == 1
    assert record.partitions["train"].rows > 1_000
    assert verify_version(record.root, record.dataset, record.version) == []
