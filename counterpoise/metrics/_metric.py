"""The facts of a metric. This module does not load NumPy, because the configuration only needs the names."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from counterpoise.metrics._confusion import Confusion, CountsByClass
    from counterpoise.metrics._ranking import RankingQuality
    from counterpoise.typing import Codes, Floats, Mask, Matrix

Place = Literal[
    "folds", "choice", "threshold", "verdict", "leaderboard", "leaderboard in brief", "finalists", "differences",
    "summary",
]  # fmt: skip
"""Where a metric is used or shown.

- folds: measured on each fold of a comparison and shown in the report's tables
- choice: allowed as `tournament.metric`, and as `promotion.metric` if larger values are better
- threshold: allowed as `evaluation.threshold`
- verdict: the metric that the verdict is based on; exactly one metric
- leaderboard, leaderboard in brief: a column of the comparison's page and of its Markdown
- finalists: a column of the final test's table
- differences: a row of the tables of paired differences
- summary: the report in Markdown, and the changes since the previous version
"""
ROUNDING = 1e-9
"""The rounding error by which sums of many shares may exceed their range."""


class ClassShares(NamedTuple):
    """The class shares that chance depends on: `mean` is that of the class of interest, or the mean over classes."""

    classes: int
    mean: float
    largest: float


@dataclass(frozen=True)
class OfDecisions:
    """A metric that is computed from confusion matrices.

    Attributes:
        value: Computes its value for each confusion matrix.
        several: Computes its value with more than two classes; None for a metric of two classes only.
        share_of: The rows that it is a share of; empty if it is no share of rows.
    """

    value: Callable[[Confusion], Floats]
    several: Callable[[CountsByClass], Floats] | None = None
    share_of: Literal["", "called", "positive", "negative", "all"] = ""


@dataclass(frozen=True)
class OfRanking:
    """A metric of how well positives rank above negatives, from 0 to 1; with more classes the mean over the classes.

    Attributes:
        value: Computes its value.
        pairs: Whether it is a share of pairs of a positive and a negative, which Newcombe's interval requires.
    """

    value: Callable[[RankingQuality], Floats]
    pairs: bool = False


@dataclass(frozen=True)
class OfProbabilities:
    """A mean loss of probabilities.

    Attributes:
        losses: Computes the loss of each row from the probability of the positive class and whether the row is
            positive.
        several: Computes it from a matrix of rows by classes and class codes.
    """

    losses: Callable[[Floats, Mask], Floats]
    several: Callable[[Matrix, Codes], Floats]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """All facts of a metric.

    Attributes:
        name: Its name in records and in the configuration.
        label: Its name within a sentence.
        least: The smallest possible value.
        most: The largest possible value.
        better: Whether larger or smaller values are better.
        source: The data and function that it is computed with.
        equal_prevalence: Whether values are only comparable at equal prevalence.
        shown: Where it is used.
        undefined: When it is undefined, in words; empty if it is always defined.
        chance: Its value without any information from the features; None if it is not needed.
        short: Its name as a column heading; empty for the label.
        digits: The number of decimals shown.
        in_every_record: Whether metrics records of all versions of Counterpoise have it; false for a new metric.
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
        """Reject facts that contradict each other."""
        if problems := self._problems():
            raise ValueError(f"metric {self.name!r}: {'; '.join(problems)}")

    def chance_with(self, shares: ClassShares) -> float:
        """Return the value without any information from the features.

        Raises:
            ValueError: The metric defines no chance level.
        """
        if self.chance is None:
            raise ValueError(f"metric {self.name!r} has no chance level")
        return float(self.chance(shares))

    def holds(self, value: float) -> bool:
        """Whether a value is in the metric's range, up to rounding."""
        return self.least - ROUNDING <= value <= self.most + ROUNDING

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest possible value."""
        return self.least, self.most

    @property
    def heading(self) -> str:
        """Its name as a column heading."""
        return self.short or self.label

    @property
    def ranks(self) -> bool:
        """Whether it is a ranking metric."""
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
    """Return a function that averages a metric over the classes that have rows, each against the rest."""

    def mean(counts: CountsByClass) -> Floats:
        found: Floats = value(counts.each_against_the_rest).mean(axis=0)
        return found

    return mean
