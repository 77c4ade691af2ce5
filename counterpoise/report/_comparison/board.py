"""The leaderboard of a comparison, arranged on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from counterpoise.compare import candidate_words, learner_words, strategy_words
from counterpoise.metrics import HEADLINE, METRICS, leaderboard_columns
from counterpoise.report._drawing.images import markdown_image
from counterpoise.report._drawing.scale import Scale, Scaled
from counterpoise.report._sections.arms import arm_colour
from counterpoise.results import Candidate, CandidateResult, Leaderboard
from counterpoise.text import capital

__all__ = ["BoardRow", "BoardView", "board_image", "board_rows", "board_view"]

_MOST_IN_IMAGE = 20


@dataclass(frozen=True)
class BoardRow:
    """A candidate of the leaderboard; `dots` is None where the metric is not defined for it."""

    result: CandidateResult
    name: str
    strategy: str
    learner: str
    arm: str
    chosen: bool
    dots: Scaled | None


@dataclass(frozen=True)
class BoardView:
    """What the template needs of a leaderboard."""

    board: Leaderboard
    metric: str
    chance_is_shown: bool
    smaller_is_better: bool
    shown: tuple[str, ...]
    rows: tuple[BoardRow, ...]


def board_view(board: Leaderboard) -> BoardView:
    """Arrange a leaderboard."""
    return BoardView(
        board=board,
        metric=METRICS[board.metric].label,
        chance_is_shown=board.metric == HEADLINE.name,
        smaller_is_better=METRICS[board.metric].better == "smaller",
        shown=tuple(name for name in leaderboard_columns("leaderboard") if name != board.metric),
        rows=tuple(board_rows(board)),
    )


def board_image(board: Leaderboard) -> str:
    """Return the best entries as an image in Markdown, with intervals and folds, the best one on top.

    Args:
        board: It has at least one entry in which the metric is defined.
    """
    rows = [row for row in board_rows(board) if row.dots is not None][:_MOST_IN_IMAGE]
    metric = METRICS[board.metric].label
    return markdown_image("Leaderboard", "image_board.svg.j2", rows=rows, metric=metric, name=board.metric)


def board_rows(board: Leaderboard) -> list[BoardRow]:
    """Return the measured entries, best first, with their dots on one scale."""
    metric, chance = board.metric, board.chance if board.metric == HEADLINE.name else None
    scale = Scale.over([chance, *(value for one in board.ranked for value in _drawn(one, metric))], margin=3)
    return [
        BoardRow(
            result=one,
            name=candidate_words(one),
            strategy=strategy_words(one.strategy),
            learner=capital(learner_words(one.learner)),
            arm=arm_colour(one.strategy, one.learner),
            chosen=board.chosen == Candidate(strategy=one.strategy, learner=one.learner),
            dots=None if one.mean[metric] is None else _dots(one, metric, scale, chance),
        )
        for one in board.ranked
    ]


def _drawn(one: CandidateResult, metric: str) -> Iterator[float | None]:
    """Yield the values that are drawn of a candidate: none where the metric is not defined for it."""
    if one.mean[metric] is not None:
        yield from (one.mean[metric], one.low[metric], one.high[metric], *(fold[metric] for fold in one.folds))


def _dots(one: CandidateResult, metric: str, scale: Scale, chance: float | None) -> Scaled:
    bounds = {"low": one.low[metric], "high": one.high[metric]}
    return scale.scaled(one.mean[metric], bounds, mark=chance, folds=(fold[metric] for fold in one.folds))
