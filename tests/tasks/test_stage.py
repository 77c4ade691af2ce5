from __future__ import annotations

import errno
import os
import signal
import threading
import time
from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from counterpoise import tasks
from counterpoise.config import BalanceConfig, build_config
from counterpoise.config._sections.timeouts import TimeoutsConfig
from counterpoise.errors import ContractError, CounterpoiseError, PublishError
from counterpoise.records import PartitionSummary
from counterpoise.tasks.stage import Stage, StageTimeoutError, is_transient, stage
from tests.snapshots import engine_config

CALLS: list[str] = []


@stage
def counted(value: int, *, folder: Path) -> PartitionSummary:
    """Count how often the body runs."""
    CALLS.append(str(value))
    return PartitionSummary(rows=value, classes={})


@stage
def failing(kind: str) -> None:
    """Fail, the first time or always."""
    CALLS.append(kind)
    if kind == "passing" and len(CALLS) > 1:
        return
    raise {
        "passing": ConnectionResetError(errno.ECONNRESET, "gone for a moment"),
        "refused": ContractError("r", expected="a", found="b", remedy="c"),
        "fault": ZeroDivisionError("ours"),
        "full": OSError(errno.ENOSPC, "no space left"),
    }[kind]


@pytest.fixture(autouse=True)
def _no_calls_and_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setattr(failing.task, "retry_delay_seconds", 0)


def cause(error: BaseException, of: CounterpoiseError) -> CounterpoiseError:
    of.__cause__ = error
    return of


PUBLISH: dict[str, Any] = {"expected": "to write", "found": "an error", "remedy": "try again"}


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), True),
        (OSError(errno.EIO, "input/output error"), True),
        (cause(OSError(errno.EIO, "input/output error"), PublishError("cannot_write", **PUBLISH)), True),
        (cause(OSError(errno.ENOSPC, "no space"), PublishError("cannot_write", **PUBLISH)), False),
        (FileNotFoundError(errno.ENOENT, "gone"), False),
        (PermissionError(errno.EACCES, "no"), False),
        (OSError("an Arrow file that ends early"), False),
        (ContractError("r", **PUBLISH), False),
        (ValueError("bug"), False),
        (None, False),
    ],
)
def test_only_errors_that_may_pass_are_transient(error: object, transient: bool) -> None:
    assert is_transient(error) is transient


def run_in_flow(kind: str) -> State[Any]:
    @flow
    def fails() -> None:
        failing(kind)

    return fails(return_state=True)


@pytest.mark.parametrize(("kind", "calls"), [("passing", 2), ("refused", 1), ("fault", 1), ("full", 1)])
def test_a_stage_is_retried_for_passing_errors_only(kind: str, calls: int) -> None:
    state = run_in_flow(kind)
    assert state.is_completed() is (kind == "passing")
    assert len(CALLS) == calls


def test_a_retried_flow_run_takes_finished_stages_from_their_results(tmp_path: Path) -> None:
    attempts = []

    @flow(retries=1)
    def fails_once() -> PartitionSummary:
        summary = counted(3, folder=tmp_path)
        attempts.append(summary)
        if len(attempts) == 1:
            raise ZeroDivisionError("later")
        return summary

    assert fails_once() == PartitionSummary(rows=3, classes={})
    assert len(attempts) == 2
    assert CALLS == ["3"]


def test_results_do_not_outlive_the_working_area_they_refer_to(tmp_path: Path) -> None:
    attempts = []

    @flow(retries=1)
    def loses_its_files() -> None:
        attempts.append(counted(3, folder=tmp_path))
        if len(attempts) == 1:
            for path in tmp_path.iterdir():
                path.unlink()
            raise ZeroDivisionError("later")

    loses_its_files()
    assert CALLS == ["3", "3"]


def test_another_flow_run_does_its_own_work(tmp_path: Path) -> None:
    @flow
    def once() -> None:
        counted(3, folder=tmp_path)

    once()
    once()
    assert CALLS == ["3", "3"]


def test_a_stage_runs_without_any_run_around_it(tmp_path: Path) -> None:
    assert counted.fn(4, folder=tmp_path).rows == 4


def test_the_key_of_a_result_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "pa55")
    from counterpoise.tasks import stage as module

    seen: list[Any] = []

    def remember(value: Any) -> str:
        seen.append(value)
        return "key"

    monkeypatch.setattr(module, "json_sha256", remember)
    config = build_config(
        {
            "name": "x",
            "columns": {"target": "y"},
            "source": {"url": "postgresql://ann:${SHOP_PASSWORD}@db/prod", "table": "t"},
        }
    )

    class Context:
        class task_run:  # noqa: N801
            flow_run_id = "run"

        class task:  # noqa: N801
            name = "ingest"

    assert module.result_key(Context, {"config": config, "folder": tmp_path}) == "key"  # type: ignore[arg-type]  # enough of one
    assert "pa55" not in str(seen)
    assert "ann:${SHOP_PASSWORD}@db" in str(seen)


def limited_config(folder: Path, minutes: float) -> BalanceConfig:
    return engine_config(folder, timeouts={"split": minutes})


def wait_in(what: str) -> None:
    """Wait in Python, or in a query of DuckDB, which makes an error of its own of whatever interrupts it."""
    if what == "python":
        time.sleep(3600)
    else:
        import duckdb

        duckdb.connect().execute(
            "SELECT count(*) FROM range(100_000_000) a, range(100_000) b WHERE a.range % 7 = b.range"
        )


@stage
def split(config: BalanceConfig, *, what: str) -> None:
    """Take far too long; named as the stage whose time limit is asked for."""
    wait_in(what)


@pytest.mark.parametrize("what", ["python", "duckdb"])
def test_a_stage_that_takes_too_long_is_given_up_and_its_run_timed_out(tmp_path: Path, what: str) -> None:
    @flow
    def takes_too_long() -> None:
        split(limited_config(tmp_path, 0.5 / 60), what=what)

    state = takes_too_long(return_state=True)
    assert state.is_failed()
    assert state.name == "TimedOut"
    with pytest.raises(StageTimeoutError, match=r"split to end within .* minutes \(timeouts\.split\)"):
        state.result()


@pytest.mark.parametrize("what", ["python", "duckdb"])
def test_an_interruption_is_no_failure_of_the_stage(tmp_path: Path, what: str) -> None:
    """As a cancelled run is: Prefect raises, from a signal's handler, what is no `Exception`."""

    class Interruption(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGUSR1, interrupt)
    timer = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGUSR1])
    try:
        timer.start()
        with pytest.raises(Interruption):
            split.fn(limited_config(tmp_path, 0), what=what)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


def stages() -> dict[str, Stage[..., Any]]:
    """Return every stage of this project by its name."""
    modules = [import_module(f"counterpoise.tasks.{module.name}") for module in iter_modules(tasks.__path__)]
    return {one.name: one for module in modules for one in vars(module).values() if isinstance(one, Stage)}


def test_every_stage_has_a_time_limit_and_every_limit_is_of_one() -> None:
    limits, known = TimeoutsConfig(), stages()
    assert {"ingest", "evaluate", "prepare", "cross_validate", "rank", "final_test", "promote", "inspect"} <= set(known)
    fields = {name: limits.of(name)[0] for name in [*known, "announce"]}
    assert "" not in fields.values()
    assert set(fields.values()) == set(TimeoutsConfig.model_fields)
    assert all(limits.of(name)[1] > 0 for name in fields)


def test_every_stage_is_given_its_limit_with_the_configuration_or_the_comparison() -> None:
    for name, one in stages().items():
        given = {parameter.annotation for parameter in signature(one.fn).parameters.values()}
        assert given & {"BalanceConfig", "Comparison"}, name
