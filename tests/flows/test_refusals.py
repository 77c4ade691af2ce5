"""What is refused is no crash: the run's state says what was refused, in one line, and no traceback is logged."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, get_client
from prefect.client.schemas.objects import State, StateType
from prefect.flow_engine import run_flow
from prefect.flows import Flow

from counterpoise import ingest as core_ingest
from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError, InputError
from counterpoise.flows.balance import balance
from counterpoise.flows.compare import compare
from counterpoise.flows.monitor import monitor
from tests.flows.real_prefect import RealPrefect, quick_config
from tests.flows.tables import configured
from tests.processes import wait_until

WRONG = "columns.target=no_such_column"
FLOWS = pytest.mark.parametrize("ours", [balance, compare], ids=["balance", "compare"])


class Records(logging.Handler):
    """Keeps what Prefect logs."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(logging.Formatter().format(record))


@pytest.fixture(name="logged")
def _logged() -> Iterator[list[str]]:
    """Return what Prefect's loggers write, with tracebacks."""
    handler = Records()
    loggers = [logging.getLogger(f"prefect.{name}") for name in ("engine", "flow_runs", "flows", "task_runs")]
    for logger in loggers:
        logger.addHandler(handler)
    yield handler.texts
    for logger in loggers:
        logger.removeHandler(handler)


def stored(state: State[Any]) -> State[Any]:
    """Return the state that the server has of the run that a state belongs to."""
    with get_client(sync_client=True) as client:
        assert state.state_details.flow_run_id is not None
        found = client.read_flow_run(state.state_details.flow_run_id).state
    assert found is not None
    return found


@FLOWS
def test_a_refused_run_is_called_refused_and_says_what_in_one_line(
    tmp_path: Path, ours: Any, logged: list[str]
) -> None:
    state = ours(configured(tmp_path, WRONG), return_state=True)
    for each in (state, stored(state)):
        assert (each.type, each.name) == (StateType.FAILED, "Refused")
        assert each.message is not None
        assert re.match(r"ingest: column_not_found\. Expected .* Found .* What to do: ", each.message)
        assert each.message.isprintable()
    with pytest.raises(CounterpoiseError) as caught:
        state.result()
    assert caught.value.reason == "column_not_found"
    assert any("Finished in state Refused" in text for text in logged)
    assert not [text for text in logged if "Traceback" in text]


def test_monitor_without_a_version_is_refused(tmp_path: Path, logged: list[str]) -> None:
    state = stored(monitor(configured(tmp_path), return_state=True))
    assert (state.type, state.name) == (StateType.FAILED, "Refused")
    assert not [text for text in logged if "Traceback" in text]


@FLOWS
def test_who_calls_a_flow_from_python_catches_the_error(tmp_path: Path, ours: Flow[..., Any]) -> None:
    with pytest.raises(CounterpoiseError) as caught:
        ours(configured(tmp_path, WRONG))
    assert (caught.value.reason, caught.value.exit_code) == ("column_not_found", 2)


@flow
def parent(config: BalanceConfig) -> str:
    try:
        balance(config)
    except CounterpoiseError as error:
        return error.reason
    return ""


@flow
async def asynchronous_parent(config: BalanceConfig) -> str:
    state: State[Any] = balance(config, return_state=True)
    return state.name or ""


def test_a_flow_that_calls_ours_catches_the_error(tmp_path: Path) -> None:
    assert parent(configured(tmp_path, WRONG)) == "column_not_found"


def test_an_asynchronous_flow_that_calls_ours_sees_the_state(tmp_path: Path) -> None:
    assert asyncio.run(asynchronous_parent(configured(tmp_path, WRONG))) == "Refused"


def unreachable() -> Exception:
    error = InputError("unreachable", expected="a", found="b", remedy="c")
    error.__cause__ = ConnectionResetError(104, "reset")
    return error


@pytest.mark.parametrize("error", [RuntimeError("of ours"), unreachable()], ids=["a-fault-of-ours", "a-connection"])
def test_what_is_no_refusal_stays_a_failure_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[str], error: Exception
) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise error

    monkeypatch.setattr(core_ingest, "ingest_source", fail)
    state = balance(configured(tmp_path, name="failing"), return_state=True)
    assert (state.type, state.name) == (StateType.FAILED, "Failed")
    assert [text for text in logged if "Traceback" in text]


def test_a_mapping_with_wrong_values_is_refused_without_them_in_the_log(tmp_path: Path, logged: list[str]) -> None:
    settings = configured(tmp_path).model_dump(mode="json")
    settings["split"]["test_size"] = "hunter2"
    given: Any = settings  # a mapping, as a run of a deployment has it
    state: State[Any] = balance(given, return_state=True)
    assert (state.type, state.name) == (StateType.FAILED, "Refused")
    assert state.message is not None
    assert re.match("config: wrong_parameters. .*config.split.test_size", state.message)
    assert not [text for text in logged if "Traceback" in text or "hunter2" in text]


def create_run(prefect: RealPrefect, deployment: str, parameters: dict[str, Any]) -> str:
    """Create a run by the API's plain way, which asks no schema."""
    found = prefect.deployment(deployment)
    body = {"flow_id": found["flow_id"], "deployment_id": found["id"], "work_pool_name": "counterpoise"}
    made = prefect.ask("POST", "/flow_runs/", **body, parameters=parameters, state={"type": "SCHEDULED"})
    return str(made["id"])


def wrong_parameters(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "one more": {"config": config, "extra": 3},
        "a name that is not printable": {"config": config, "x\x1b[31m\ny": None},
        "another name": {"conf": config},
        "none": {},
        "nothing": {"config": None},
        "a text": {"config": "text"},
        "a wrong value": {"config": {**config, "split": {"test_size": 7}}},
        "an unknown field": {"config": {**config, "nope": 1}},
        "a column that is not there": {"config": {**config, "columns": {"target": "no_such_column"}}},
    }


def check_refusal(state: State[Any]) -> None:
    assert (state.type, state.name) == (StateType.FAILED, "Refused")
    assert state.message is not None
    assert re.match(r"(config: wrong_parameters|ingest: column_not_found)\. Expected ", state.message)
    assert state.message.isprintable()


MISNAMED = ("one more", "a name that is not printable", "another name", "none")
"""Prefect finds these before the flow begins and ends the process, which only a worker's run comes through."""


@pytest.mark.parametrize("what", [each for each in wrong_parameters({}) if each not in MISNAMED])
def test_wrong_parameters_of_a_run_are_refused_without_a_traceback(
    tmp_path: Path, logged: list[str], what: str
) -> None:
    """The run is executed as a worker's process does it, but in this one."""
    parameters = wrong_parameters(configured(tmp_path).model_dump(mode="json"))[what]
    state = run_flow(balance, parameters=parameters, return_type="state")
    assert isinstance(state, State)
    check_refusal(stored(state))
    assert not [text for text in logged if "Traceback" in text]
    assert not (tmp_path / "datasets" / "tested" / "versions").exists()


def is_refused(prefect: RealPrefect, run: str) -> Callable[[], dict[str, Any] | None]:
    def ask() -> dict[str, Any] | None:
        found = prefect.flow_run(run)
        return found if found["state_name"] == "Refused" else None

    return ask


def test_wrong_parameters_end_refused_on_a_worker_and_its_log_has_no_traceback(real_prefect: RealPrefect) -> None:
    before = len(real_prefect.log("worker"))
    config = quick_config(real_prefect, name="wrong-parameters")
    wrong = wrong_parameters(config)
    chosen = (*MISNAMED[1:], "a column that is not there")
    runs = [create_run(real_prefect, "balance/on-demand", wrong[each]) for each in chosen]
    runs.append(create_run(real_prefect, "compare/weekly", {"config": config, "extra": 3}))
    runs.append(create_run(real_prefect, "monitor/twice-a-day", {"config": config, "extra": 3}))
    for run in runs:
        found = wait_until(is_refused(real_prefect, run), what=f"a refusal of {run}")
        check_refusal(State.model_validate(found["state"]))
    assert "Traceback" not in real_prefect.log("worker")[before:]
    assert not (real_prefect.folder / "datasets" / "wrong-parameters" / "versions").exists()


def test_both_names_of_the_end_are_events_that_automations_can_wait_for(real_prefect: RealPrefect) -> None:
    config = quick_config(real_prefect, name="told-of", columns={"target": "no_such_column"})
    run = real_prefect.start("balance/on-demand", config)
    wait_until(is_refused(real_prefect, run), what="a refusal")

    def told() -> bool:
        events = real_prefect.events("prefect.flow-run.Failed", "prefect.flow-run.Refused")
        ours = [each for each in events if each["resource"]["prefect.resource.id"] == f"prefect.flow-run.{run}"]
        return {each["event"] for each in ours} == {"prefect.flow-run.Failed", "prefect.flow-run.Refused"}

    wait_until(told, what="two events")
