"""What is told of an arm: a learner trained on a train table."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from counterpoise.records import Count, Name, Number, Record, Share, Text
from counterpoise.results._probabilities import Calibration
from counterpoise.results._values import Confusion, Curve, Intervals, Outcome, ReliabilityBin, TestScores

__all__ = [
    "Arm",
    "BinaryArm",
    "ByFormula",
    "ClassScores",
    "ExploredRows",
    "MulticlassArm",
    "OperatingPoint",
    "ThresholdExample",
    "Thresholds",
    "Top",
]


class ByFormula(Record):
    """The threshold that costs give to right probabilities, whose `scale` is calibrated or natural."""

    scale: Name
    threshold: Share
    test: Outcome | None
    intervals: Intervals
    confusion: Confusion | None


class OperatingPoint(Record):
    """A threshold chosen on validation by a rule, `wanted` in words, and what it does on test.

    `threshold` is null where none meets the rule; it lies between `threshold_low` and `threshold_high` on other
    validation rows, and `reached` is the share of resamples in which one met it. At `cost` there is `by_formula`.
    """

    rule: Name
    wanted: Text
    threshold: Share | None
    threshold_low: Share | None
    threshold_high: Share | None
    reached: Share | None
    test: Outcome | None
    intervals: Intervals
    confusion: Confusion | None
    by_formula: ByFormula | None = None


class ExploredRows(Record):
    """By threshold what is called positive of a table's rows."""

    rows: Count
    positives: Count
    true_positives: tuple[Count, ...]
    false_positives: tuple[Count, ...]


class ThresholdExample(Record):
    """One threshold on validation and test."""

    class Decided(Confusion, Outcome):
        """Counts and metrics."""

    threshold: Share
    validation: Decided
    test: Decided


class Thresholds(Record):
    """What thresholds do on validation and test, for a reader to explore."""

    threshold: tuple[Share, ...]
    validation: ExploredRows
    test: ExploredRows
    examples: tuple[ThresholdExample, ...]


class Top(Record):
    """Precision and recall among the `k` rows ranked highest."""

    k: Count
    precision: Share
    precision_low: Share
    precision_high: Share
    recall: Share
    recall_low: Share
    recall_high: Share


class BinaryValidation(Record):
    """On validation: how the arm ranks, and what its threshold reaches by its rule."""

    threshold_metric: Number | None
    average_precision: Share | None


class MulticlassValidation(Record):
    """On validation: how the arm ranks."""

    average_precision: Share | None


class Arm(Record):
    """What every arm has."""

    learner: Name
    strategy: Name
    test: TestScores
    intervals: Intervals
    notes: tuple[Text, ...]


class BinaryArm(Arm):
    """An arm where there are two classes; the dummy has no operating points, thresholds and calibration.

    `threshold_rule` is the rule that the threshold follows: f1 where no threshold meets the wanted one.
    """

    threshold: Share
    threshold_rule: Name
    validation: BinaryValidation
    confusion: Confusion
    mean_probability: Share
    pr_curve: Curve
    roc_curve: Curve
    reliability: tuple[ReliabilityBin, ...]
    operating_points: tuple[OperatingPoint, ...]
    thresholds: Thresholds | None
    top: tuple[Top, ...]
    calibration: Calibration | None


class ClassScores(Record):
    """A class with test rows against the rest; intervals stand with the fifty smallest only."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Name = Field(alias="class")
    rows: Count
    prevalence: Share
    average_precision: Share | None
    roc_auc: Share | None
    precision: Share
    recall: Share
    f1: Share
    pr_curve: Curve
    roc_curve: Curve
    intervals: Intervals


class MulticlassArm(Arm):
    """An arm where there are more classes: the most probable one is called, and there is no threshold.

    `confusion_matrix` has rows by true class and called class, in the order of the classes.
    """

    threshold: None
    validation: MulticlassValidation
    per_class: tuple[ClassScores, ...]
    confusion_matrix: tuple[tuple[Count, ...], ...]
