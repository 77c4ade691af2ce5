"""What there is to know of a metric. Nothing here loads NumPy: the configuration asks for names only."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from counterpoise.metrics._confusion import Confusion, CountsByClass
    from counterpoise.metrics._ranking import RankingQuality
    from counterpoise.typing import Codes, Floats, Mask, Matrix

__all__ = [
    "ROUNDING",
    "ClassShares",
    "Metric",
    "OfDecisions",
    "OfProbabilities",
    "OfRanking",
    "Place",
    "mean_over_classes",
]

Place = Literal[
    "folds", "choice", "threshold", "verdict", "leaderboard", "leaderboard in brief", "finalists", "differences",
    "summary",
]  # fmt: skip
"""Where a metric is used or shown.

- folds: measured on each fold of a comparison and shown in the report's tables
- choice: `tournament.metric` may be it, and `promotion.metric` if larger values are better
- threshold: `evaluation.threshold` may be it
- verdict: the verdict rests on it; exactly one metric
- leaderboard, leaderboard in brief: a column of the comparison's page and of its Markdown
- finalists: a column of the final test's table
- differences: a row of the tables of paired differences
- summary: the report in Markdown, and the changes since the previous version
"""
ROUNDING = 1e-9
"""Sums of many shares may exceed their range by so much."""


class ClassShares(NamedTuple):
    """What chance depends on: `mean` is the share of the class of interest, or the mean share of several classes."""

    classes: int
    mean: float
    largest: float


@dataclass(frozen=True)
class OfDecisions:
    """A metric of confusion matrices.

    Attributes:
        value: Its value for each confusion matrix.
        several: Its value with more than two classes; None for a metric of two classes only.
    """

    value: Callable[[Confusion], Floats]
    several: Callable[[CountsByClass], Floats] | None = None


@dataclass(frozen=True)
class OfRanking:
    """A metric of how well positives rank before negatives, from 0 to 1; with more classes their plain mean.

    Attributes:
        value: Its value.
        pairs: Whether it is a share of pairs of a positive and a negative, as Newcombe's interval asks.
    """

    value: Callable[[RankingQuality], Floats]
    pairs: bool = False


@dataclass(frozen=True)
class OfProbabilities:
    """A mean loss of probabilities.

    Attributes:
        losses: The loss of each row, from the probability of the positive class and whether the row is positive.
        several: The same from a matrix of rows by classes and class codes.
    """

    losses: Callable[[Floats, Mask], Floats]
    several: Callable[[Matrix, Codes], Floats]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Everything that is known of a metric.

    Attributes:
        name: Its name in records and in the configuration.
        label: Its name in the middle of a sentence.
        least: The smallest value it can have.
        most: The largest one.
        better: Whether larger or smaller values are better.
        source: What it is computed from, and how.
        equal_prevalence: Whether values compare only at equal prevalence.
        shown: Where it is used.
        undefined: When it has no value, in words; empty if it always has one.
        chance: Its value without any knowledge of the features; None if nobody asks.
        short: Its name as the heading of a column; the label if empty.
        digits: Decimals that are shown.
        in_every_record: Whether the metrics records of all versions of Counterpoise have it: not so for a new metric.
    """

    name: str
    label: str
    least: float
    most: float
    better: Literal["larger", "smaller"]
    source: OfDecisions | OfRanking | OfProbabilities
    equal_prevalence: bool
    shown: tuple[Place, ...]
    undefined: str = ""
    chance: Callable[[ClassShares], float] | None = None
    short: str = ""
    digits: int = 3
    in_every_record: bool = False

    def __post_init__(self) -> None:
        """Refuse facts that contradict each other."""
        if problems := self._problems():
            raise ValueError(f"metric {self.name!r}: {'; '.join(problems)}")

    def chance_with(self, shares: ClassShares) -> float:
        """Return the value that is reached without any knowledge of the features.

        Raises:
            ValueError: Nobody has said which.
        """
        if self.chance is None:
            raise ValueError(f"metric {self.name!r} has no chance level")
        return float(self.chance(shares))

    def holds(self, value: float) -> bool:
        """Return whether a value lies in the metric's range, apart from rounding."""
        return self.least - ROUNDING <= value <= self.most + ROUNDING

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value that it can have."""
        return self.least, self.most

    @property
    def heading(self) -> str:
        """Its name as the heading of a column."""
        return self.short or self.label

    @property
    def ranks(self) -> bool:
        """Whether it is a metric of rankings."""
        return isinstance(self.source, OfRanking)

    @property
    def promotes(self) -> bool:
        """Whether a version can be promoted by its lower bound."""
        return "choice" in self.shown and self.better == "larger"

    def _problems(self) -> tuple[str, ...]:
        unknown = sorted({*self.shown} - {*get_args(Place)})
        checks = (
            (math.isfinite(self.least) and self.least < self.most, f"a range from {self.least} to {self.most}"),
            (self.better in ("larger", "smaller"), f"better when {self.better!r}, not larger or smaller"),
            (not unknown, f"shown in {unknown}, not among {', '.join(get_args(Place))}"),
            (
                not self.ranks or (self.least, self.most) == (0, 1),
                "intervals of rankings need a range from 0 to 1",
            ),
            (
                not isinstance(self.source, OfProbabilities) or self.better == "smaller",
                "a loss is better when smaller",
            ),
            (
                "threshold" not in self.shown or (isinstance(self.source, OfDecisions) and self.better == "larger"),
                "thresholds need a metric of decisions that is better when larger",
            ),
            (not self.promotes or self.chance is not None, "a metric that versions are promoted by needs its chance"),
            ("choice" not in self.shown or "folds" in self.shown, "candidates are ranked by metrics of folds only"),
        )
        return tuple(problem for holds, problem in checks if not holds)


def mean_over_classes(value: Callable[[Confusion], Floats]) -> Callable[[CountsByClass], Floats]:
    """Return the plain mean of a metric over the classes that have rows, each against the rest."""

    def mean(counts: CountsByClass) -> Floats:
        found: Floats = value(counts.each_against_the_rest).mean(axis=0)
        return found

    return mean
