"""The final: fit the chosen candidate and its rivals on all train rows, and access test once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from counterpoise.compare._final.final_test import judge
from counterpoise.compare._final.finalists import finalists
from counterpoise.compare._final.held_out import hold_out
from counterpoise.compare._final.refit import refit, refit_in_process
from counterpoise.compare._processes.subprocesses import JobFailed, close_on_interruption, run_in_process
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._rounds.encoding import encode_final
from counterpoise.errors import EngineError
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import Comparison, Encoding, Final, HeldOut, Leaderboard

__all__ = ["hold_out_in_process", "run_final"]


def run_final(comparison: Comparison, board: Leaderboard, held_out: HeldOut, *, apart: bool = True) -> Leaderboard:
    """Return the leaderboard with the final, or unchanged if no candidate could be measured.

    Args:
        comparison: The rows that were ranked on: finalists are fitted on all of them.
        board: The ranking.
        held_out: The validation rows, which thresholds come from, and the test rows.
        apart: Whether to run each job in its own process.

    Raises:
        EvaluationError: A validation or test row has a class that train does not have.
        EngineError: A process was killed.
        OSError: A job cannot be written to the comparison's folder.
    """
    if not finalists(board):
        return board
    final = _apart(comparison, board, held_out) if apart else _here(comparison, board, held_out)
    return board.model_copy(update={"final": final})


def hold_out_in_process(comparison: Comparison, snapshot: Snapshot, split: SplitPlan) -> HeldOut:
    """Write the validation and test rows of a split as `hold_out` does, in a process of its own.

    Raises:
        EngineError: The process was killed.
        OSError: A job cannot be written to the comparison's folder.
    """
    work = partial(hold_out, comparison.rules, snapshot, split, folder=Path(comparison.folder))
    with _room_for("validation and test"):
        return run_in_process(work, HeldOut, folder=comparison.folder, at_a_time=comparison.rules.tournament.workers)


def _here(comparison: Comparison, board: Leaderboard, held_out: HeldOut) -> Final:
    encode_final(comparison, held_out)
    return judge(comparison, board, held_out, refits=[refit(comparison, candidate) for candidate in finalists(board)])


def _apart(comparison: Comparison, board: Leaderboard, held_out: HeldOut) -> Final:
    place, at_a_time = comparison.folder, comparison.rules.tournament.workers
    run = partial(run_in_process, folder=place, at_a_time=at_a_time)
    with _room_for("the finalists, validation and test"):
        run(partial(encode_final, comparison, held_out), Encoding)
        with ThreadPoolExecutor(workers(at_a_time)) as pool, close_on_interruption(place):
            refits = tuple(pool.map(partial(refit_in_process, comparison), finalists(board)))
        return run(partial(judge, comparison, board, held_out, refits=refits), Final)


@contextmanager
def _room_for(what: str) -> Iterator[None]:
    """Raise an error of the run if a process is killed."""
    try:
        yield
    except JobFailed as failed:
        raise EngineError(
            "process_ended",
            expected=f"enough memory for {what}",
            found=str(failed),
            remedy="set tournament.final to false, or run on a machine with more memory",
        ) from failed
