"""The metrics record as a whole, and what is written around it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from counterpoise.errors import EvaluationError
from counterpoise.records import Count, Moment, Name, Record, Sealed, Sha256, Share, Text, Uuid
from counterpoise.results._arms import BinaryArm, MulticlassArm
from counterpoise.results._probabilities import Correction
from counterpoise.results._stages import ReportRecord
from counterpoise.results._synthetic import ResampledOutcome, SyntheticQuality
from counterpoise.results._values import Costs, Difference, MetricName, Rows
from counterpoise.results._versions import SinceVersion

__all__ = ["Comparison", "MetricsRecord", "PublishedMetrics", "check_metrics"]

VerdictOutcome = Literal["helped", "hurt", "no_difference", "undecided", "baseline"]


class Tables(Record):
    """Rows of the tables; `train_resampled` counts a weighted row once."""

    train_natural: Rows
    train_resampled: Rows
    validation: Rows
    test: Rows


class ThresholdRule(Record):
    """How thresholds are chosen: the metric or rule, the same in words, and the table."""

    metric: Name
    wanted: Text
    chosen_on: Literal["validation"]


class Encoded(Record):
    """How the columns of a train table were encoded: how many of each kind, and which were left out."""

    numbers: Count
    dates: Count
    categories: Count
    texts: Count
    left_out: tuple[Name, ...]
    encoded_columns: Count


class Bootstrap(Record):
    """How all intervals were made."""

    resamples: Count
    confidence: Share
    method: Text


class Verdict(Record):
    """What a comparison says."""

    learner: Name
    outcome: VerdictOutcome
    text: Text


class Comparison(Record):
    """A learner with the strategy set against the same learner without: differences on the same test rows, paired."""

    learner: Name
    strategy: Name
    reference: Literal["none"]
    differences: dict[MetricName, Difference]
    verdict: Verdict


class Segment(Record):
    """Test rows with a value of a column in common, and what the learner does on them; null where undefined."""

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
    """Where the learner of the verdict does worst."""

    learner: Name
    strategy: Name
    threshold: Share
    segments: tuple[Segment, ...]


class LeakScores(Record):
    """Scores of a random forest on rows held out."""

    roc_auc: Share | None
    average_precision: Share | None
    prevalence: Share
    rows: Count
    positives: Count


class NoLeak(Record):
    """Why nothing was simulated."""

    skipped: Text


class Leak(Record):
    """What resampling before the split would have shown, see `counterpoise/evaluate/_leak/simulation.py`."""

    skipped: None
    learner: Name
    sampler: Name
    ratio: Share
    rows: Count
    test_share: Share
    held_out: Literal["rows", "tied", "newest"]
    honest: LeakScores
    leaky: LeakScores


class EarlierLook(Record):
    """Who had looked at the test partition before, see `counterpoise/versions/_test_access.py`."""

    key: Sha256
    created: Moment
    version: Annotated[int, Field(ge=0)] = 0


class Looks(Record):
    """Which test partition was looked at, and who had looked before: tournaments and other versions."""

    test_digest: Sha256
    earlier_tournaments: Count
    earlier_versions: Count
    earlier: tuple[EarlierLook, ...]


class MetricsRecord(Record):
    """Everything that an evaluation has found.

    Attributes:
        schema_version: `schema` in the file.
        task: Whether there are two classes.
        classes: As text, in the order of their values.
        positive_class: The class of interest; null with more than two classes.
        strategy: What `train_resampled` went through.
        learners: Who was compared.
        rows: By table.
        natural_rows: Train rows before any sampling for speed.
        deciding_rows: Test rows of the rarer of two classes or of the smallest class; where rows are grouped, groups.
        deciding_rows_are: What these are called.
        verdict_floor: How many of them a verdict needs.
        chance_average_precision: What a ranking by chance reaches on test: the prevalence, macro with more classes.
        majority_accuracy: The accuracy of always answering with the largest class, to show the paradox.
        threshold_rule: Null with more than two classes.
        costs: Of mistakes.
        features: By strategy how columns were encoded.
        bootstrap: How intervals were made.
        arms: The dummy (class shares of natural train) first, then one a learner and train table.
        comparisons: One a learner; none where nothing was resampled.
        correction: Null with more than two classes.
        verdict: A sentence on the learner that ranked best on validation, and who had looked at test before.
        verdict_outcome: The same in a word.
        verdict_learner: That learner.
        slices: Null with more than two classes.
        leak: What the common mistake would have shown.
        notes: What the reader must know.
        looks: Who had looked at test before.
        synthetic_quality: What synthetic rows are like; null without any.
        resampled_validation: What the source's rules say of resampled rows.
        previous: What has changed since the previous version; null for the first.
        report: What the page says of the other stages.
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
    chance_average_precision: Share | None
    majority_accuracy: Share
    threshold_rule: ThresholdRule | None
    costs: Costs
    features: dict[Name, Encoded]
    bootstrap: Bootstrap
    arms: tuple[BinaryArm | MulticlassArm, ...]
    comparisons: tuple[Comparison, ...]
    correction: Correction | None
    verdict: Text
    verdict_outcome: VerdictOutcome
    verdict_learner: Name
    slices: Slices | None
    leak: NoLeak | Leak
    notes: tuple[Text, ...]
    looks: Looks | None = None
    synthetic_quality: SyntheticQuality | None = None
    resampled_validation: tuple[ResampledOutcome, ...] = ()
    previous: SinceVersion | None = None
    report: ReportRecord | None = None

    @model_validator(mode="after")
    def _of_one_task(self) -> Self:
        wanted = BinaryArm if self.task == "binary" else MulticlassArm
        if not all(isinstance(arm, wanted) for arm in self.arms):
            raise ValueError(f"arms that are not {self.task}")
        if (self.positive_class in self.classes) != (self.task == "binary"):
            raise ValueError(f"{self.positive_class!r} for the positive class of a {self.task} task")
        return self


class PublishedMetrics(Sealed, MetricsRecord):
    """The record as it is published, and what it belongs to.

    Attributes:
        digest: Of all the rest.
        manifest_sha256: The SHA-256 of the manifest whose version was evaluated.
        files: The SHA-256 of the evaluation's other files by name.
        attempt: In an object store the folder of these files.
    """

    manifest_sha256: Sha256
    files: dict[Literal["report.html", "correction.json"], Sha256]
    attempt: Uuid | None = None


def check_metrics(metrics: dict[str, Any]) -> None:
    """Check that a metrics record is what its readers take for one.

    Raises:
        EvaluationError: It is not: a fault of ours.
    """
    try:
        MetricsRecord.model_validate(metrics)
    except ValidationError as error:
        first = error.errors()[0]
        raise EvaluationError(
            "metrics_record",
            expected="an evaluation in the shape of counterpoise/results/_metrics.py",
            found=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
            remedy="report this as a fault of Counterpoise; the version is published, without its evaluation",
        ) from None
