"""The facts of the stages before the evaluation, as written to and read from a report."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from counterpoise.records import (
    Certificate,
    ClassCounts,
    ColumnSchema,
    Count,
    ExpectationOutcome,
    Moment,
    Name,
    NearDuplicates,
    PartitionSummary,
    Record,
    Sha256,
    Share,
    StrategyChoice,
    Text,
    UnitKind,
    UnitSizes,
    VersionNumber,
)
from counterpoise.results._ranking import LeaderboardBrief
from counterpoise.table import ImbalanceDegree

Shares = dict[Name, Share]


class SourceFacts(Record):
    """The source of the rows. `classes` counts the rows of all three partitions before resampling."""

    location: Text
    files: Count
    rows: Count
    columns: tuple[ColumnSchema, ...]
    target: Name
    keys: tuple[Name, ...]
    dropped_columns: tuple[Name, ...]
    digest: Sha256
    rejected_lines: Count
    notes: tuple[Text, ...]
    classes: ClassCounts
    imbalance: ImbalanceDegree | None


class ValidationFacts(Record):
    """The expectations on the rows and their results; `baseline` is the version compared with, 0 for none."""

    success: bool
    on_invalid_rows: Name
    outcomes: tuple[ExpectationOutcome, ...]
    rejected_rows: Count
    baseline: Count


class SplitFacts(Record):
    """Rows by partition and class before resampling, and the rules that kept rows together or separated them.

    `apart` counts the rows left out by reason, null in older records; `windows` and `positive_class` are as in the
    manifest.
    """

    method: Name
    counts: dict[str, ClassCounts]
    duplicates: Name
    duplicate_rows: Count
    contradictory_rows: Count
    rejected_rows: Count
    notes: tuple[Text, ...]
    apart: dict[Name, Count] | None = None
    windows: dict[str, tuple[str, str]] = Field(default_factory=dict)
    positive_class: Text = ""
    unit: UnitKind = "rows"
    units: dict[str, UnitSizes] = Field(default_factory=dict)
    near: NearDuplicates | None = None


class ResamplingFacts(Record):
    """The effect of resampling on the train partition; `choice` says how `auto` was decided."""

    strategy: Name
    options: dict[str, Any]
    before: ClassCounts
    after: ClassCounts
    weighted: ClassCounts
    dropped: Count
    repeated: Count
    synthetic: Count
    notes: tuple[Text, ...]
    choice: StrategyChoice | None = None


class PersistFacts(Record):
    """The published version and its leakage certificate."""

    address: Name
    data: Name
    manifest: Name
    partitions: dict[str, PartitionSummary]
    rejected: Count
    dropped: Count
    certificate: Certificate


class ReproducibilityFacts(Record):
    """The data needed to reproduce the version."""

    seed: int
    run_key: Sha256
    command: Text
    libraries: dict[str, str]
    config: dict[str, Any]


class ReportFacts(Record):
    """The facts of the stages before the evaluation, in their order.

    Attributes:
        title: The title of the page.
        dataset: The dataset's name.
        version: The version's number.
        created: When the report was made, ISO 8601 in UTC.
        strategies: The newest comparison on this source and split; None if there is none.
    """

    title: Name
    dataset: Name
    version: VersionNumber
    created: Moment
    source: SourceFacts
    validation: ValidationFacts
    split: SplitFacts
    resampling: ResamplingFacts
    persist: PersistFacts
    reproducibility: ReproducibilityFacts
    strategies: LeaderboardBrief | None = None


class RuleCounts(Record):
    """Expectations of the source, checked on the resampled train partition; `left_out` counts equal ones once."""

    asked: Count
    held: Count
    broken_by_synthetic_rows: Count
    left_out: Count


class StageCounts(Record):
    """Totals that the page computes from the facts of the stages.

    Attributes:
        columns: Columns of the source.
        expectations: Expectations on the source.
        expectations_passed: How many of them passed.
        partition_expectations: Expectations on the partitions.
        partition_expectations_unmet: How many of them did not pass.
        columns_compared: Columns that were compared with the last version.
        columns_moved: How many of them have changed.
        partition_rows: Rows by partition before resampling.
        partition_shares: Shares of its rows by partition and class.
        train_rows_before: Rows of train before resampling.
        train_rows_after: Rows of train after resampling.
        train_shares_before: Class shares before resampling.
        train_shares_after: Class shares after resampling.
        rules: Expectations on synthetic rows; None if there are none.
        checks: Checks of the leakage certificate.
        checks_passed: How many of them passed.
    """

    columns: Count
    expectations: Count
    expectations_passed: Count
    partition_expectations: Count
    partition_expectations_unmet: Count
    columns_compared: Count
    columns_moved: Count
    partition_rows: dict[Name, Count]
    partition_shares: dict[Name, Shares]
    train_rows_before: Count
    train_rows_after: Count
    train_shares_before: Shares
    train_shares_after: Shares
    rules: RuleCounts | None
    checks: Count
    checks_passed: Count


class ReportRecord(ReportFacts):
    """The part of metrics.json on the stages before the evaluation."""

    counts: StageCounts
