"""A Dask cluster as the engine: it runs pieces of work as Prefect tasks.

The cluster belongs to the run and not to the flow's definition, so that a deployment's configuration decides. In the
block of `running_cluster`, Prefect's own `.map` also uses the cluster.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from prefect import task, unmapped
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.futures import as_completed
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from counterpoise.config import EngineConfig
from counterpoise.errors import ConfigError, EngineError
from counterpoise.runtime import Piece
from counterpoise.tasks.cluster_watch import cluster_failures_named, no_cluster, watched
from counterpoise.tasks.stage import failed_on_input_or_output

if TYPE_CHECKING:
    from prefect_dask.task_runners import DaskTaskRunner

P = TypeVar("P", bound=Piece)
R = TypeVar("R")

_SECONDS_FOR_A_WORKER = 60
_DASK, _NANNY = "distributed", "distributed.nanny"
_WORKERS = {"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}
"""Unset Dask's setting that workers return memory immediately: it makes pieces use half as much CPU time again."""


@contextmanager
def running_cluster(config: EngineConfig) -> Iterator[Cluster]:
    """Provide the configured cluster in a block of a flow run; the tasks mapped there use it, too.

    Args:
        config: The configuration section.

    Raises:
        ConfigError: Dask is not installed, or a script would start itself again in each worker.
        EngineError: The cluster is lost.
    """
    context = FlowRunContext.get()
    if context is None:
        raise RuntimeError("a cluster outside of a flow run")
    _check_main_module()
    unstarted = _runner(config)
    import dask

    with (
        _quiet_dask(),
        dask.config.set(_WORKERS),
        cluster_failures_named(config),
        unstarted as runner,
        watched(lambda: runner._client),  # noqa: SLF001  # the property would create one
        _server_known_to_workers(context),
        context.model_copy(update={"task_runner": runner}),
    ):
        try:
            yield Cluster(runner, config)
        finally:
            logging.getLogger(_NANNY).setLevel(logging.ERROR)  # slow shutdown of workers is not worth a warning


@task(
    name="piece",
    task_run_name="{piece.title}",
    persist_result=False,
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=failed_on_input_or_output,
)
def do_piece(work: Callable[[P], R], piece: P, libraries: dict[str, str]) -> R:
    """Run a piece of work in another process.

    Args:
        work: Processes the piece.
        piece: The piece, which contains all that the work needs.
        libraries: The library versions of the sender.

    Raises:
        EngineError: Different libraries are installed here, which could produce different bytes.
    """
    here = _versions()
    if here != libraries:
        other = [f"{name} {here.get(name)}" for name, version in libraries.items() if here.get(name) != version]
        raise EngineError(
            "other_libraries",
            expected="the same library versions on every machine of the cluster",
            found=f"on one of them {', '.join(other)}",
            remedy="install the same requirements everywhere: the files must not depend on who writes them",
            values={"here": here, "there": libraries},
        )
    return work(piece)


def _versions() -> dict[str, str]:
    """Return the versions of the libraries that affect the bytes."""
    from counterpoise.persist import library_versions

    return {"counterpoise": metadata.version("counterpoise"), **library_versions()}


class Cluster:
    """A Dask cluster as an engine.

    Args:
        runner: Prefect's task runner; its cluster starts on first use.
        config: The configuration of the cluster.
    """

    distributed = True

    def __init__(self, runner: DaskTaskRunner, config: EngineConfig) -> None:
        self._runner = runner
        self._config = config

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        """Yield the number and the result of each piece; see `Engine`."""
        client = self._client
        parameters = {"work": unmapped(work), "piece": list(pieces), "libraries": unmapped(_versions())}
        futures: list[Any] = list(self._runner.map(do_piece, parameters))
        numbers = {future: number for number, future in enumerate(futures)}
        try:
            with cluster_failures_named(self._config):
                for future in as_completed(futures):
                    yield numbers[future], future.result()
        finally:
            with suppress(Exception):  # ignore workers that are gone
                client.cancel([future.wrapped_future for future in futures], force=True)

    def call_workers(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function in each worker process, ignoring workers that are gone."""
        with cluster_failures_named(self._config):
            self._client.run(function, *arguments, on_error="ignore")

    @cached_property
    def _client(self) -> Any:
        """The connection to the cluster, created on first use."""
        try:
            client = self._runner.client
            client.wait_for_workers(1, timeout=_SECONDS_FOR_A_WORKER)
        except (OSError, RuntimeError) as error:  # timeouts are OSErrors
            raise no_cluster(self._config, error, seconds=_SECONDS_FOR_A_WORKER) from error
        return client


def _runner(config: EngineConfig) -> DaskTaskRunner:
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise ConfigError(
            "dask_not_installed",
            expected="Dask, as engine.kind is dask",
            found=f"no {error.name}",
            remedy="pip install 'counterpoise[dask]'",
        ) from error
    if config.address:
        return DaskTaskRunner(address=config.address)
    own = {
        "n_workers": config.workers or None,
        "threads_per_worker": config.threads,
        "processes": True,
        "dashboard_address": "127.0.0.1:0",
        "security": True,  # encrypted with a certificate of its own: anyone who reaches a scheduler can run code on it
    }
    return DaskTaskRunner(cluster_kwargs=own)


@contextmanager
def _server_known_to_workers(context: FlowRunContext) -> Iterator[None]:
    """Pass the address of a temporary server to tasks on workers; otherwise each worker would start its own server."""
    if get_current_settings().api.url:
        yield
        return
    with temporary_settings({PREFECT_API_URL: str(context.client.api_url)}):
        yield


@contextmanager
def _quiet_dask() -> Iterator[None]:
    """Keep all Dask loggers out of the run's log; Dask is imported first because the import sets log levels."""
    importlib.import_module(_DASK)
    levels = {name: logging.getLogger(name).level for name in (_DASK, _NANNY)}
    logging.getLogger(_DASK).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _check_main_module() -> None:
    """Refuse to run while a worker process imports the script that starts the flow.

    Raises:
        ConfigError: A worker is importing the script.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise ConfigError(
            "unguarded_script",
            expected="a script that does nothing on import, because worker processes import it",
            found="a script that starts the flow",
            remedy='put the call of the flow under `if __name__ == "__main__":`',
        )
