"""Arms of the metrics record, a learner on a train table each, as rows of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._drawing.scale import Scale, Scaled
from counterpoise.results import DUMMY, learner_label, strategy_label
from counterpoise.text import capital

__all__ = ["ArmRow", "Grouped", "arm_colour", "arm_rows", "by_learner", "grouped", "of_verdict"]


@dataclass(frozen=True)
class ArmRow:
    """An arm in a table: its record, its colour and its average precision on the common scale."""

    record: dict[str, Any]
    learner: str
    strategy: str
    arm: str
    whisker: Scaled


@dataclass(frozen=True)
class Grouped:
    """One of several figures on one train table; `first` opens the rows of a figure."""

    record: dict[str, Any]
    strategy: str
    arm: str
    first: bool


def arm_colour(strategy: str, learner: str = "") -> str:
    """Return the style of an arm's colour, the same everywhere on the page."""
    if learner == DUMMY:
        return "dummy"
    return "natural" if strategy == "none" else "resampled"


def by_learner(metrics: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each learner with its arms."""
    for learner in metrics["learners"]:
        yield learner, [arm for arm in metrics["arms"] if arm["learner"] == learner]


def of_verdict(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the arms of the learner that the verdict is about."""
    return [arm for arm in metrics["arms"] if arm["learner"] == metrics["verdict_learner"]]


def grouped(arms: list[dict[str, Any]], figures: str) -> Iterator[Grouped]:
    """Yield the figures of that name that each arm has, those of all arms one after the other."""
    for records in zip(*(arm[figures] for arm in arms), strict=True):
        for arm, record in zip(arms, records, strict=True):
            yield Grouped(record, strategy_label(arm["strategy"]), arm_colour(arm["strategy"]), first=arm is arms[0])


def arm_rows(metrics: dict[str, Any]) -> tuple[ArmRow, ...]:
    """Return all arms, learner by learner, the dummy last."""
    arms = [arm for _, own in by_learner(metrics) for arm in own]
    arms += [arm for arm in metrics["arms"] if arm["learner"] == DUMMY]
    figures = [(arm["test"]["average_precision"], arm["intervals"].get("average_precision")) for arm in arms]
    scale = Scale.over(_known(figures, metrics["chance_average_precision"]))
    return tuple(
        ArmRow(
            record=arm,
            learner=capital(learner_label(arm["learner"])),
            strategy=strategy_label(arm["strategy"]),
            arm=arm_colour(arm["strategy"], arm["learner"]),
            whisker=scale.scaled(value, bounds or {}, mark=metrics["chance_average_precision"]),
        )
        for arm, (value, bounds) in zip(arms, figures, strict=True)
    )


def _known(figures: Iterable[tuple[float, dict[str, float] | None]], mark: float) -> list[float | None]:
    return [mark, *(number for value, bounds in figures for number in (value, *(bounds or {}).values()))]
