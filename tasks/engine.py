"""The configured engine: threads, or a Dask cluster that runs pieces of work as Prefect tasks.

Dask and Prefect are imported only if the configuration asks for a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from counterpoise.config import EngineConfig
from counterpoise.runtime import LOCAL, Engine
from counterpoise.tasks.reporting import in_flow_run

if TYPE_CHECKING:
    from counterpoise.tasks.dask_engine import Cluster

_engine: ContextVar[Cluster | None] = ContextVar("counterpoise-engine", default=None)


@contextmanager
def running_engine(config: EngineConfig) -> Iterator[None]:
    """Run pieces of work, and tasks mapped in the block, where the configuration says.

    A cluster started by the run starts with the first piece and always ends with the block.

    Args:
        config: The configuration section.

    Raises:
        ConfigError: Dask is configured but not installed, or a script would start itself again in each worker.
        EngineError: The cluster is lost.
    """
    if config.kind == "local" or not in_flow_run():
        yield
        return
    from counterpoise.tasks.dask_engine import running_cluster

    with running_cluster(config) as cluster:
        token = _engine.set(cluster)
        try:
            yield
        finally:
            _engine.reset(token)


def current_engine() -> Engine:
    """Return the engine for pieces of work."""
    return _engine.get() or LOCAL


@contextmanager
def on_workers(first: Callable[..., object], last: Callable[..., object], *arguments: object) -> Iterator[None]:
    """Call functions in every other process that may run tasks of this run.

    Args:
        first: Called before the block.
        last: Called after the block, however it ends.
        arguments: The arguments of both.
    """
    cluster = _engine.get()
    if cluster is None:
        yield
        return
    cluster.call_workers(first, *arguments)
    try:
        yield
    finally:
        cluster.call_workers(last, *arguments)
