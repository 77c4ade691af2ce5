"""A whole tournament without Prefect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from counterpoise.compare._entries import list_entries
from counterpoise.compare._final.final import play_final
from counterpoise.compare._processes.subprocesses import close_on_interruption, processes_for
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._ranking import rank_entries
from counterpoise.compare._rounds.cross_validate import play, play_in_process
from counterpoise.results import Arena, EntryResult, HeldOut, Leaderboard
from counterpoise.runtime import Progress, names_refusals, silent

__all__ = ["run_tournament"]


@names_refusals("compare")
def run_tournament(
    arena: Arena, *, dataset: str = "", held_out: HeldOut | None = None, apart: bool = True, progress: Progress = silent
) -> Leaderboard:
    """Play all entries of an arena and return the leaderboard.

    Args:
        arena: The rows, folds and encoded features, and the rules that say who takes part.
        dataset: The dataset's name.
        held_out: Validation and test for the final; without them there is none.
        apart: Whether each entry has a process of its own, as many at a time as `tournament.workers`; else all are
            played one after the other in this process, and their memory is not measured.
        progress: Told the entries done.
    """
    entries, results = list_entries(arena.rules.tournament), list[EntryResult]()
    threads = workers(arena.rules.tournament.workers) if apart else 1
    with processes_for(arena.folder):
        with ThreadPoolExecutor(threads) as pool, close_on_interruption(arena.folder):
            for result in pool.map(lambda entry: (play_in_process if apart else play)(arena, entry), entries):
                results.append(result)
                progress(len(results), len(entries))
        board = rank_entries(arena, results, dataset=dataset)
        return board if held_out is None else play_final(arena, board, held_out, apart=apart)
