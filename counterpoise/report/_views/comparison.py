"""A tournament arranged for its page: the leaderboard on one scale, and the final's arms, differences and charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.compare import candidate_words, learner_words, strategy_words
from counterpoise.metrics import HEADLINE, METRICS, leaderboard_columns, names
from counterpoise.report._drawing.charts import Chart, Curve, curve_chart, reliability_chart
from counterpoise.report._views.curves import CURVES
from counterpoise.results import DUMMY, Candidate, CandidateResult, Final, Finalist, Leaderboard
from counterpoise.text import capital, number

__all__ = ["BoardRow", "Dots", "FinalView", "TournamentView", "board_rows", "comparison_view"]

_ROLES = {
    "chosen": "chosen",
    "challenger": "what the verdict is about",
    "reference": "same learner, left alone",
    "best_none": "best without resampling",
    "dummy": "knows class shares only",
}


@dataclass(frozen=True)
class Dots:
    """A mean with its interval and the folds it is taken over, on a common scale in percent of the width."""

    value: float
    low: float | None
    high: float | None
    folds: tuple[float, ...]
    mark: float | None


@dataclass(frozen=True)
class BoardRow:
    """A candidate of the leaderboard; `dots` is None where the metric is not defined for it."""

    result: CandidateResult
    strategy: str
    learner: str
    arm: str
    chosen: bool
    dots: Dots | None


@dataclass(frozen=True)
class FinalRow:
    """A finalist: why it is there, and its arm's colour."""

    finalist: Finalist
    strategy: str
    learner: str
    roles: str
    arm: str


@dataclass(frozen=True)
class ChangeRow:
    """A paired difference between two finalists; `rows` is how many follow under its heading, 0 but for the first."""

    name: str
    reference: str
    rows: int
    metric: str
    lower_is_better: bool
    change: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A chart under its heading."""

    heading: str
    chart: Chart


@dataclass(frozen=True)
class FinalView:
    """What the template needs of the final."""

    final: Final
    binary: bool
    rows: tuple[FinalRow, ...]
    changes: tuple[ChangeRow, ...]
    points: tuple[FinalRow, ...]
    corrected: tuple[FinalRow, ...]
    curves: tuple[Figure, ...]
    reliability: tuple[Figure, ...]
    ranked: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class TournamentView:
    """What the template needs of a tournament."""

    board: Leaderboard
    metric: str
    chance_is_shown: bool
    smaller_is_better: bool
    shown: tuple[str, ...]
    rows: tuple[BoardRow, ...]
    final: FinalView | None


def comparison_view(board: Leaderboard) -> TournamentView:
    """Arrange a leaderboard."""
    return TournamentView(
        board=board,
        metric=METRICS[board.metric].label,
        chance_is_shown=board.metric == HEADLINE.name,
        smaller_is_better=METRICS[board.metric].better == "smaller",
        shown=tuple(name for name in leaderboard_columns("leaderboard") if name != board.metric),
        rows=tuple(board_rows(board)),
        final=None if board.final is None else _final_view(board, board.final),
    )


def board_rows(board: Leaderboard) -> list[BoardRow]:
    """Return the measured entries, best first, with their dots on one scale."""
    metric, chance = board.metric, board.chance if board.metric == HEADLINE.name else None
    measured = [one for one in board.ranked if one.mean[metric] is not None]
    values = [value for one in measured for value in _figures(one, metric)] + ([chance] if chance is not None else [])
    scale = _Scale.over(values)
    return [
        BoardRow(
            result=one,
            strategy=strategy_words(one.strategy),
            learner=capital(learner_words(one.learner)),
            arm=_colour(one),
            chosen=board.chosen is not None and _same(one, board.chosen),
            dots=None if one.mean[metric] is None else _dots(one, metric, scale, chance),
        )
        for one in board.ranked
    ]


@dataclass(frozen=True)
class _Scale:
    """A scale from the lowest to the highest value, 3 to 97 percent of the width."""

    low: float
    spread: float

    @classmethod
    def over(cls, values: list[float]) -> _Scale:
        low, high = min(values, default=0.0), max(values, default=1.0)
        return cls(low, (high - low) or 1.0)

    def place(self, value: float) -> float:
        return round(3 + 94 * (value - self.low) / self.spread, 2)


def _figures(one: CandidateResult, metric: str) -> list[float]:
    """Return the values that are drawn of a candidate."""
    several = [one.mean[metric], one.low[metric], one.high[metric], *(fold[metric] for fold in one.folds)]
    return [value for value in several if value is not None]


def _dots(one: CandidateResult, metric: str, scale: _Scale, chance: float | None) -> Dots:
    low, high = one.low[metric], one.high[metric]
    return Dots(
        value=scale.place(one.mean[metric] or 0.0),
        low=None if low is None else scale.place(low),
        high=None if high is None else scale.place(high),
        folds=tuple(scale.place(value) for fold in one.folds if (value := fold[metric]) is not None),
        mark=None if chance is None else scale.place(chance),
    )


def _final_view(board: Leaderboard, final: Final) -> FinalView:
    rows = tuple(_final_rows(final))
    return FinalView(
        final=final,
        binary=board.positive_class is not None,
        rows=rows,
        changes=tuple(_change_rows(final)),
        points=tuple(row for row in rows if row.finalist.arm.get("operating_points")),
        corrected=tuple(row for row in rows if row.finalist.correction is not None),
        curves=tuple(_curves(final, rows)) if board.positive_class is not None else (),
        reliability=tuple(_reliability(rows)),
        ranked=tuple(name for name in names("finalists") if METRICS[name].ranks),
        others=tuple(name for name in names("finalists") if not METRICS[name].ranks),
    )


def _final_rows(final: Final) -> Iterator[FinalRow]:
    for one in final.finalists:
        roles = [role for role in one.roles if role != "challenger" or "chosen" not in one.roles]
        yield FinalRow(
            finalist=one,
            strategy="–" if one.learner == DUMMY else strategy_words(one.strategy),
            learner=capital(learner_words(one.learner)),
            roles="; ".join(_ROLES[role] for role in roles),
            arm=_colour(one),
        )


def _change_rows(final: Final) -> Iterator[ChangeRow]:
    for comparison in final.comparisons:
        candidate = Candidate(strategy=comparison["strategy"], learner=comparison["learner"])
        known = [metric for metric in names("differences") if metric in comparison["differences"]]
        for place, metric in enumerate(known):
            yield ChangeRow(
                name=capital(candidate_words(candidate)),
                reference=candidate_words(Candidate(**comparison["reference"])),
                rows=len(known) if place == 0 else 0,
                metric=METRICS[metric].label,
                lower_is_better=METRICS[metric].better == "smaller",
                change=comparison["differences"][metric],
            )


def _curves(final: Final, rows: tuple[FinalRow, ...]) -> Iterator[Figure]:
    """Yield a precision-recall and a ROC chart a comparison; where there is none, of the finalists by themselves."""
    by_entry = {_entry(row): row for row in rows if row.finalist.arm and row.finalist.learner != DUMMY}
    pairs: list[tuple[FinalRow, ...]] = [
        (by_entry[Candidate(strategy=one["strategy"], learner=one["learner"])], by_entry[Candidate(**one["reference"])])
        for one in final.comparisons
    ]
    pairs = pairs or [(row,) for row in by_entry.values()]
    for place, pair in enumerate(pairs):
        yield from _pair_curves(pair, place, final.chance)


def _pair_curves(pair: tuple[FinalRow, ...], place: int, chance: float) -> Iterator[Figure]:
    for kind, metric, name in CURVES:
        known = [row for row in pair if row.finalist.arm[f"{kind}_curve"]]
        curves = [
            Curve(np.array(row.finalist.arm[f"{kind}_curve"]), _arm_in(pair, row), _label_in(pair, row, metric))
            for row in known
        ]
        heading = f"{name}: {_name(pair[0])}"
        told = ", ".join(f"{_name(row)} {number(row.finalist.arm['test'][metric])}" for row in known)
        described = f"{heading} on test; {METRICS[metric].label}: {told}."
        chart = curve_chart(kind, curves, name=f"final-{kind}-{place}", description=described, chance=chance)
        yield Figure(heading, chart)


def _arm_in(pair: tuple[FinalRow, ...], row: FinalRow) -> str:
    """Return a finalist's colour in a chart; two that are not resampled need different ones."""
    return "calibrated" if len(pair) > 1 and row is pair[0] and row.arm == pair[1].arm else row.arm


def _label_in(pair: tuple[FinalRow, ...], row: FinalRow, metric: str) -> str:
    """Return what a finalist is called in a chart: its strategy where its rival has the same learner."""
    same = len({one.finalist.learner for one in pair}) == 1
    return f"{row.strategy if same else row.learner} {number(row.finalist.arm['test'][metric])}"


def _reliability(rows: tuple[FinalRow, ...]) -> Iterator[Figure]:
    """Yield reliability before and after the prior correction and after calibration, a chart a finalist."""
    for place, row in enumerate(row for row in rows if row.finalist.correction):
        parts = row.finalist.correction or {}
        kinds = [(row.finalist.arm["reliability"], row.arm, "as trained")]
        if parts["odds_factor"] != 1:
            kinds.append((parts["after"]["reliability"], "corrected", "after the correction"))
        if parts.get("calibrated"):
            kinds.append((parts["calibrated"]["reliability"], "calibrated", "calibrated"))
        curves = [
            Curve(np.array([[item["mean_predicted"], item["observed"]] for item in bins]).reshape(-1, 2), arm, text)
            for bins, arm, text in kinds
        ]
        heading = f"Reliability: {_name(row)}"
        described = f"{heading}. Observed share of positives against the mean prediction in ten bins of equal width."
        sizes = [[item["rows"] for item in bins] for bins, _, _ in kinds]
        chart = reliability_chart(curves, sizes, name=f"final-rel-{place}", description=described)
        yield Figure(heading, chart)


def _name(row: FinalRow) -> str:
    return candidate_words(_entry(row))


def _entry(row: FinalRow) -> Candidate:
    return Candidate(strategy=row.finalist.strategy, learner=row.finalist.learner)


def _colour(one: Candidate) -> str:
    """Return the style of a candidate's colour."""
    if one.learner == DUMMY:
        return "dummy"
    return "natural" if one.strategy == "none" else "resampled"


def _same(one: Candidate, other: Candidate) -> bool:
    return (one.strategy, one.learner) == (other.strategy, other.learner)
