"""The flow `compare`: every strategy with every learner, on the same folds within the train partition."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from counterpoise.config import BalanceConfig
from counterpoise.flows.options import OPTIONS
from counterpoise.flows.plain import compare as pipeline
from counterpoise.results import Leaderboard

_RUNNER: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=pipeline.THREADS)


@flow(
    name="compare",
    task_runner=_RUNNER,  # type: ignore[arg-type]  # its type parameter, the kind of future, is invariant
    **OPTIONS,
)
def compare(config: BalanceConfig) -> Leaderboard:
    """Compare strategies and learners within the train partition that `balance` would produce; publish nothing.

    The ranking does not use test or validation rows. Then the chosen candidate, its learner without resampling and a
    dummy are scored on test, once, unless `tournament.final` is off. A strategy that cannot run on this table is listed
    with the reason.

    Args:
        config: All settings of the dataset, and of the comparison under `tournament`.

    Returns:
        The leaderboard, which is also stored in `tournaments/` of the dataset.

    Raises:
        CounterpoiseError: The data or the configuration is refused; the message states the expectation,
            the finding and the remedy.
    """
    return pipeline.compare(config)
