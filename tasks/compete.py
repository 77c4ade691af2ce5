"""The tournament as tasks: the comparison, each candidate, the leaderboard, and the final."""

from __future__ import annotations

from pathlib import Path

from prefect.runtime import task_run

from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import Candidate, CandidateResult, Comparison, Leaderboard
from counterpoise.tasks.reporting import artifact_key, log, publish_markdown, publish_table
from counterpoise.tasks.stage import stage

__all__ = ["award", "comparison_folder", "compete", "decide", "prepare"]


def comparison_folder(folder: Path) -> Path:
    """Return where a tournament is laid out in a run's working area."""
    return folder / "tournament"


@stage
def prepare(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Comparison:
    """Lay out the tournament among the train rows of the split: folds, and features as learners see them.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: Which of its rows are train; no other row is read.
        folder: The run's working area.

    Raises:
        EvaluationError: A learner is refused, or the train rows are too few to divide into folds.
    """
    from counterpoise.compare import prepare_in_process
    from counterpoise.results import Rules

    comparison = prepare_in_process(Rules.of(config), snapshot, split, folder=comparison_folder(folder))
    log(f"prepare: {comparison.snapshot.rows:,} train rows in {config.tournament.folds} folds")
    for note in comparison.notes:
        log(f"prepare: {note}")
    return comparison


def _entry_name() -> str:
    """Name the task run after its candidate, whether it is a record or still its JSON."""
    candidate = task_run.parameters["entry"]
    return str(Candidate.model_validate(candidate if isinstance(candidate, dict) else candidate.model_dump()).name)


@stage
def compete(comparison: Comparison, candidate: Candidate) -> CandidateResult:
    """Play one candidate on all folds, in a process of its own.

    Args:
        comparison: The rows, folds and encoded features.
        candidate: The strategy and the learner.
    """
    from counterpoise.compare import cross_validate_in_process

    result = cross_validate_in_process(comparison, candidate)
    if result.status == "ok":
        log(f"compete: {result.name}: {result.seconds:,.1f} s")
    else:
        log(f"compete: {result.name}: {result.status}: {result.reason}")
    return result


compete.task_run_name = _entry_name


@stage
def award(
    config: BalanceConfig, snapshot: Snapshot, comparison: Comparison, results: list[CandidateResult]
) -> Leaderboard:
    """Rank the entries, write the leaderboard beside the dataset's versions and show it.

    Args:
        config: The whole configuration.
        snapshot: The source.
        comparison: What was played on.
        results: One result a candidate.
    """
    from counterpoise.compare import describe_choice, leaderboard_table, rank_candidates

    board = rank_candidates(comparison, results, dataset=config.name)
    publish_table(
        artifact_key(config.name, "leaderboard"), leaderboard_table(board), description="Strategies and learners"
    )
    log(f"award: {describe_choice(board)}")
    return _published(config, snapshot, board)


@stage
def decide(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, comparison: Comparison, board: Leaderboard
) -> Leaderboard:
    """Fit the finalists on all of train and look at test once; write the look down before, and the final after it.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: Which of its rows are validation and test.
        comparison: What was played on.
        board: The ranking, which test has no part in.

    Raises:
        EngineError: A process was killed.
    """
    from counterpoise.compare import comparison_key, digest_of_test, hold_out_in_process, run_final
    from counterpoise.persist import DatasetFolder
    from counterpoise.versions import accesses_in_words, record_access

    dataset, key = DatasetFolder.of(config), comparison_key(config, snapshot.digest)
    looks = record_access(dataset, digest_of_test(snapshot, split), key=key)
    held_out = hold_out_in_process(comparison, snapshot, split).model_copy(update={"looks": looks})
    decided = run_final(comparison, board, held_out)
    if decided.final is not None:
        log(f"decide: {decided.final.verdict}")
        log(f"decide: before, this test partition was looked at by {accesses_in_words(looks)}")
    return _published(config, snapshot, decided)


def _published(config: BalanceConfig, snapshot: Snapshot, board: Leaderboard) -> Leaderboard:
    """Write the leaderboard and its page, and show it in brief."""
    from counterpoise.compare import render_leaderboard, write_leaderboard, write_page
    from counterpoise.report import board_image, render_comparison

    written = write_leaderboard(config, snapshot.digest, board)
    brief = render_leaderboard(written)
    if any(one.mean[written.metric] is not None for one in written.ranked):
        brief += f"\n\n{board_image(written)}\n"
    publish_markdown(artifact_key(config.name, "tournament"), brief, description=f"Tournament of {config.name}")
    return write_page(config, snapshot.digest, written, render_comparison(written))
