"""Watch a Dask cluster while a run waits for it, and explain its failures."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from counterpoise.config import EngineConfig
from counterpoise.errors import CounterpoiseError, EngineError

_BEAT = 5.0
_SECONDS_FOR_AN_ANSWER = 60.0
_SECONDS_WITHOUT_WORKERS = 300.0
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE)


@contextmanager
def watched(client: Callable[[], Any]) -> Iterator[None]:
    """Stop waiting in the block if the scheduler does not answer, or has had no worker for long.

    Dask itself notices closed connections. Without this watch, a run would wait forever for a hanging scheduler or one
    without workers.

    Args:
        client: Returns the connection to the cluster; None while there is none.
    """
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(client, done), name="cluster-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _watch(client: Callable[[], Any], done: threading.Event) -> None:
    answered = manned = time.monotonic()
    while not done.wait(_BEAT):
        connection, now = client(), time.monotonic()
        workers = 1 if connection is None else _workers(connection)
        answered = answered if workers is None else now
        manned = now if workers else manned
        if now - answered > _SECONDS_FOR_AN_ANSWER:
            _give_up(connection, f"no answer of the scheduler for {_SECONDS_FOR_AN_ANSWER:g} seconds")
        elif workers == 0 and now - manned > _SECONDS_WITHOUT_WORKERS:
            _give_up(connection, f"no worker for {_SECONDS_WITHOUT_WORKERS:g} seconds")


def _workers(connection: Any) -> int | None:
    """Return how many workers the scheduler has; None if it does not answer."""
    try:
        identity = connection.sync(connection.scheduler.identity, n_workers=0, callback_timeout=_BEAT)
    except Exception:  # noqa: BLE001  # any error means that there is no answer
        return None
    return int(identity["n_workers"])


def _give_up(connection: Any, why: str) -> None:
    """Cancel all waiting for work sent to the cluster, without contacting the cluster."""

    def cancel() -> None:
        for state in list(connection.futures.values()):
            state.cancel(reason="cluster-lost", msg=why)

    connection.loop.add_callback(cancel)


@contextmanager
def cluster_failures_named(config: EngineConfig) -> Iterator[None]:
    """Turn Dask's errors about a lost cluster into our own; other errors pass.

    Args:
        config: The configuration of the cluster.

    Raises:
        EngineError: The scheduler was lost, or workers died.
    """
    from distributed import KilledWorker
    from distributed.client import ClosedClientError, FutureCancelledError, FuturesCancelledError
    from distributed.comm.core import CommClosedError
    from distributed.core import RPCClosed

    lost = (ClosedClientError, FutureCancelledError, FuturesCancelledError, CommClosedError, RPCClosed)
    try:
        yield
    except (KilledWorker, *lost) as error:
        if (before := _behind(error)) is not None:
            raise before from None
        named = _workers_died(str(error)) if isinstance(error, KilledWorker) else _cluster_lost(config, error)
        raise named from error


def _behind(error: BaseException) -> CounterpoiseError | None:
    """Return our own error that an error about a closed connection has masked."""
    before = error.__context__
    while before is not None and not isinstance(before, CounterpoiseError):
        before = before.__context__
    return before


def no_cluster(config: EngineConfig, error: Exception, *, seconds: float) -> EngineError:
    """Build the error for a cluster that is missing or cannot start.

    Args:
        config: The configuration of the cluster.
        error: The error raised.
        seconds: How long the run waited.
    """
    where = f"at {config.address}" if config.address else "started by this run"
    if config.address:
        remedy = "check that the scheduler and workers run and are reachable"
    elif isinstance(error, OSError) and error.errno in _NO_PLACE:
        remedy = "free space for temporary files and allow writing them, or set TMPDIR to another folder"
    else:
        remedy = 'see the log above; a script must call the flow under `if __name__ == "__main__":`'
    return EngineError(
        "no_cluster",
        expected=f"a Dask cluster {where} with a worker within {seconds:g} seconds",
        found=str(error) or type(error).__name__,
        remedy=remedy,
    )


def _cluster_lost(config: EngineConfig, error: Exception) -> EngineError:
    where = f"at {config.address}" if config.address else "started by this run"
    return EngineError(
        "cluster_lost",
        expected=f"the Dask cluster {where} to last as long as the run",
        found=" ".join(str(error).split())[:300] or type(error).__name__,
        remedy="check the scheduler and workers, then run again; nothing was published",
        values={"address": config.address or ""},
    )


def _workers_died(found: str) -> EngineError:
    return EngineError(
        "workers_died",
        expected="a worker that survives until its piece of work is done",
        found=found.split(" The last worker", maxsplit=1)[0],
        remedy="check the workers' logs; most likely they need more memory or fewer threads each",
    )
