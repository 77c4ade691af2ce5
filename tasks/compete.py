"""The tournament as tasks: the arena, each entry, the leaderboard, and the final."""

from __future__ import annotations

from pathlib import Path

from prefect.runtime import task_run

from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import Arena, Entry, EntryResult, Leaderboard
from counterpoise.tasks.reporting import artifact_key, log, publish_markdown, publish_table
from counterpoise.tasks.stage import stage

__all__ = ["arena_folder", "award", "compete", "decide", "prepare"]


def arena_folder(folder: Path) -> Path:
    """Return where a tournament is laid out in a run's working area."""
    return folder / "tournament"


@stage
def prepare(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Arena:
    """Lay out the tournament among the train rows of the split: folds, and features as learners see them.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: Which of its rows are train; no other row is read.
        folder: The run's working area.

    Raises:
        EvaluationError: A learner is refused, or the train rows are too few to divide into folds.
    """
    from counterpoise.compare import lay_out_apart
    from counterpoise.results import Rules

    arena = lay_out_apart(Rules.of(config), snapshot, split, folder=arena_folder(folder))
    log(f"prepare: {arena.snapshot.rows:,} train rows in {config.tournament.folds} folds")
    for note in arena.notes:
        log(f"prepare: {note}")
    return arena


def _entry_name() -> str:
    """Name the task run after its entry, whether it is a record or still its JSON."""
    entry = task_run.parameters["entry"]
    return str(Entry.model_validate(entry if isinstance(entry, dict) else entry.model_dump()).name)


@stage
def compete(arena: Arena, entry: Entry) -> EntryResult:
    """Play one entry on all folds, in a process of its own.

    Args:
        arena: The rows, folds and encoded features.
        entry: The strategy and the learner.
    """
    from counterpoise.compare import play_in_process

    result = play_in_process(arena, entry)
    if result.status == "ok":
        log(f"compete: {result.name}: {result.seconds:,.1f} s")
    else:
        log(f"compete: {result.name}: {result.status}: {result.reason}")
    return result


compete.task_run_name = _entry_name


@stage
def award(config: BalanceConfig, snapshot: Snapshot, arena: Arena, results: list[EntryResult]) -> Leaderboard:
    """Rank the entries, write the leaderboard beside the dataset's versions and show it.

    Args:
        config: The whole configuration.
        snapshot: The source.
        arena: What was played on.
        results: One result an entry.
    """
    from counterpoise.compare import board_table, describe_choice, rank_entries

    board = rank_entries(arena, results, dataset=config.name)
    publish_table(artifact_key(config.name, "leaderboard"), board_table(board), description="Strategies and learners")
    log(f"award: {describe_choice(board)}")
    return _published(config, snapshot, board)


@stage
def decide(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, arena: Arena, board: Leaderboard
) -> Leaderboard:
    """Fit the finalists on all of train and look at test once; write the look down before, and the final after it.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: Which of its rows are validation and test.
        arena: What was played on.
        board: The ranking, which test has no part in.

    Raises:
        EngineError: A process was killed.
    """
    from counterpoise.compare import digest_of_test, hold_out_apart, play_final, tournament_key
    from counterpoise.persist import DatasetFolder
    from counterpoise.versions import looks_in_words, record_look

    dataset, key = DatasetFolder(config.output.root, config.name), tournament_key(config, snapshot.digest)
    looks = record_look(dataset, digest_of_test(snapshot, split), key=key)
    held_out = hold_out_apart(arena, snapshot, split).model_copy(update={"looks": looks})
    decided = play_final(arena, board, held_out)
    if decided.final is not None:
        log(f"decide: {decided.final.verdict}")
        log(f"decide: before, this test partition was looked at by {looks_in_words(looks)}")
    return _published(config, snapshot, decided)


def _published(config: BalanceConfig, snapshot: Snapshot, board: Leaderboard) -> Leaderboard:
    """Write the leaderboard and its page, and show it in brief."""
    from counterpoise.compare import render_board, write_leaderboard, write_page
    from counterpoise.report import leaderboard_png, render_tournament

    written = write_leaderboard(config, snapshot.digest, board)
    brief = render_board(written)
    if any(one.mean[written.metric] is not None for one in written.ranked):
        brief += f"\n\n![Leaderboard]({leaderboard_png(written)})\n"
    publish_markdown(artifact_key(config.name, "tournament"), brief, description=f"Tournament of {config.name}")
    return write_page(config, snapshot.digest, written, render_tournament(written))
