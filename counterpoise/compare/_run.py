"""A whole comparison without Prefect."""

from __future__ import annotations

from contextlib import nullcontext

from counterpoise.compare._candidates import list_candidates
from counterpoise.compare._final.final import run_final
from counterpoise.compare._processes.subprocesses import close_on_interruption, processes_for
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._ranking import rank_candidates
from counterpoise.compare._rounds.cross_validate import cross_validate, cross_validate_in_process
from counterpoise.results import CandidateResult, Comparison, HeldOut, Leaderboard
from counterpoise.runtime import Progress, names_refusals, silent, thread_pool


@names_refusals("compare")
def run_comparison(
    comparison: Comparison,
    *,
    dataset: str = "",
    held_out: HeldOut | None = None,
    subprocesses: bool = True,
    progress: Progress = silent,
) -> Leaderboard:
    """Run all candidates of a comparison and return the leaderboard.

    Args:
        comparison: The rows, folds and encoded features, and the rules that define the candidates.
        dataset: The dataset's name.
        held_out: Validation and test for the final; without them there is no final.
        subprocesses: Whether each candidate runs in its own process, up to `tournament.workers` in parallel; if not,
            all run one after the other in this process, and their memory is not measured.
        progress: Called with the number of candidates done and in total.
    """
    candidates, results = list_candidates(comparison.rules.tournament), list[CandidateResult]()
    threads = workers(comparison.rules.tournament.workers) if subprocesses else 1
    with processes_for(comparison.folder) if subprocesses else nullcontext():
        with thread_pool(threads) as pool, close_on_interruption(comparison.folder):
            for result in pool.map(
                lambda candidate: (cross_validate_in_process if subprocesses else cross_validate)(
                    comparison, candidate
                ),
                candidates,
            ):
                results.append(result)
                progress(len(results), len(candidates))
        leaderboard = rank_candidates(comparison, results, dataset=dataset)
        return (
            leaderboard if held_out is None else run_final(comparison, leaderboard, held_out, subprocesses=subprocesses)
        )
