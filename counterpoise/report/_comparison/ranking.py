"""The ranking of a comparison, drawn on a common scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from counterpoise.compare import candidate_words, learner_words, pooled_where_few, strategy_words
from counterpoise.metrics import HEADLINE, METRICS, leaderboard_columns
from counterpoise.report._drawing.images import markdown_image
from counterpoise.report._drawing.scale import Scale, Scaled
from counterpoise.report._sections.arms import arm_colour
from counterpoise.results import Candidate, CandidateResult, Leaderboard
from counterpoise.text import capital

_MOST_IN_IMAGE = 20


@dataclass(frozen=True)
class RankingRow:
    """A candidate in the ranking; `dots` is None if the metric is undefined for it.

    `pooled` is the metric over all folds together, where folds have few rows of a class; otherwise None.
    """

    result: CandidateResult
    name: str
    strategy: str
    learner: str
    arm: str
    chosen: bool
    dots: Scaled | None
    pooled: float | None = None


@dataclass(frozen=True)
class RankingView:
    """The data of the template."""

    leaderboard: Leaderboard
    metric: str
    chance_is_shown: bool
    smaller_is_better: bool
    shown: tuple[str, ...]
    rows: tuple[RankingRow, ...]


def ranking_view(leaderboard: Leaderboard) -> RankingView:
    """Arrange the ranking of a leaderboard."""
    return RankingView(
        leaderboard=leaderboard,
        metric=METRICS[leaderboard.metric].label,
        chance_is_shown=leaderboard.metric == HEADLINE.name,
        smaller_is_better=METRICS[leaderboard.metric].better == "smaller",
        shown=tuple(name for name in leaderboard_columns("leaderboard") if name != leaderboard.metric),
        rows=tuple(ranking_rows(leaderboard)),
    )


def ranking_image(leaderboard: Leaderboard) -> str:
    """Return a Markdown image of the best candidates with their intervals and folds, the best on top.

    Args:
        leaderboard: A leaderboard on which the metric is defined for at least one candidate.
    """
    rows = [row for row in ranking_rows(leaderboard) if row.dots is not None][:_MOST_IN_IMAGE]
    metric = METRICS[leaderboard.metric].label
    return markdown_image("Leaderboard", "image_ranking.svg.j2", rows=rows, metric=metric, name=leaderboard.metric)


def ranking_rows(leaderboard: Leaderboard) -> list[RankingRow]:
    """Return the measured candidates, best first, with their dots on a common scale."""
    metric, chance = leaderboard.metric, leaderboard.chance if leaderboard.metric == HEADLINE.name else None
    scale = Scale.over([chance, *(value for one in leaderboard.ranked for value in _drawn(one, metric))], margin=3)
    return [
        RankingRow(
            result=one,
            name=candidate_words(one),
            strategy=strategy_words(one.strategy),
            learner=capital(learner_words(one.learner)),
            arm=arm_colour(one.strategy, one.learner),
            chosen=leaderboard.chosen == Candidate(strategy=one.strategy, learner=one.learner),
            dots=None if one.mean[metric] is None else _dots(one, metric, scale, chance),
            pooled=pooled_where_few(one, leaderboard),
        )
        for one in leaderboard.ranked
    ]


def _drawn(one: CandidateResult, metric: str) -> Iterator[float | None]:
    """Yield the values to draw for a candidate, none if the metric is undefined for it."""
    if one.mean[metric] is not None:
        yield from (one.mean[metric], one.low[metric], one.high[metric], *(fold[metric] for fold in one.folds))


def _dots(one: CandidateResult, metric: str, scale: Scale, chance: float | None) -> Scaled:
    bounds = {"low": one.low[metric], "high": one.high[metric]}
    return scale.scaled(one.mean[metric], bounds, mark=chance, folds=(fold[metric] for fold in one.folds))
