"""Run a flow from the command line and show its stages: on a configured or temporary server, or without any."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import Any, TypeVar

from counterpoise.config import BalanceConfig
from counterpoise.flows.console import inform, is_quiet, stage_lines
from counterpoise.flows.prefect_settings import server_is_set
from counterpoise.flows.progress import progress_shown
from counterpoise.runtime import companion
from counterpoise.tasks.stage import without_prefect
from counterpoise.tasks.validate import prepare_checks

R = TypeVar("R")


def run_flow(pipeline: Callable[[BalanceConfig], R], config: BalanceConfig, *, prefect: bool = False) -> R:
    """Run a pipeline in this process: as a flow run if there is a server or one is needed, else its stages alone.

    Prefect is imported only for a flow run.

    Log lines of stages and their progress go to standard error.

    Args:
        pipeline: The stages of a flow, a function of `counterpoise.flows.plain` with the flow's name.
        config: The configuration.
        prefect: Whether to start a temporary server if none is configured.
    """
    if prefect or server_is_set() or _needs_a_server(config):
        reach_prefect()
        flow = _flow_of(pipeline)
        with _shown():
            return flow(config)
    inform("running without Prefect: to see runs in its UI, start a server and set PREFECT_API_URL")
    with _shown(), without_prefect(), _ended_in_order():
        return pipeline(config)


@contextmanager
def prepared(*, prefect: bool = False) -> Iterator[None]:
    """In the block, let a second process import Great Expectations and do its work, unless Prefect is used.

    Where Great Expectations is imported already there is nothing to gain.

    Args:
        prefect: As for `run_flow`.
    """
    if prefect or "great_expectations" in sys.modules or server_is_set():
        yield
        return
    with companion(prepare_checks):
        yield


def run_plainly(stages: Callable[[BalanceConfig], R], config: BalanceConfig) -> R:
    """Run stages that are no flow in this process, as plain functions, and show them as `run_flow` does.

    Args:
        stages: Calls the stages.
        config: The configuration.
    """
    if _has_blocks(config):
        reach_prefect()
    with _shown(), without_prefect(), _ended_in_order():
        return stages(config)


def reach_prefect() -> None:
    """Make sure that a Prefect server answers; see `counterpoise.flows.prefect_api`."""
    from counterpoise.flows import prefect_api

    prefect_api.reach_prefect()


def _flow_of(pipeline: Callable[[BalanceConfig], R]) -> Callable[[BalanceConfig], R]:
    """Return the flow of a pipeline: it has the same name, in a module of that name."""
    name = pipeline.__name__
    flow: Callable[[BalanceConfig], R] = getattr(import_module(f"counterpoise.flows.{name}"), name)
    return flow


@contextmanager
def _shown() -> Iterator[None]:
    """Show lines and progress; if Prefect is used at all, it is imported before, as it sets up its loggers."""
    with nullcontext() if is_quiet() else progress_shown(), stage_lines():
        yield


def _needs_a_server(config: BalanceConfig) -> bool:
    """Return whether a run needs what only Prefect has: its task runner for Dask, or its blocks."""
    return config.engine.kind != "local" or _has_blocks(config)


def _has_blocks(config: BalanceConfig) -> bool:
    return bool(config.source.credentials_block or config.output.credentials_block)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a run that is asked to end (SIGTERM) remove its working area first, as a cancelled flow run does."""

    def end(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
