"""The leaderboard as tables and text."""

from __future__ import annotations

from counterpoise.compare._answer import describe_answer
from counterpoise.metrics import METRICS, leaderboard_columns
from counterpoise.results import MAY_BE_INDEPENDENT, Candidate, CandidateResult, Leaderboard
from counterpoise.text import number
from counterpoise.versions import accesses_in_words

_FEW = 30
"""Rows of a class in a fold below which the mean over folds of a ranking metric is visibly too high."""


def shown_metrics(leaderboard: Leaderboard) -> tuple[str, ...]:
    """Return the metrics that are shown next to the one that candidates are ranked by."""
    return tuple(name for name in leaderboard_columns("leaderboard in brief") if name != leaderboard.metric)


def leaderboard_table(leaderboard: Leaderboard) -> list[dict[str, str]]:
    """Return one row of texts per candidate: measured ones by rank, then the others with the reason."""
    rows = [_measured(place, candidate, leaderboard) for place, candidate in enumerate(leaderboard.ranked, 1)]
    return [*rows, *(_unmeasured(candidate, rows) for candidate in leaderboard.set_apart)]


def pooled_where_few(candidate: CandidateResult, leaderboard: Leaderboard) -> float | None:
    """Return a candidate's metric over all folds together if folds have few rows of a class; otherwise None."""
    fewest = min((rows for rows in leaderboard.classes.values() if rows), default=0) / leaderboard.folds
    return candidate.pooled.get(leaderboard.metric) if fewest < _FEW else None


def describe_choice(leaderboard: Leaderboard) -> str:
    """Return a sentence that says which candidate is chosen, and why."""
    if leaderboard.chosen is None or leaderboard.best is None:
        return "No candidate could be measured."
    chosen, best = _find(leaderboard, leaderboard.chosen), _find(leaderboard, leaderboard.best)
    label = METRICS[leaderboard.metric].label
    reached = f"{label} {_spread(chosen, leaderboard.metric)}"
    text = f"Chosen: {chosen.name}, {reached} over {leaderboard.folds * leaderboard.repeats} folds"
    if (pooled := pooled_where_few(chosen, leaderboard)) is not None:
        text += f", {number(pooled)} over all rows together (means over folds with few rows of a class are too high)"
    if leaderboard.chosen != leaderboard.best:
        mean = number(best.mean[leaderboard.metric])
        text += f"; the best mean, {mean} of {best.name}, is within one standard error, paired over the folds"
    return f"{text}. Chance gives an average precision of {number(leaderboard.chance)}."


def describe_final(leaderboard: Leaderboard) -> list[str]:
    """Return the result of the final, one sentence per line; nothing if there was no final."""
    final = leaderboard.final
    if final is None:
        return []
    return [
        f"Final: {final.verdict}",
        *([] if final.as_rows is None else [f"{MAY_BE_INDEPENDENT} {final.as_rows.verdict}"]),
        f"Before it, this test partition was looked at by {accesses_in_words(final.looks)}.",
    ]


def render_leaderboard(leaderboard: Leaderboard) -> str:
    """Return the leaderboard as Markdown."""
    rows = (
        f"{leaderboard.rows:,} train rows, {leaderboard.folds} folds{' in time order' if leaderboard.in_time else ''}"
    )
    lines = [
        f"# Comparison: {leaderboard.dataset}",
        "",
        *([answer, ""] if (answer := describe_answer(leaderboard)) else []),
        describe_choice(leaderboard),
        "",
        f"Compared on {rows}; test has no part in the ranking.",
        *(["", *describe_final(leaderboard)] if leaderboard.final is not None else []),
    ]
    for heading, table in (
        ("Leaderboard", leaderboard_table(leaderboard)[: len(leaderboard.ranked)]),
        ("Set apart", _reasons(leaderboard)),
    ):
        if table:
            lines += ["", f"## {heading}", "", _line(list(table[0])), _line(["---"] * len(table[0]))]
            lines += [_line(list(row.values())) for row in table]
    lines += ["", *(f"- {_plain(note)}" for note in leaderboard.notes)] if leaderboard.notes else []
    return "\n".join(lines) + "\n"


def _measured(place: int, candidate: CandidateResult, leaderboard: Leaderboard) -> dict[str, str]:
    ranked = candidate.mean[leaderboard.metric] is not None
    return {
        "rank": str(place) if ranked else "–",
        "strategy": candidate.strategy,
        "learner": candidate.learner,
        METRICS[leaderboard.metric].label: _spread(candidate, leaderboard.metric),
        **_pooled_column(candidate, leaderboard),
        **{METRICS[name].label: number(candidate.mean.get(name)) for name in shown_metrics(leaderboard)},
        "seconds": f"{candidate.seconds:,.1f}",
        "peak MB": "–" if candidate.peak_mb is None else f"{candidate.peak_mb:,.0f}",
        "reason": "",
    }


def _pooled_column(candidate: CandidateResult, leaderboard: Leaderboard) -> dict[str, str]:
    pooled = pooled_where_few(candidate, leaderboard)
    return {} if pooled is None else {"pooled": number(pooled)}


def _unmeasured(candidate: CandidateResult, rows: list[dict[str, str]]) -> dict[str, str]:
    empty = dict.fromkeys(rows[0], "") if rows else {}
    reason = f"{candidate.status}: {candidate.reason}"
    return {**empty, "rank": "–", "strategy": candidate.strategy, "learner": candidate.learner, "reason": reason}


def _reasons(leaderboard: Leaderboard) -> list[dict[str, str]]:
    return [
        {
            "strategy": candidate.strategy,
            "learner": candidate.learner,
            "reason": f"{candidate.status}: {candidate.reason}",
        }
        for candidate in leaderboard.set_apart
    ]


def _find(leaderboard: Leaderboard, wanted: Candidate) -> CandidateResult:
    return next(one for one in leaderboard.ranked if (one.strategy, one.learner) == (wanted.strategy, wanted.learner))


def _spread(candidate: CandidateResult, metric: str) -> str:
    deviation = candidate.deviation[metric]
    return number(candidate.mean[metric]) + (f" ± {number(deviation)}" if deviation is not None else "")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Escape a text so that it stays within its table cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
