"""The changes between versions and their promotion: frozen, JSON-serialisable, None for undefined numbers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from counterpoise.metrics import PromotionName
from counterpoise.records import Count, Moment, Name, Number, Record, Sealed, Sha256, Share, Text, VersionNumber
from counterpoise.results._values import MetricName

PromotionRule = Literal["always", "not_worse", "by_hand"]


class Counts(Record):
    """Rows before and after."""

    before: Count
    after: Count


class Ratios(Record):
    """A share or a ratio before and after."""

    before: float
    after: float


class ClassChange(Record):
    """A class before and after: in all partitions before resampling, and in train after resampling."""

    name: Name
    source_rows: Counts
    source_share: Ratios
    train_rows: Counts
    train_share: Ratios


class ConfigChange(Record):
    """A field of the configuration that differs, by its path; None if the field was missing."""

    path: Name
    before: Any
    after: Any


class DataChanges(Record):
    """The changes in the data.

    Attributes:
        source_rows: Rows of the source.
        same_source: Whether the source has the same bytes and reading options.
        classes: Accepted rows by class, the largest change of a share first, of two classes the rarer one.
        train_rows: Rows of train after resampling.
        train_imbalance: Rows of the largest class divided by rows of the smallest class in train after resampling.
        strategy_before: The earlier resampling strategy.
        strategy_after: The resampling strategy.
        config: Fields of the configuration that differ.
    """

    source_rows: Counts
    same_source: bool
    classes: tuple[ClassChange, ...]
    train_rows: Counts
    train_imbalance: Ratios
    strategy_before: Name
    strategy_after: Name
    config: tuple[ConfigChange, ...]


class Estimate(Record):
    """A metric on test with its interval."""

    value: Number | None
    low: Number | None
    high: Number | None


class MetricChange(Record):
    """A metric before and after, and the difference with its unpaired interval."""

    metric: MetricName
    before: Estimate
    after: Estimate
    difference: Number | None
    low: Number | None
    high: Number | None


class ArmChange(Record):
    """The metrics of a learner and strategy that both versions were evaluated with."""

    learner: Name
    strategy: Name
    metrics: tuple[MetricChange, ...]


class Prevalence(Record):
    """The share of the positive class in test, or with more classes of the class that changed most.

    Attributes:
        name: The class.
        before: Its share in the earlier test partition.
        after: Its share in this one.
        alike: Whether they differ by at most a tenth of the earlier one.
    """

    name: Name
    before: float
    after: float
    alike: bool


class MetricChanges(Record):
    """The changes in the metrics.

    Attributes:
        incomparable: Why the metrics cannot be compared; empty if they can.
        same_test: Whether both test partitions have the same rows: the intervals are then too wide.
        prevalence: The prevalence in test; None if the metrics are not compared.
        interval: How the intervals of the differences were computed.
        arms: One entry per learner and strategy that both evaluations have, without the dummy.
    """

    incomparable: Text
    same_test: bool
    prevalence: Prevalence | None
    interval: Text
    arms: tuple[ArmChange, ...]


class SinceVersion(Record):
    """A version compared with the newest earlier one that was evaluated.

    Attributes:
        version: The earlier version.
        created: When it was published, ISO 8601 in UTC.
        data: The changes in the data.
        metrics: The changes in the metrics.
    """

    version: VersionNumber
    created: Moment
    data: DataChanges
    metrics: MetricChanges


class PromotionNumbers(Record):
    """The numbers that a promotion rule is based on.

    Attributes:
        metric: The metric.
        learner: The learner of the metric.
        strategy: The strategy of the learner's train rows.
        value: The metric on test.
        low: The lower bound of its interval.
        bar: The least difference with which a version is promoted; for the first one chance, which `low` must exceed.
        compared_with: The version that was promoted before; 0 for the first.
        margin: The configured margin; None for the first version, and for promotions before there was a margin: then
            the bar is the lower bound of the version that was promoted before.
        difference: The difference from the mean of the references, without their luck.
        error: Its standard error.
        paired: Whether the error considers which test rows are the same.
        references: The versions whose mean the version was compared with.
        luck: How much higher than on average an equally good version is expected to come out if it is promoted; None
            for the first version, and for promotions before luck was considered.
        tolerance: Before there was a margin: how far below the bar the lower bound may be.
    """

    metric: PromotionName
    learner: Name
    strategy: Name
    value: Number | None
    low: Number
    bar: Number
    compared_with: Count = 0
    margin: Share | None = None
    difference: Number | None = None
    error: Number | None = None
    paired: bool = False
    references: tuple[VersionNumber, ...] = ()
    luck: Number | None = None
    tolerance: Share = 0.0

    def looked_at(self, version: int) -> set[int]:
        """Return the versions whose metrics the decision on a version is based on."""
        return {version, self.compared_with, *self.references} - {0}


class Promotion(Sealed):
    """One promotion of a dataset: the newest one determines which version is promoted.

    Attributes:
        format: The version of this format.
        number: The promotion's number, from 1.
        version: The version that was promoted.
        rule: The rule that promoted it, or `by_hand`.
        reason: The reason, in a sentence.
        numbers: The numbers that the rule is based on; None if it uses none.
        created: The time, ISO 8601 in UTC.
        manifest_sha256: The SHA-256 of the manifest of the promoted version.
        metrics_sha256: The SHA-256 of each `metrics.json` that the numbers come from, by version.
        previous_sha256: The SHA-256 of the previous promotion; None for the first.
        digest: The digest of all other fields.
    """

    format: Literal[1] = 1
    number: VersionNumber
    version: VersionNumber
    rule: PromotionRule
    reason: Text
    numbers: PromotionNumbers | None = None
    created: Moment
    manifest_sha256: Sha256
    metrics_sha256: dict[Annotated[str, Field(pattern=r"^[1-9][0-9]{0,9}$")], Sha256]
    previous_sha256: Sha256 | None
