"""The results of an arm: a learner trained on a train table."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from counterpoise.records import Count, Name, NonNegative, Number, Record, Share, Text
from counterpoise.results._probabilities import Calibration
from counterpoise.results._values import Confusion, Curve, Difference, Intervals, Outcome, ReliabilityBin, TestScores


class ByFormula(Record):
    """The theoretical threshold for the costs, on calibrated or natural probabilities (`scale`)."""

    scale: Name
    threshold: Share
    test: Outcome | None
    intervals: Intervals
    confusion: Confusion | None


class Money(Record):
    """What errors cost per thousand test rows if missing a row costs its value in `column`.

    `cost` is that of the threshold, `never` and `always` those of calling no row and every row; what the threshold
    saves against these has paired intervals. `largest` is the share of the largest cost in those of all positives;
    missing in older versions, and null if no positive costs anything.
    """

    column: Name
    largest: Share | None = None
    cost: NonNegative
    cost_low: NonNegative | None
    cost_high: NonNegative | None
    never: NonNegative
    never_low: NonNegative | None
    never_high: NonNegative | None
    always: NonNegative
    always_low: NonNegative | None
    always_high: NonNegative | None
    saved_to_never: Difference
    saved_to_always: Difference


class OperatingPoint(Record):
    """A threshold that a rule (`wanted` in words) chooses on validation, and its outcome on test.

    `threshold` is null if none meets the rule; `threshold_low` and `threshold_high` are its interval for other
    validation rows, and `reached` is the share of resamples in which some threshold met the rule. The `cost` rule has
    `by_formula`, the `amount` rule `money`.
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
    money: Money | None = None


class ExploredRows(Record):
    """The decisions on a table's rows, by threshold.

    `missed` is what the positives that are not called cost in total; null if missing a row costs the same for all.
    """

    rows: Count
    positives: Count
    true_positives: tuple[Count, ...]
    false_positives: tuple[Count, ...]
    missed: tuple[NonNegative, ...] | None = None


class ThresholdExample(Record):
    """One threshold on validation and test."""

    class Decided(Confusion, Outcome):
        """Counts and metrics; `money` is what errors cost per thousand rows if missing a row costs its amount."""

        money: NonNegative | None = None

    threshold: Share
    validation: Decided
    test: Decided


class Thresholds(Record):
    """The effect of thresholds on validation and test, for a reader to explore."""

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
    """The arm on validation: its ranking, and its threshold's score by the rule."""

    threshold_metric: Number | None
    average_precision: Share | None


class MulticlassValidation(Record):
    """The arm on validation: its ranking."""

    average_precision: Share | None


class Arm(Record):
    """The fields that every arm has."""

    learner: Name
    strategy: Name
    test: TestScores
    intervals: Intervals
    notes: tuple[Text, ...]


class ClassDecisions(Record):
    """A class with test rows, and the decisions at the threshold for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Name = Field(alias="class")
    rows: Count
    prevalence: Share
    precision: Share
    recall: Share
    f1: Share
    intervals: Intervals


class Average(Record):
    """Means over the classes with test rows."""

    precision: Share
    recall: Share
    f1: Share
    intervals: Intervals


class Averages(Record):
    """Means over classes, plain (macro) and weighted by their rows."""

    macro: Average
    weighted: Average


class BinaryArm(Arm):
    """An arm with two classes; the dummy has no operating points, thresholds and calibration.

    `per_class` and `averages` are missing in older versions. `threshold_rule` is the rule of the threshold: f1 if no
    threshold meets the configured rule.
    """

    threshold: Share
    threshold_rule: Name
    validation: BinaryValidation
    per_class: tuple[ClassDecisions, ...] = ()
    averages: Averages | None = None
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
    """A class with test rows against the rest; only the fifty smallest classes have intervals.

    `mean_probability` to `operating_points` are missing in older versions; the ten smallest classes have operating
    points, whose thresholds were chosen on validation.
    """

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
    mean_probability: Share | None = None
    brier: Share | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    operating_points: tuple[OperatingPoint, ...] = ()


class SpentCost(Record):
    """The cost per thousand test rows of a way to decide, and its decisions by true and predicted class."""

    cost: NonNegative
    low: NonNegative | None
    high: NonNegative | None
    confusion_matrix: tuple[tuple[Count, ...], ...]


class ExpectedCost(Record):
    """The most probable class and the class of least expected cost, by the record's `class_costs`.

    `scale` says on which probabilities expectations are based: the learner's own, or those at natural prevalence,
    whichever cost less on validation. `difference` is the second minus the first, paired.
    """

    scale: Name
    argmax: SpentCost
    least_cost: SpentCost
    difference: Difference


class MulticlassArm(Arm):
    """An arm with more than two classes: it predicts the most probable class, and has no threshold.

    `confusion_matrix` has rows by true class and predicted class, in the order of the classes.
    """

    threshold: None
    validation: MulticlassValidation
    per_class: tuple[ClassScores, ...]
    averages: Averages | None = None
    expected_cost: ExpectedCost | None = None
    confusion_matrix: tuple[tuple[Count, ...], ...]
