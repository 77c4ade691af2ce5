"""The records of segments of test: where a learner does worst, and the groups that are compared with the rest."""

from __future__ import annotations

from typing import Literal

from counterpoise.records import Count, Name, Number, Record, Share, Text


class Segment(Record):
    """Test rows with a common value of a column, and the learner's metrics on them; null where undefined."""

    column: Name
    segment: Name
    rows: Count
    positives: Count
    prevalence: Share
    recall: Share | None
    recall_low: Share | None
    recall_high: Share | None
    precision: Share | None
    precision_low: Share | None
    precision_high: Share | None
    average_precision: Share | None
    average_precision_low: Share | None
    average_precision_high: Share | None
    roc_auc: Share | None
    roc_auc_low: Share | None
    roc_auc_high: Share | None


class Slices(Record):
    """The segments in which the verdict's learner does worst."""

    learner: Name
    strategy: Name
    threshold: Share
    segments: tuple[Segment, ...]


class GroupRate(Record):
    """A rate within a group and in the rest of test: `hits` of `of` rows; tests are missing for fewer than ten rows.

    `p` is Fisher's, `adjusted` is Holm's over all tests.
    """

    hits: Count
    of: Count
    share: Share | None
    low: Share | None
    high: Share | None
    rest: Share | None
    difference: Number | None
    difference_low: Number | None
    difference_high: Number | None
    p: Share | None
    adjusted: Share | None


class ComparedGroup(Record):
    """Test rows with a common value of a named column, and their rates."""

    column: Name
    group: Name
    rows: Count
    positives: Count
    rates: dict[Literal["recall", "precision", "false_positive_rate", "selection_rate"], GroupRate]


class ComparedGroups(Record):
    """The groups of the columns that `evaluation.slices` names, and what differs beyond chance, in words."""

    learner: Name
    strategy: Name
    threshold: Share
    tests: Count
    groups: tuple[ComparedGroup, ...]
    findings: tuple[Text, ...]
