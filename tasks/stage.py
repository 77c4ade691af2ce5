"""Stages as Prefect tasks: readable results kept for retries of the run, time limits, retries on I/O errors.

Without a server the same stages run as plain functions, with the same time limits and retries.
"""

from __future__ import annotations

import errno
import functools
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from pydantic import BaseModel

from counterpoise.config import BalanceConfig
from counterpoise.errors import EngineError
from counterpoise.runtime import (
    Progress,
    TimeIsUp,
    interrupted_after,
    json_sha256,
    naming_refusals,
    thread_pool,
)
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.progress import Step, tell
from counterpoise.tasks.reporting import log

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.context import TaskRunContext

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")

_PAUSES = (1, 5)
"""Seconds before the second and the third try of a stage that failed on input or output."""
_plain_run: ContextVar[bool] = ContextVar("counterpoise-plain-run", default=False)

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


class StageTimeoutError(EngineError, TimeoutError):
    """A stage exceeded its configured time limit; Prefect shows its run as timed out."""


class Stage(Generic[P, R]):
    """A function that is a Prefect task where Prefect runs it, and a plain function within `without_prefect`.

    Prefect is imported with the first use of `task`: a run without it does not wait for that.

    Attributes:
        name: The name of the task.
        fn: The stage's function, with its time limit and credentials.
        run_name: Names task runs; Prefect's own way by default.
    """

    run_name: Callable[[], str] | None = None

    def __init__(self, fn: Callable[P, R]) -> None:
        functools.update_wrapper(self, fn)
        self.fn, self.name = fn, fn.__name__

    @functools.cached_property
    def task(self) -> Task[P, R]:
        """The Prefect task."""
        from prefect import Task
        from prefect.cache_policies import CachePolicy

        return Task(
            self.fn,
            name=self.name,
            task_run_name=self.run_name,
            persist_result=True,
            result_serializer="json",
            cache_policy=CachePolicy.from_cache_key_fn(result_key),
            retries=len(_PAUSES),
            retry_delay_seconds=list(_PAUSES),
            retry_condition_fn=failed_on_input_or_output,
        )

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R:
        """Run the stage."""
        tell(Step(self.name))
        return self.here(*arguments, **named) if _plain_run.get() else self.task(*arguments, **named)

    def here(self, *arguments: P.args, **named: P.kwargs) -> R:
        """Run the stage as a plain function; only I/O errors are retried."""
        for pause in _PAUSES:
            try:
                return self.fn(*arguments, **named)
            except Exception as error:
                if not is_transient(error):
                    raise
                log(f"{self.name}: {type(error).__name__}, next try in {pause} s", level=logging.WARNING)
            time.sleep(pause)
        return self.fn(*arguments, **named)


@contextmanager
def without_prefect() -> Iterator[None]:
    """In the block, run stages as plain functions: no server is needed, and nothing is reported to one."""
    token = _plain_run.set(True)
    try:
        yield
    finally:
        _plain_run.reset(token)


def run_each(
    stage_of_one: Stage[Concatenate[S, T, ...], R], common: S, items: Sequence[T], *, threads: int, progress: Progress
) -> list[R]:
    """Run a stage once per item, side by side, and return the results in the order of the items.

    Args:
        stage_of_one: The stage.
        common: Its first argument, the same for all.
        items: Its second argument.
        threads: How many run at once without Prefect; with it, the flow's task runner decides.
        progress: Called with the number of items done.
    """
    if not _plain_run.get():
        return _run_each_as_task(stage_of_one.task, common, items, progress)
    with thread_pool(threads) as pool:
        futures = [pool.submit(copy_context().run, stage_of_one.here, common, item) for item in items]
        try:
            return _results(futures, as_completed(futures), progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _run_each_as_task(task: Task[..., R], common: object, items: Sequence[object], progress: Progress) -> list[R]:
    from prefect import unmapped
    from prefect.futures import as_completed

    runs = list(task.map(unmapped(common), items))
    return _results(runs, as_completed(runs), progress)


def _results(futures: Sequence[Any], completed: Iterator[Any], progress: Progress) -> list[Any]:
    """Return the results in order; the first failure ends the wait."""
    for done, future in enumerate(completed, 1):
        future.result()
        progress(done, len(futures))
    return [future.result() for future in futures]


def stage(function: Callable[P, R]) -> Stage[P, R]:
    """Turn a stage's function into a Prefect task.

    The result is stored as JSON. Within a flow run, equal arguments return the stored result, so that a retried flow
    resumes where it failed. Only I/O errors are retried: bad data stays bad, and a stage that was too slow would be
    slow again. A stage with a configuration among its arguments is limited by `timeouts`.
    """

    @functools.wraps(function)
    def limited(*arguments: P.args, **named: P.kwargs) -> R:
        config, name = _configuration([*arguments, *named.values()]), function.__name__
        refusals = naming_refusals(name, place=str(config.output.root) if config is not None else "")
        with refusals, time_limit(name, config), credentials_of(config), _interruptions_as_such():
            return function(*arguments, **named)

    return Stage(limited)


def result_key(context: TaskRunContext, parameters: dict[str, Any]) -> str | None:
    """Return the cache key of a stage within its flow run; None outside of one, where no result is stored.

    If a result refers to files in the run's working area, the key is valid only for that area: it includes a token file
    that is deleted with the area.
    """
    run = context.task_run.flow_run_id
    if run is None:
        return None
    plain = {name: _plain(value) for name, value in parameters.items()}
    token = _token(Path(parameters["folder"])) if "folder" in parameters else ""
    return json_sha256([str(run), context.task.name, metadata.version("counterpoise"), token, plain])


def is_transient(error: object) -> bool:
    """Return whether an error or one of its causes may be temporary: connections and devices, but not a full disk.

    >>> is_transient(TimeoutError(errno.ETIMEDOUT, "timed out")), is_transient(FileNotFoundError(errno.ENOENT, "gone"))
    (True, False)
    """
    while isinstance(error, BaseException):
        if isinstance(error, OSError) and (error.errno in _TRANSIENT or isinstance(error, ConnectionError)):
            return True
        error = error.__cause__
    return False


def failed_on_input_or_output(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether Prefect should retry a task."""
    return is_transient(state.data)


@contextmanager
def time_limit(name: str, config: BalanceConfig | None) -> Iterator[None]:
    """Interrupt a block that exceeds its limit in `timeouts`; without a configuration, do nothing.

    Args:
        name: The name of the stage's task.
        config: The complete configuration.

    Raises:
        StageTimeoutError: The limit is exceeded.
    """
    field, minutes = config.timeouts.of(name) if config is not None else ("", 0.0)
    if not minutes:
        yield
        return
    try:
        with interrupted_after(60 * minutes):
            yield
    except TimeIsUp:
        raise StageTimeoutError(
            "stage_timeout",
            expected=f"{name} to end within {minutes:g} minutes (timeouts.{field})",
            found="it was still running",
            remedy=f"raise timeouts.{field}, or give the stage less to do",
            values={"stage": name, "minutes": minutes},
        ) from None


def _configuration(arguments: list[object]) -> BalanceConfig | None:
    """Return the configuration among the arguments."""
    return next((each for each in arguments if isinstance(each, BalanceConfig)), None)


@contextmanager
def _interruptions_as_such() -> Iterator[None]:
    """Re-raise an interruption that a library turned into an ordinary error.

    DuckDB turns an exception of a signal handler (cancellation, timeout) into a RuntimeError. If that counted as a
    failure, a cancelled run would keep its working area for a retry that never comes.
    """
    try:
        yield
    except Exception as error:
        if (interruption := _interruption_behind(error)) is not None:
            raise interruption from error
        raise


def _interruption_behind(error: BaseException | None) -> BaseException | None:
    """Return the interruption among an error's causes: an exception that is not an `Exception`."""
    while isinstance(error, Exception):
        error = error.__cause__ or error.__context__
    return error


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _token(folder: Path) -> str:
    path = folder / _TOKEN
    if not path.exists():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()
