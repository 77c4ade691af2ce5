"""The comparison as tasks: prepare it, cross-validate each candidate, rank them, and run the final test."""

from __future__ import annotations

from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import Candidate, CandidateResult, Comparison, Leaderboard
from counterpoise.tasks.reporting import artifact_key, log, publish_markdown, publish_table
from counterpoise.tasks.stage import stage


def comparison_folder(folder: Path) -> Path:
    """Return the folder of the comparison in a run's working area."""
    return folder / "tournament"


@stage
def prepare(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Comparison:
    """Prepare a comparison on the train rows: folds, and features as learners see them.

    Args:
        config: The complete configuration.
        snapshot: The source.
        split: The split, which identifies the train rows; no other row is read.
        folder: The run's working area.

    Raises:
        EvaluationError: A learner is refused, or there are too few train rows for the folds.
    """
    from counterpoise.compare import prepare_in_process
    from counterpoise.results import Rules

    comparison = prepare_in_process(Rules.of(config), snapshot, split, folder=comparison_folder(folder))
    log(f"prepare: {comparison.snapshot.rows:,} train rows in {config.tournament.folds} folds")
    for note in comparison.notes:
        log(f"prepare: {note}")
    return comparison


def _candidate_name() -> str:
    """Name the task run after its candidate, which is a record or its JSON."""
    from prefect.runtime import task_run

    candidate = task_run.parameters["candidate"]
    return str(Candidate.model_validate(candidate if isinstance(candidate, dict) else candidate.model_dump()).name)


@stage
def cross_validate(comparison: Comparison, candidate: Candidate) -> CandidateResult:
    """Cross-validate one candidate on all folds in a separate process.

    Args:
        comparison: The rows, folds and encoded features.
        candidate: The strategy and the learner.
    """
    from counterpoise.compare import cross_validate_in_process

    result = cross_validate_in_process(comparison, candidate)
    if result.status == "ok":
        log(f"cross_validate: {result.name}: {result.seconds:,.1f} s")
    else:
        log(f"cross_validate: {result.name}: {result.status}: {result.reason}")
    return result


cross_validate.run_name = _candidate_name


@stage
def rank(
    config: BalanceConfig, snapshot: Snapshot, comparison: Comparison, results: list[CandidateResult]
) -> Leaderboard:
    """Rank the candidates, store the leaderboard with the dataset and show it.

    Args:
        config: The complete configuration.
        snapshot: The source.
        comparison: The prepared comparison.
        results: One result per candidate.
    """
    from counterpoise.compare import describe_choice, leaderboard_table, rank_candidates

    board = rank_candidates(comparison, results, dataset=config.name)
    publish_table(
        artifact_key(config.name, "leaderboard"), leaderboard_table(board), description="Strategies and learners"
    )
    log(f"rank: {describe_choice(board)}")
    return _published(config, snapshot, board)


@stage
def final_test(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, comparison: Comparison, board: Leaderboard
) -> Leaderboard:
    """Fit the finalists on all of train and score them on test once; record the access first and the result after it.

    Args:
        config: The complete configuration.
        snapshot: The source.
        split: The split, which identifies the validation and test rows.
        comparison: The prepared comparison.
        board: The ranking, which does not depend on test.

    Raises:
        EngineError: A process was killed.
    """
    from counterpoise.compare import comparison_key, digest_of_test, hold_out_in_process, run_final
    from counterpoise.persist import DatasetFolder
    from counterpoise.versions import accesses_in_words, record_access

    dataset, key = DatasetFolder.of(config), comparison_key(config, snapshot.digest)
    accesses = record_access(dataset, digest_of_test(snapshot, split), key=key)
    held_out = hold_out_in_process(comparison, snapshot, split).model_copy(update={"looks": accesses})
    decided = run_final(comparison, board, held_out)
    if decided.final is not None:
        log(f"final_test: {decided.final.verdict}")
        log(f"final_test: earlier accesses to this test partition: {accesses_in_words(accesses)}")
    return _published(config, snapshot, decided)


def _published(config: BalanceConfig, snapshot: Snapshot, board: Leaderboard) -> Leaderboard:
    """Store the leaderboard and its page, and show a summary."""
    from counterpoise.compare import render_leaderboard, write_leaderboard, write_page
    from counterpoise.report import ranking_image, render_comparison

    written = write_leaderboard(config, snapshot.digest, board)
    brief = render_leaderboard(written)
    if any(one.mean[written.metric] is not None for one in written.ranked):
        brief += f"\n\n{ranking_image(written)}\n"
    publish_markdown(artifact_key(config.name, "tournament"), brief, description=f"Comparison for {config.name}")
    return write_page(config, snapshot.digest, written, render_comparison(written))
