"""The final: fit the chosen candidate and its rivals on all train rows, and access test once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from counterpoise.compare._final.draws import draw_again
from counterpoise.compare._final.final_test import score_finalists
from counterpoise.compare._final.finalists import finalists
from counterpoise.compare._final.held_out import hold_out
from counterpoise.compare._final.refit import refit, refit_in_process
from counterpoise.compare._processes.subprocesses import JobFailed, close_on_interruption, run_in_process
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._rounds.encoding import encode_final
from counterpoise.errors import EngineError
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import Candidate, Comparison, Encoding, Final, HeldOut, Leaderboard, Refit
from counterpoise.runtime import thread_pool


def run_final(
    comparison: Comparison, leaderboard: Leaderboard, held_out: HeldOut, *, subprocesses: bool = True
) -> Leaderboard:
    """Return the leaderboard with the final, or unchanged if no candidate could be measured.

    Args:
        comparison: The rows that were ranked on: finalists are fitted on all of them.
        leaderboard: The ranking.
        held_out: The validation rows, which thresholds come from, and the test rows.
        subprocesses: Whether to run each job in its own process.

    Raises:
        EvaluationError: A validation or test row has a class that train does not have.
        EngineError: A process was killed.
        OSError: A job cannot be written to the comparison's folder.
    """
    if not finalists(leaderboard):
        return leaderboard
    final = (
        _in_subprocesses(comparison, leaderboard, held_out)
        if subprocesses
        else _in_this_process(comparison, leaderboard, held_out)
    )
    return leaderboard.model_copy(update={"final": final})


def hold_out_in_process(comparison: Comparison, snapshot: Snapshot, split: SplitPlan) -> HeldOut:
    """Write the validation and test rows of a split as `hold_out` does, in a process of its own.

    Raises:
        EngineError: The process was killed.
        OSError: A job cannot be written to the comparison's folder.
    """
    work = partial(hold_out, comparison.rules, snapshot, split, folder=Path(comparison.folder))
    with _reporting_killed_process("validation and test"):
        return run_in_process(work, HeldOut, folder=comparison.folder, at_a_time=comparison.rules.tournament.workers)


def _in_this_process(comparison: Comparison, leaderboard: Leaderboard, held_out: HeldOut) -> Final:
    def fits(drawn: Comparison, candidates: Sequence[Candidate]) -> list[Refit]:
        return [refit(drawn, candidate) for candidate in candidates]

    encode_final(comparison, held_out)
    refits = fits(comparison, list(finalists(leaderboard)))
    draws = draw_again(comparison, leaderboard, refits, fits)
    return score_finalists(comparison, leaderboard, held_out, refits=refits, draws=draws)


def _in_subprocesses(comparison: Comparison, leaderboard: Leaderboard, held_out: HeldOut) -> Final:
    place, at_a_time = comparison.folder, comparison.rules.tournament.workers
    run = partial(run_in_process, folder=place, at_a_time=at_a_time)
    with _reporting_killed_process("the finalists, validation and test"):
        run(partial(encode_final, comparison, held_out), Encoding)
        with thread_pool(workers(at_a_time)) as pool, close_on_interruption(place):

            def fits(drawn: Comparison, candidates: Sequence[Candidate]) -> list[Refit]:
                return list(pool.map(partial(refit_in_process, drawn), candidates))

            refits = fits(comparison, list(finalists(leaderboard)))
            draws = draw_again(comparison, leaderboard, refits, fits)
        return run(partial(score_finalists, comparison, leaderboard, held_out, refits=refits, draws=draws), Final)


@contextmanager
def _reporting_killed_process(what: str) -> Iterator[None]:
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
