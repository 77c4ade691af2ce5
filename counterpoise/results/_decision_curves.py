"""Decision curves and cost curves in a metrics record."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from counterpoise.records import Count, Name, Number, Record, Share, Text
from counterpoise.results._values import Difference

_MOST = 1_000
Counts = Annotated[tuple[Count, ...], Field(max_length=_MOST)]
Numbers = Annotated[tuple[Number, ...], Field(max_length=_MOST)]
Shares = Annotated[tuple[Share, ...], Field(max_length=_MOST)]


class ArmCurves(Record):
    """An arm's decisions by its published probabilities on test, at each threshold of the record.

    `net_benefit` is that of the decision curve, in true positives per 1,000 rows; `expected_cost` that of the cost
    curve, as a share of the cost of deciding every row wrongly; `lowest_cost` the least that any threshold would have
    on test.
    """

    strategy: Name
    true_positives: Counts
    false_positives: Counts
    net_benefit: Numbers
    expected_cost: Shares
    lowest_cost: Shares


class DecidedArm(Record):
    """An arm's decisions at one threshold of its published probabilities."""

    strategy: Name
    true_positives: Count
    false_positives: Count
    net_benefit: Number


class DecisionPoint(Record):
    """One threshold: the `published` one of the published strategy, or that of the configured costs (`cost`).

    `treat_all` is the net benefit of calling every row; `difference` has a paired interval.
    """

    name: Literal["published", "cost"]
    threshold: Share
    treat_all: Number
    arms: tuple[DecidedArm, ...]
    difference: Difference


class Band(Record):
    """Bounds of the difference of the net benefit, for all thresholds at once; null where resamples do not vary."""

    low: Annotated[tuple[Number | None, ...], Field(max_length=_MOST)]
    high: Annotated[tuple[Number | None, ...], Field(max_length=_MOST)]


class LearnerCurves(Record):
    """A learner without resampling and with the strategy; `text` says where the band excludes 0."""

    learner: Name
    arms: tuple[ArmCurves, ...]
    band: Band
    points: tuple[DecisionPoint, ...]
    text: Text


class DecisionCurves(Record):
    """What deciding by published probabilities is worth at any ratio of costs.

    Attributes:
        prevalence: The share of positives in test.
        thresholds: The probabilities from which rows are called, even in their log-odds.
        probability_cost: The abscissa of the cost curve for each threshold, at this prevalence.
        treat_all: The net benefit of calling every row; that of calling none is 0.
        resamples: The number of bootstrap resamples.
        reference: What differences are from: no resampling (`none`) or, if nothing was resampled, the better of calling
            every row and calling none (`default`).
        learners: One entry per learner.
    """

    prevalence: Share
    thresholds: Shares
    probability_cost: Shares
    treat_all: Numbers
    resamples: Count
    reference: Literal["none", "default"]
    learners: tuple[LearnerCurves, ...]
