"""The final: the chosen entry and its rivals fitted on all train rows, and one look at test."""

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
from counterpoise.results import Arena, Encoding, Final, HeldOut, Leaderboard

__all__ = ["hold_out_apart", "play_final"]


def play_final(arena: Arena, board: Leaderboard, held_out: HeldOut, *, apart: bool = True) -> Leaderboard:
    """Return the leaderboard with the final; without one where nothing could be measured.

    Args:
        arena: The rows that the ranking was made on: finalists are fitted on all of them.
        board: The ranking.
        held_out: Validation, which thresholds come from, and test.
        apart: Whether the work is done in processes of their own.

    Raises:
        EvaluationError: An untouched row is of a class that train does not have.
        EngineError: A process was killed.
        OSError: A job cannot be written to the arena's folder.
    """
    if not finalists(board):
        return board
    final = _apart(arena, board, held_out) if apart else _here(arena, board, held_out)
    return board.model_copy(update={"final": final})


def hold_out_apart(arena: Arena, snapshot: Snapshot, split: SplitPlan) -> HeldOut:
    """Set validation and test of a split apart as `hold_out` does, in a process of its own.

    Raises:
        EngineError: The process was killed.
        OSError: A job cannot be written to the arena's folder.
    """
    work = partial(hold_out, arena.rules, snapshot, split, folder=Path(arena.folder))
    with _room_for("validation and test"):
        return run_in_process(work, HeldOut, folder=arena.folder, at_a_time=arena.rules.tournament.workers)


def _here(arena: Arena, board: Leaderboard, held_out: HeldOut) -> Final:
    encode_final(arena, held_out)
    return judge(arena, board, held_out, refits=[refit(arena, entry) for entry in finalists(board)])


def _apart(arena: Arena, board: Leaderboard, held_out: HeldOut) -> Final:
    place, at_a_time = arena.folder, arena.rules.tournament.workers
    run = partial(run_in_process, folder=place, at_a_time=at_a_time)
    with _room_for("the finalists, validation and test"):
        run(partial(encode_final, arena, held_out), Encoding)
        with ThreadPoolExecutor(workers(at_a_time)) as pool, close_on_interruption(place):
            refits = tuple(pool.map(partial(refit_in_process, arena), finalists(board)))
        return run(partial(judge, arena, board, held_out, refits=refits), Final)


@contextmanager
def _room_for(what: str) -> Iterator[None]:
    """Tell of a process that was killed as an error of the run."""
    try:
        yield
    except JobFailed as failed:
        raise EngineError(
            "process_ended",
            expected=f"room for {what}",
            found=str(failed),
            remedy="set tournament.final to false, or run on a machine with more memory",
        ) from failed
