"""The flow `compare`: every strategy with every learner, on the same folds within the train partition."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from counterpoise.compare import close_processes, list_candidates, open_processes, processes_for, workers
from counterpoise.config import BalanceConfig
from counterpoise.flows.workspace import OPTIONS, run_workspace
from counterpoise.results import Leaderboard
from counterpoise.tasks.compare import comparison_folder, cross_validate, final_test, prepare, rank
from counterpoise.tasks.engine import on_workers, running_engine
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.split import split
from counterpoise.tasks.stage import run_each
from counterpoise.tasks.validate import validate, validate_split

_THREADS = workers(0)
_RUNNER: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=_THREADS)


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
    from counterpoise.versions import prepare_output

    with run_workspace(config) as folder, running_engine(config.engine):
        prepare_output(config)
        snapshot = ingest(config, folder=folder)
        validation = validate(config, snapshot, folder=folder)
        plan = split(config, snapshot, validation, folder=folder)
        validate_split(config, snapshot, validation, plan, folder=folder)
        place = str(comparison_folder(folder))
        with processes_for(place), on_workers(open_processes, close_processes, place):
            comparison = prepare(config, snapshot, plan, folder=folder)
            candidates = list(list_candidates(comparison.rules.tournament))
            progress = stage_progress(config.name, "compare", work="cross-validating", unit="candidates")
            results = run_each(cross_validate, comparison, candidates, threads=_THREADS, progress=progress)
            board = rank(config, snapshot, comparison, results)
            return final_test(config, snapshot, plan, comparison, board) if config.tournament.final else board
