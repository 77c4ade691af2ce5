"""The leaderboard as tables and text."""

from __future__ import annotations

from counterpoise.metrics import METRICS, leaderboard_columns
from counterpoise.results import Candidate, CandidateResult, Leaderboard
from counterpoise.text import number
from counterpoise.versions import accesses_in_words

__all__ = ["describe_choice", "describe_final", "leaderboard_table", "render_leaderboard", "shown_metrics"]


def shown_metrics(board: Leaderboard) -> tuple[str, ...]:
    """Return the metrics that are shown next to the one that candidates are ranked by."""
    return tuple(name for name in leaderboard_columns("leaderboard in brief") if name != board.metric)


def leaderboard_table(board: Leaderboard) -> list[dict[str, str]]:
    """Return one row of texts per candidate: measured ones by rank, then the others with the reason."""
    rows = [_measured(place, candidate, board) for place, candidate in enumerate(board.ranked, 1)]
    return [*rows, *(_apart(candidate, rows) for candidate in board.set_apart)]


def describe_choice(board: Leaderboard) -> str:
    """Return a sentence that says which candidate is chosen, and why."""
    if board.chosen is None or board.best is None:
        return "No candidate could be measured."
    chosen, best = _find(board, board.chosen), _find(board, board.best)
    label = METRICS[board.metric].label
    reached = f"{label} {_spread(chosen, board.metric)}"
    text = f"Chosen: {chosen.name}, {reached} over {board.folds * board.repeats} folds"
    if board.chosen != board.best:
        mean = number(best.mean[board.metric])
        text += f"; the best mean, {mean} of {best.name}, is within one standard error, paired over the folds"
    return f"{text}. Chance gives an average precision of {number(board.chance)}."


def describe_final(board: Leaderboard) -> list[str]:
    """Return the result of the final, one sentence per line; nothing if there was no final."""
    final = board.final
    if final is None:
        return []
    return [
        f"Final: {final.verdict}",
        f"Before it, this test partition was looked at by {accesses_in_words(final.looks)}.",
    ]


def render_leaderboard(board: Leaderboard) -> str:
    """Return the leaderboard as Markdown."""
    rows = f"{board.rows:,} train rows, {board.folds} folds{' in time order' if board.in_time else ''}"
    lines = [
        f"# Comparison: {board.dataset}",
        "",
        describe_choice(board),
        "",
        f"Compared on {rows}; test has no part in the ranking.",
        *(["", *describe_final(board)] if board.final is not None else []),
    ]
    for heading, table in (
        ("Leaderboard", leaderboard_table(board)[: len(board.ranked)]),
        ("Set apart", _reasons(board)),
    ):
        if table:
            lines += ["", f"## {heading}", "", _line(list(table[0])), _line(["---"] * len(table[0]))]
            lines += [_line(list(row.values())) for row in table]
    lines += ["", *(f"- {_plain(note)}" for note in board.notes)] if board.notes else []
    return "\n".join(lines) + "\n"


def _measured(place: int, candidate: CandidateResult, board: Leaderboard) -> dict[str, str]:
    ranked = candidate.mean[board.metric] is not None
    return {
        "rank": str(place) if ranked else "–",
        "strategy": candidate.strategy,
        "learner": candidate.learner,
        METRICS[board.metric].label: _spread(candidate, board.metric),
        **{METRICS[name].label: number(candidate.mean.get(name)) for name in shown_metrics(board)},
        "seconds": f"{candidate.seconds:,.1f}",
        "peak MB": "–" if candidate.peak_mb is None else f"{candidate.peak_mb:,.0f}",
        "reason": "",
    }


def _apart(candidate: CandidateResult, rows: list[dict[str, str]]) -> dict[str, str]:
    empty = dict.fromkeys(rows[0], "") if rows else {}
    reason = f"{candidate.status}: {candidate.reason}"
    return {**empty, "rank": "–", "strategy": candidate.strategy, "learner": candidate.learner, "reason": reason}


def _reasons(board: Leaderboard) -> list[dict[str, str]]:
    return [
        {
            "strategy": candidate.strategy,
            "learner": candidate.learner,
            "reason": f"{candidate.status}: {candidate.reason}",
        }
        for candidate in board.set_apart
    ]


def _find(board: Leaderboard, wanted: Candidate) -> CandidateResult:
    return next(one for one in board.ranked if (one.strategy, one.learner) == (wanted.strategy, wanted.learner))


def _spread(candidate: CandidateResult, metric: str) -> str:
    deviation = candidate.deviation[metric]
    return number(candidate.mean[metric]) + (f" ± {number(deviation)}" if deviation is not None else "")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Escape a text so that it stays within its table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
