"""The final test of a comparison: finalists, paired differences and charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from counterpoise.compare import candidate_words, learner_words, strategy_words
from counterpoise.metrics import METRICS, names
from counterpoise.report._drawing.charts import Curve, Figure, curve_chart
from counterpoise.report._section import Section
from counterpoise.report._sections.arms import arm_colour
from counterpoise.report._sections.calibration import ReliabilityLine, reliability_figure
from counterpoise.report._sections.changes import ChangeRow, change_of, span_of
from counterpoise.report._sections.curves import CURVE_KINDS
from counterpoise.report._sections.operating_points import money_sentences
from counterpoise.results import DUMMY, Candidate, Final, Finalist, Leaderboard
from counterpoise.text import capital, number

_ROLES = {
    "chosen": "chosen",
    "challenger": "judged by the verdict",
    "reference": "same learner, not resampled",
    "best_none": "best without resampling",
    "dummy": "knows class shares only",
}


@dataclass(frozen=True)
class FinalRow:
    """A finalist, with the reasons for its place in the final and its arm's colour."""

    finalist: Finalist
    strategy: str
    learner: str
    roles: str
    arm: str


@dataclass(frozen=True)
class FinalView:
    """The data of the template."""

    binary: bool
    rows: tuple[FinalRow, ...]
    changes: tuple[ChangeRow, ...]
    curves: tuple[Figure, ...]
    reliability: tuple[Figure, ...]
    ranked: tuple[str, ...]
    others: tuple[str, ...]
    money: tuple[str, ...]


def final_view(leaderboard: Leaderboard) -> FinalView | None:
    """Arrange the final; None if there was none."""
    final = leaderboard.final
    if final is None:
        return None
    rows = tuple(_final_rows(final))
    return FinalView(
        binary=leaderboard.positive_class is not None,
        rows=rows,
        changes=tuple(_change_rows(final)),
        curves=tuple(_curves(final, rows)) if leaderboard.positive_class is not None else (),
        reliability=tuple(_reliability(rows)),
        ranked=tuple(name for name in names("finalists") if METRICS[name].ranks),
        others=tuple(name for name in names("finalists") if not METRICS[name].ranks),
        money=tuple(_money(rows)),
    )


def _money(rows: tuple[FinalRow, ...]) -> Iterator[str]:
    for row in rows:
        points = row.finalist.arm.get("operating_points") if row.finalist.arm else None
        yield from money_sentences(capital(candidate_words(_candidate(row))), points or [])


def _final_rows(final: Final) -> Iterator[FinalRow]:
    for one in final.finalists:
        roles = [role for role in one.roles if role != "challenger" or "chosen" not in one.roles]
        yield FinalRow(
            finalist=one,
            strategy="–" if one.learner == DUMMY else strategy_words(one.strategy),
            learner=capital(learner_words(one.learner)),
            roles="; ".join(_ROLES[role] for role in roles),
            arm=arm_colour(one.strategy, one.learner),
        )


def _change_rows(final: Final) -> Iterator[ChangeRow]:
    for comparison in final.comparisons:
        candidate = Candidate(strategy=comparison["strategy"], learner=comparison["learner"])
        known = [metric for metric in names("differences") if metric in comparison["differences"]]
        for place, metric in enumerate(known):
            change = change_of(comparison, metric)
            yield ChangeRow(
                name=capital(candidate_words(candidate)),
                reference=candidate_words(Candidate(**comparison["reference"])),
                rows=len(known) if place == 0 else 0,
                metric=METRICS[metric].label,
                lower_is_better=METRICS[metric].better == "smaller",
                change=change,
                span=span_of(change),
            )


def _curves(final: Final, rows: tuple[FinalRow, ...]) -> Iterator[Figure]:
    """Yield a precision-recall and a ROC chart for each paired comparison; without any, for each finalist."""
    by_candidate = {_candidate(row): row for row in rows if row.finalist.arm and row.finalist.learner != DUMMY}
    pairs: list[tuple[FinalRow, ...]] = [
        (
            by_candidate[Candidate(strategy=one["strategy"], learner=one["learner"])],
            by_candidate[Candidate(**one["reference"])],
        )
        for one in final.comparisons
    ]
    pairs = pairs or [(row,) for row in by_candidate.values()]
    for place, pair in enumerate(pairs):
        yield from _pair_curves(pair, place, final.chance)


def _pair_curves(pair: tuple[FinalRow, ...], place: int, chance: float) -> Iterator[Figure]:
    for kind, metric, name in CURVE_KINDS:
        known = [row for row in pair if row.finalist.arm[f"{kind}_curve"]]
        curves = [
            Curve(np.array(row.finalist.arm[f"{kind}_curve"]), _arm_in(pair, row), _label_in(pair, row, metric))
            for row in known
        ]
        heading = f"{name}: {_name(pair[0])}"
        areas = ", ".join(f"{_name(row)} {number(row.finalist.arm['test'][metric])}" for row in known)
        described = f"{heading} on test; {METRICS[metric].label}: {areas}."
        chart = curve_chart(kind, curves, name=f"final-{kind}-{place}", description=described, chance=chance)
        yield Figure(heading, chart)


def _arm_in(pair: tuple[FinalRow, ...], row: FinalRow) -> str:
    """Return a finalist's colour in a chart; two finalists without resampling need different ones."""
    return "calibrated" if len(pair) > 1 and row is pair[0] and row.arm == pair[1].arm else row.arm


def _label_in(pair: tuple[FinalRow, ...], row: FinalRow, metric: str) -> str:
    """Return a finalist's label in a chart: its strategy if both have the same learner, else its learner."""
    same = len({one.finalist.learner for one in pair}) == 1
    return f"{row.strategy if same else row.learner} {number(row.finalist.arm['test'][metric])}"


def _reliability(rows: tuple[FinalRow, ...]) -> Iterator[Figure]:
    """Yield one reliability chart per finalist: as trained, prior-corrected and calibrated."""
    for place, row in enumerate(row for row in rows if row.finalist.correction):
        parts = row.finalist.correction or {}
        lines = [ReliabilityLine(row.finalist.arm["reliability"], row.arm, "as trained")]
        if parts["odds_factor"] != 1:
            lines.append(ReliabilityLine(parts["after"]["reliability"], "corrected", "after the correction"))
        if parts.get("calibrated"):
            lines.append(ReliabilityLine(parts["calibrated"]["reliability"], "calibrated", "published"))
        yield reliability_figure(lines, of=_name(row), name=f"final-rel-{place}")


def _name(row: FinalRow) -> str:
    return candidate_words(_candidate(row))


def _candidate(row: FinalRow) -> Candidate:
    return Candidate(strategy=row.finalist.strategy, learner=row.finalist.learner)


FINAL = Section("final", "Final", "comparison_final.html.j2", final_view, optional=True)
