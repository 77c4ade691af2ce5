"""What all stages share as Prefect tasks: readable results, a cache for the run's retries, retries on I/O only."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from pydantic import BaseModel

from counterpoise.core.digest import json_sha256

__all__ = ["is_transient", "result_key", "stage"]

P = ParamSpec("P")
R = TypeVar("R")

_TRANSIENT = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTUNREACH,
        errno.EINTR,
        errno.EIO,
        errno.ENETUNREACH,
        errno.EPIPE,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
_TOKEN = "results-token"  # noqa: S105  # a file's name


def stage(function: Callable[P, R]) -> Task[P, R]:
    """Make a stage's function a Prefect task.

    Its result is kept as JSON. Within one flow run the same arguments give the kept result, so that a retried flow
    goes on where it failed. Only errors of input and output are retried: bad data stays bad.
    """
    decorate = task(
        name=function.__name__,
        persist_result=True,
        result_serializer="json",
        cache_policy=CachePolicy.from_cache_key_fn(result_key),
        retries=2,
        retry_delay_seconds=[1, 5],
        retry_condition_fn=_failed_on_input_or_output,
    )
    return decorate(function)


def result_key(context: TaskRunContext, parameters: dict[str, Any]) -> str | None:
    """Return what a stage's result depends on within its flow run; None outside of one, which keeps no result.

    Where a result refers to files in the run's working area, the key holds only for that area: a token file in it,
    gone with the area, is part of the key.
    """
    run = context.task_run.flow_run_id
    if run is None:
        return None
    plain = {name: _plain(value) for name, value in parameters.items()}
    token = _token(Path(parameters["folder"])) if "folder" in parameters else ""
    return json_sha256([str(run), context.task.name, metadata.version("counterpoise"), token, plain])


def is_transient(error: object) -> bool:
    """Whether an error, or what it was raised from, is of a kind that may pass: connections and devices, not disk full.

    >>> is_transient(TimeoutError(errno.ETIMEDOUT, "timed out")), is_transient(FileNotFoundError(errno.ENOENT, "gone"))
    (True, False)
    """
    while isinstance(error, BaseException):
        if isinstance(error, OSError) and (error.errno in _TRANSIENT or isinstance(error, ConnectionError)):
            return True
        error = error.__cause__
    return False


def _failed_on_input_or_output(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return is_transient(state.data)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _token(folder: Path) -> str:
    path = folder / _TOKEN
    if not path.exists():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()
