"""The metrics record as a whole, and its published form."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from counterpoise.errors import EvaluationError
from counterpoise.records import (
    Count,
    Moment,
    Name,
    NonNegative,
    Number,
    Record,
    Sealed,
    Sha256,
    Share,
    Text,
    UnitKind,
    UnitSizes,
    Uuid,
)
from counterpoise.results._arms import BinaryArm, MulticlassArm
from counterpoise.results._days import AlertsADay
from counterpoise.results._decision_curves import DecisionCurves
from counterpoise.results._probabilities import Correction
from counterpoise.results._slices import ComparedGroups, Slices
from counterpoise.results._stages import ReportRecord
from counterpoise.results._synthetic import ResampledOutcome, SyntheticQuality
from counterpoise.results._values import Costs, Difference, MetricName, Rows
from counterpoise.results._versions import SinceVersion

VerdictOutcome = Literal["helped", "hurt", "no_difference", "undecided", "baseline"]


class Tables(Record):
    """The rows of the tables; `train_resampled` counts a weighted row once."""

    train_natural: Rows
    train_resampled: Rows
    validation: Rows
    test: Rows


class ThresholdRule(Record):
    """How thresholds are chosen: the metric or rule, its description, and where; a fixed one in the configuration."""

    metric: Name
    wanted: Text
    chosen_on: Literal["validation", "configuration"]


class Encoded(Record):
    """The encoding of a train table: the number of columns of each kind, and the columns that learners ignore."""

    numbers: Count
    dates: Count
    categories: Count
    texts: Count
    left_out: tuple[Name, ...]
    encoded_columns: Count


class Bootstrap(Record):
    """How all intervals were computed."""

    resamples: Count
    confidence: Share
    method: Text


class Verdict(Record):
    """The conclusion of a paired comparison."""

    learner: Name
    outcome: VerdictOutcome
    text: Text


MAY_BE_INDEPENDENT = (
    "Few discrete values make equal rows likely here, so they may be independent after all. With each row on its own:"
)


ONE_DAY = "Rows of one day may depend on each other. With each day drawn as a whole, all {} of test:"


class CountedByDay(Verdict):
    """The verdict with the intervals of whole days, because rows of one day may depend on each other.

    Attributes:
        days: The days of test.
        low: The lower bound of the headline metric of the verdict's arm on the published train rows.
        high: The upper bound.
    """

    days: Count
    low: Number | None
    high: Number | None


class CountedAsRows(Verdict):
    """The verdict if each row were independent, although rows are equal; `deciding_rows` are then single rows."""

    deciding_rows: Count
    deciding_rows_are: Name


class Independence(Record):
    """What is independent: single rows, groups, or sets of equal rows.

    Attributes:
        unit: The unit of independence of the split, the intervals and the verdict's floor.
        validation: The number of units of validation, and their sizes in rows.
        test: Those of test.
        test_units: The units of test that have rows of each class.
        coincidences: Whether equal rows may well be independent, because few discrete values make many rows equal.
        as_rows: The verdict if they are; null otherwise.
        as_days: The verdict if rows of one day are not; null if the split is not by time or has few days.
    """

    unit: UnitKind
    validation: UnitSizes
    test: UnitSizes
    test_units: dict[Name, Count]
    coincidences: bool
    as_rows: CountedAsRows | None
    as_days: CountedByDay | None = None


class MeanEffect(Difference):
    """The mean difference over all draws with its interval.

    Attributes:
        within: Its standard error by other test rows.
        between: The standard deviation of the draws.
        values: The difference of each draw, the published one first.
    """

    within: Number | None
    between: Number | None
    values: tuple[Number | None, ...]


class Draws(Record):
    """How often the comparison was repeated with other seeds, and the mean effect.

    Attributes:
        number: The number of draws, the published one included.
        sampler: Whether the strategy's rows were drawn anew.
        learner: Whether the learner was fitted with other seeds of its own.
        note: Why there are fewer draws than configured; empty if there are not.
        effects: The mean effect by metric; empty with one draw.
    """

    number: Count
    sampler: bool
    learner: bool
    note: Text
    effects: dict[MetricName, MeanEffect]


class PairedComparison(Record):
    """A learner with the strategy compared with the same learner without.

    Attributes:
        learner: The learner.
        strategy: The strategy.
        reference: What it is compared with.
        differences: The paired differences of the published draw on the same test rows.
        draws: The draws; None in versions from before there were any.
        verdict: The conclusion, on the mean effect of the draws.
    """

    learner: Name
    strategy: Name
    reference: Literal["none"]
    differences: dict[MetricName, Difference]
    draws: Draws | None = None
    verdict: Verdict


class ThresholdAlone(Record):
    """The verdict's learner in decisions: no resampling with a tuned threshold, and what the strategy adds to that.

    `at_half` and `tuned` are the metric on test without resampling, at 0.5 and at `threshold`, which validation chose;
    `added` is the paired difference of the strategy at its own tuned threshold, None if nothing was resampled; null
    where undefined.
    """

    learner: Name
    metric: MetricName
    at_half: Number | None
    tuned: Number | None
    threshold: Number
    added: Difference | None
    text: Text


class LeakScores(Record):
    """The scores of a random forest on held-out rows."""

    roc_auc: Share | None
    average_precision: Share | None
    prevalence: Share
    rows: Count
    positives: Count


class NoLeak(Record):
    """The reason why nothing was simulated."""

    skipped: Text


class Leak(Record):
    """The effect of resampling before the split, see `counterpoise/evaluate/_leak/simulation.py`."""

    skipped: None
    learner: Name
    sampler: Name
    ratio: Share
    rows: Count
    test_share: Share
    held_out: Literal["rows", "tied", "newest"]
    honest: LeakScores
    leaky: LeakScores


class EarlierAccess(Record):
    """An earlier access to the test partition, see `counterpoise/versions/_test_access.py`."""

    key: Sha256
    created: Moment
    version: Annotated[int, Field(ge=0)] = 0


class AccessHistory(Record):
    """The test partition that was accessed, and earlier accesses to it: by comparisons and other versions."""

    test_digest: Sha256
    earlier_tournaments: Count
    earlier_versions: Count
    earlier: tuple[EarlierAccess, ...]


class MetricsRecord(Record):
    """All results of an evaluation.

    Attributes:
        schema_version: `schema` in the file.
        task: Whether there are two classes.
        classes: The classes as text, in the order of their values.
        positive_class: The class of interest; null with more than two classes.
        strategy: The strategy behind `train_resampled`.
        learners: The learners that were compared.
        rows: The rows by table.
        natural_rows: Train rows before any sampling for speed.
        deciding_rows: Independent units of test with rows of the rarer of two classes or of the smallest class.
        deciding_rows_are: The name of these rows.
        verdict_floor: The number of them that a verdict needs.
        equivalence: The difference in average precision that does not matter.
        chance_average_precision: The average precision of a random ranking on test: the prevalence, or its mean over
            classes.
        majority_accuracy: The accuracy of always predicting the largest class, to show the accuracy paradox.
        threshold_rule: How thresholds are chosen; null with more than two classes.
        costs: The costs of errors.
        class_costs: With more than two classes: costs by true and predicted class; null if none are configured.
        features: How columns were encoded, by strategy.
        bootstrap: How intervals were computed.
        arms: The dummy (class shares of natural train) first, then one arm per learner and train table.
        keyed_resamples: The metrics of the published strategy, by learner, on resamples that weigh a test row by its
            key: those of two versions are paired as far as their test rows are the same; null without a bootstrap.
        comparisons: One per learner; empty if nothing was resampled.
        correction: The probability correction; null with more than two classes.
        verdict: A sentence on the learner with the best ranking on validation, and on earlier accesses to test.
        verdict_outcome: The verdict in one word.
        verdict_learner: The verdict's learner.
        decision_curves: What decisions are worth at any ratio of costs; null with more than two classes, with one class
            in test, and in older records.
        threshold_alone: What moving the threshold alone gives; null with more than two classes and in older records.
        slices: The worst segments; null with more than two classes.
        groups: The groups that are compared; null if none are named.
        leak: The simulated scores of resampling before the split.
        notes: Notes for the reader.
        alerts_a_day: Precision among the alerts of each day; null without days, and with more than two classes.
        independence: What is independent; null in records of earlier versions.
        looks: Earlier accesses to test.
        synthetic_quality: The quality of synthetic rows; null if there are none.
        resampled_validation: The results of the source's expectations on resampled rows.
        previous: The changes since the previous version; null for the first.
        report: The facts that the page shows of the other stages.
        one_vs_rest: With more than two classes, the correction of each class against the rest, in the shape of
            `correction`, for the ten smallest classes of test; empty in versions before December 2026.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(alias="schema")
    task: Literal["binary", "multiclass"]
    classes: tuple[Name, ...]
    positive_class: Name | None
    strategy: Name
    learners: tuple[Name, ...]
    rows: Tables
    natural_rows: Count
    deciding_rows: Count
    deciding_rows_are: Name
    verdict_floor: Count
    equivalence: Share = 0.0
    chance_average_precision: Share | None
    majority_accuracy: Share
    threshold_rule: ThresholdRule | None
    costs: Costs
    class_costs: tuple[tuple[NonNegative, ...], ...] | None = None
    features: dict[Name, Encoded]
    bootstrap: Bootstrap
    arms: tuple[BinaryArm | MulticlassArm, ...]
    keyed_resamples: dict[Name, dict[MetricName, tuple[Number | None, ...]]] | None = None
    comparisons: tuple[PairedComparison, ...]
    correction: Correction | None
    verdict: Text
    verdict_outcome: VerdictOutcome
    verdict_learner: Name
    decision_curves: DecisionCurves | None = None
    threshold_alone: ThresholdAlone | None = None
    slices: Slices | None
    groups: ComparedGroups | None = None
    leak: NoLeak | Leak
    notes: tuple[Text, ...]
    alerts_a_day: AlertsADay | None = None
    independence: Independence | None = None
    looks: AccessHistory | None = None
    synthetic_quality: SyntheticQuality | None = None
    resampled_validation: tuple[ResampledOutcome, ...] = ()
    previous: SinceVersion | None = None
    report: ReportRecord | None = None
    one_vs_rest: tuple[Correction, ...] = ()

    @model_validator(mode="after")
    def _of_one_task(self) -> Self:
        wanted = BinaryArm if self.task == "binary" else MulticlassArm
        if not all(isinstance(arm, wanted) for arm in self.arms):
            raise ValueError(f"arms that are not {self.task}")
        if (self.positive_class in self.classes) != (self.task == "binary"):
            raise ValueError(f"{self.positive_class!r} for the positive class of a {self.task} task")
        return self


class PublishedMetrics(Sealed, MetricsRecord):
    """The published record, with the digests of the files that it belongs to.

    Attributes:
        digest: The digest of all other fields.
        manifest_sha256: The SHA-256 of the manifest of the evaluated version.
        files: The SHA-256 of the evaluation's other files by name.
        attempt: The folder of these files in an object store.
    """

    manifest_sha256: Sha256
    files: dict[Literal["report.html", "correction.json"], Sha256]
    attempt: Uuid | None = None


def published_correction(metrics: dict[str, Any]) -> dict[str, Any] | None:
    """Return the content of `correction.json`: the correction, or with more than two classes that of each class.

    Args:
        metrics: The metrics record.
    """
    if metrics.get("correction"):
        return dict(metrics["correction"])
    return {"one_vs_rest": metrics["one_vs_rest"]} if metrics.get("one_vs_rest") else None


def check_metrics(metrics: dict[str, Any]) -> None:
    """Check that a metrics record matches its model.

    Raises:
        EvaluationError: It does not, which is a bug.
    """
    try:
        MetricsRecord.model_validate(metrics)
    except ValidationError as error:
        first = error.errors()[0]
        raise EvaluationError(
            "metrics_record",
            expected="an evaluation in the shape of counterpoise/results/_metrics.py",
            found=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
            remedy="report this as a bug in Counterpoise; the version is published, without its evaluation",
        ) from None
