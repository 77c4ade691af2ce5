"""Prepare a comparison: choose its rows and folds, then encode the features of each round, several in parallel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyarrow as pa

from counterpoise.compare._models import check_learner
from counterpoise.compare._processes.subprocesses import JobFailed, close_on_interruption, run_in_process
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._rounds.encoding import encode_round, with_encodings
from counterpoise.compare._rounds.rows import TiedRows, choose_rows, choose_rows_of_table
from counterpoise.errors import EngineError
from counterpoise.records import Record, Snapshot, SplitPlan
from counterpoise.results import Comparison, Encoding, Rules
from counterpoise.runtime import thread_pool

_MINUTES_TO_BUILD = 5.0
"""How long importing and building a learner may take before any other work is done."""


def prepare_comparison(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Comparison:
    """Prepare a comparison on the train rows of a split, in this process; no other rows are read.

    Args:
        rules: The candidates and the settings.
        snapshot: The source.
        split: Assigns its rows to train.
        folder: The comparison's folder.

    Raises:
        EvaluationError: There are too few train rows for the folds.
        ConfigError: `evaluation.positive_class` names no class.
    """
    return _encoded(choose_rows(rules, snapshot, split, folder=folder))


def prepare_table(rules: Rules, table: pa.Table, *, folder: Path, tied_rows: TiedRows | None = None) -> Comparison:
    """Prepare a comparison on the rows of a table, features and label, in this process.

    Args:
        rules: The candidates and the settings.
        table: The rows.
        folder: The comparison's folder.
        tied_rows: The ties between rows, and their times; none by default.

    Raises:
        EvaluationError: There are too few rows for the folds.
        ConfigError: `evaluation.positive_class` names no class.
    """
    return _encoded(choose_rows_of_table(rules, table, folder=folder, tied_rows=tied_rows))


def prepare_in_process(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Comparison:
    """Prepare a comparison in subprocesses, with as many rounds in parallel as there are workers.

    Raises:
        EvaluationError: A learner is refused, or there are too few train rows for the folds.
        EngineError: A process was killed.
        OSError: A job cannot be written to the folder.
    """
    at_a_time, place = rules.tournament.workers, str(folder)
    run = partial(run_in_process, folder=place, at_a_time=at_a_time)
    try:
        _check_learners(rules, run)
        comparison = run(partial(choose_rows, rules, snapshot, split, folder=folder), Comparison)
        encode = partial(run, answer=Encoding)
        with thread_pool(workers(at_a_time)) as pool, close_on_interruption(place):
            encodings = list(
                pool.map(encode, [partial(encode_round, comparison, one) for one in range(comparison.rounds)])
            )
    except JobFailed as failed:
        raise EngineError(
            "process_ended",
            expected="enough memory to encode the features of a fold",
            found=str(failed),
            remedy="lower tournament.max_train_rows or tournament.workers",
        ) from failed
    return with_encodings(comparison, encodings)


def _check_learners(rules: Rules, run: Callable[..., Record]) -> None:
    """Check that every configured learner can be built; one that ends its process only affects its own candidates.

    Raises:
        EvaluationError: A learner is refused.
    """
    limit = min(_MINUTES_TO_BUILD, rules.minutes_per_entry or _MINUTES_TO_BUILD)
    for learner in rules.tournament.learners:
        with suppress(JobFailed):
            run(partial(check_learner, learner), Record, minutes=limit)


def _encoded(comparison: Comparison) -> Comparison:
    return with_encodings(comparison, [encode_round(comparison, number) for number in range(comparison.rounds)])
