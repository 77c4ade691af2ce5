"""Run a flow from the command line and show its stages: on a configured or temporary server, or without any."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from prefect import Flow
from prefect.settings import get_current_settings

from counterpoise.config import BalanceConfig
from counterpoise.flows.console import inform, is_quiet, stage_lines
from counterpoise.flows.prefect_api import reach_prefect
from counterpoise.flows.progress import progress_shown
from counterpoise.tasks.stage import without_prefect

R = TypeVar("R")


def run_flow(flow: Flow[[BalanceConfig], R], config: BalanceConfig, *, prefect: bool = False) -> R:
    """Run a flow in this process: as a flow run if there is a server or one is needed, else its stages alone.

    Log lines of stages and their progress go to standard error.

    Args:
        flow: The flow.
        config: The configuration.
        prefect: Whether to start a temporary server if none is configured.
    """
    with _shown():
        if prefect or get_current_settings().api.url or _needs_a_server(config):
            reach_prefect()
            return flow(config)
        inform("running without Prefect: to see runs in its UI, start a server and set PREFECT_API_URL")
        with without_prefect(), _ended_in_order():
            return flow.fn(config)


def run_plainly(stages: Callable[[BalanceConfig], R], config: BalanceConfig) -> R:
    """Run stages that are no flow in this process, as plain functions, and show them as `run_flow` does.

    Args:
        stages: Calls the stages.
        config: The configuration.
    """
    with _shown(), without_prefect(), _ended_in_order():
        if _has_blocks(config):
            reach_prefect()
        return stages(config)


@contextmanager
def _shown() -> Iterator[None]:
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
