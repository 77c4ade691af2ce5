"""What is known from version to version: frozen, JSON-serialisable, None for numbers that are not defined."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from counterpoise.metrics import PromotionName
from counterpoise.records import Count, Moment, Name, Number, Record, Sealed, Sha256, Share, Text, VersionNumber
from counterpoise.results._values import MetricName

__all__ = [
    "ArmChange",
    "ClassChange",
    "ConfigChange",
    "Counts",
    "DataChanges",
    "Estimate",
    "MetricChange",
    "MetricChanges",
    "Prevalence",
    "Promotion",
    "PromotionNumbers",
    "PromotionRule",
    "Ratios",
    "SinceVersion",
]

PromotionRule = Literal["always", "not_worse", "by_hand"]


class Counts(Record):
    """Rows then and now."""

    before: Count
    after: Count


class Ratios(Record):
    """A share or a ratio then and now."""

    before: float
    after: float


class ClassChange(Record):
    """A class then and now: in all partitions before resampling, and in train after it."""

    name: Name
    source_rows: Counts
    source_share: Ratios
    train_rows: Counts
    train_share: Ratios


class ConfigChange(Record):
    """A field of the configuration that differs, by its path; None where the field was not there."""

    path: Name
    before: Any
    after: Any


class DataChanges(Record):
    """What has changed in the data.

    Attributes:
        source_rows: Rows of the source.
        same_source: Whether the source has the same bytes and reading options.
        classes: Rows by class without those set apart, the largest change of a share first, of two the rarer class.
        train_rows: Rows of train after resampling.
        train_imbalance: Rows of the largest by those of the smallest class in train after resampling.
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
    """A metric then and now, and the difference with its unpaired interval."""

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
    """The share in test of the positive class, or with more classes of the one that moved most.

    Attributes:
        name: The class.
        before: Its share in the earlier test partition.
        after: Its share in this one.
        alike: Whether they differ by a tenth of the earlier one at most.
    """

    name: Name
    before: float
    after: float
    alike: bool


class MetricChanges(Record):
    """What has changed in the metrics.

    Attributes:
        incomparable: Why the metrics cannot be set against each other; empty where they can.
        same_test: Whether both test partitions have the same rows: then the intervals are too wide.
        prevalence: The prevalence in test; None where the metrics are not compared.
        interval: How the intervals of the differences were made.
        arms: One entry a learner and strategy that both evaluations have, without the dummy.
    """

    incomparable: Text
    same_test: bool
    prevalence: Prevalence | None
    interval: Text
    arms: tuple[ArmChange, ...]


class SinceVersion(Record):
    """A version set against the newest earlier one that was evaluated.

    Attributes:
        version: The earlier version.
        created: When it was published, ISO 8601 in UTC.
        data: What has changed in the data.
        metrics: What has changed in the metrics.
    """

    version: VersionNumber
    created: Moment
    data: DataChanges
    metrics: MetricChanges


class PromotionNumbers(Record):
    """What a rule has looked at.

    Attributes:
        metric: The metric.
        learner: The learner it was read from.
        strategy: What the learner's train rows went through.
        value: The metric on test.
        low: The lower bound of its interval.
        bar: What the lower bound was held against.
        compared_with: The promoted version whose lower bound is the bar; 0 where the bar is chance.
        tolerance: How far below the bar is still as good.
    """

    metric: PromotionName
    learner: Name
    strategy: Name
    value: Number | None
    low: Number
    bar: Number
    compared_with: Count
    tolerance: Share


class Promotion(Sealed):
    """One promotion of a dataset: the newest one says which version is promoted.

    Attributes:
        format: The version of this format.
        number: The promotion's number, from 1.
        version: The version that was promoted.
        rule: Which rule it was, or `by_hand`.
        reason: Why, in a sentence.
        numbers: What the rule has looked at; None where it looked at nothing.
        created: When, ISO 8601 in UTC.
        manifest_sha256: The SHA-256 of the manifest of the version that was promoted.
        metrics_sha256: By version those of the `metrics.json` whose numbers were looked at.
        previous_sha256: That of the promotion before; None for the first.
        digest: That of all the rest.
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
