"""The records that pass between stages: small, frozen, JSON-serialisable, never a frame.

The data itself is stored as Parquet or Arrow files in the run's working area; a record gives the path, the size and the
digest.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from counterpoise.records._fields import Count, Name, NonNegative, Number, Sha256, Share, Text

PARTITIONS: tuple[str, ...] = ("train", "validation", "test")

ClassCounts = dict[str, Count]
"""Rows by class, the class as text."""

UnitKind = Literal["rows", "groups", "equal_rows"]
"""What is independent of each other: single rows, groups of the group column, or sets of equal rows."""


class Record(BaseModel):
    """The base of all records."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileStamp(Record):
    """Attributes that change with a file: its path, its size in bytes, and its times in nanoseconds."""

    device: int
    inode: int
    bytes: int
    modified: int
    changed: int


class SnapshotFile(Record):
    """One data file of a snapshot; row numbers continue from the files before it.

    `stamp` was taken before the digest; while the stamp still matches, the digest is valid. Without a stamp, the file
    must be read to know.
    """

    path: str
    format: Literal["parquet", "arrow"]
    rows: int
    bytes: int
    sha256: str
    stamp: FileStamp | None = None


class ColumnSchema(Record):
    """A column's name and Arrow type as text."""

    name: str
    type: str


class SourcePart(Record):
    """A file that a source was read from: its name, the number of its rows, and its SHA-256."""

    name: str
    rows: Count
    sha256: Sha256


class UnreadColumn(Record):
    """A column that stays text although at least nine in ten of its values look like numbers or dates.

    `present` values are not missing, `alike` of them look like `values`. `notations` read all of them: one, several if
    they read them differently, none if no notation fits all. `certain` is whether one is right beyond doubt,
    and `reason` the evidence. `as_good_as_text` are truth values, which are proposed and not complained about. `note`
    says all this, with the remedy.
    """

    name: str
    values: str
    present: Count
    alike: Count
    notations: tuple[str, ...]
    note: str
    certain: bool = False
    reason: str = ""
    as_good_as_text: bool = False


class Snapshot(Record):
    """The source as an immutable table; rows are identified by their number, from 0.

    `format` is the source's format, by its name in the configuration; empty for a table without a source. `digest`
    identifies source bytes and reading options. `identity` identifies a store's objects without a download, and is
    empty for other sources. `rejected_file` is a Parquet file of the lines that could not be parsed, with the columns
    file (string), line (int64), reason (string) and text (string); empty if there are none. `watermark` is the largest
    value of the watermark column, as text. `parts` are the source's files in row order; none for a database. `unread`
    are columns whose texts look like values.
    """

    files: tuple[SnapshotFile, ...]
    rows: int
    columns: tuple[ColumnSchema, ...]
    digest: str
    format: str = ""
    identity: str = ""
    rejected_lines: int = 0
    rejected_file: str = ""
    watermark: str = ""
    parts: tuple[SourcePart, ...] = ()
    unread: tuple[UnreadColumn, ...] = ()
    notes: tuple[str, ...] = ()


SuiteSource = Literal["contract", "suite", "drift", "partitions"]
"""The origin of an expectation: built in, the user's file, the last version, the split."""


class ExpectationOutcome(Record):
    """One expectation's result, reduced to what reports need; `measured` is the observed value if it is a number."""

    expectation: str
    columns: tuple[str, ...]
    severity: Literal["critical", "warning", "info"]
    status: Literal["passed", "failed", "nothing_checked", "error"]
    source: SuiteSource
    observed: str = ""
    measured: float | None = None
    checked: Count = 0
    unexpected: Count = 0
    examples: tuple[str, ...] = ()
    notes: str = ""


class Validation(Record):
    """The verdict on a snapshot.

    `rejects_file` is a Parquet file of the rejected rows with the columns source_row (int64, ascending, each row once),
    reason (string), column (string) and value (string); empty if there are none. `profile_file` is the profile for the
    next delivery; `baseline` is the version that this one was compared with, 0 for none.
    """

    success: bool
    outcomes: tuple[ExpectationOutcome, ...]
    rejected_rows: Count = 0
    rejects_file: str = ""
    profile_file: str = ""
    baseline: Count = 0


class UnitSizes(Record):
    """The number of independent units of a partition, and the mean, the median and the largest of their sizes."""

    number: Count
    mean: NonNegative
    median: NonNegative
    largest: Count


class NearDuplicates(Record):
    """Rows that differ by rounding noise only: their number, the number of sets, and of sets in several partitions.

    `steps` are the widths of the grids on which fractional columns were rounded.
    """

    steps: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    rows: Count
    sets: Count
    apart: Count


class SplitPlan(Record):
    """The partition of each row: an Arrow file with an int8 column `partition`, one value per snapshot row.

    Codes: 0 train, 1 validation, 2 test, -1 rejected. If rows with equal features stay together, an int64 column
    `content` has a code for the features of each row that is not rejected. `rejects_file` has the format of
    `Validation` and contains the rows rejected by the split; `apart` counts them by reason. `spans` are the first and
    last time of each partition of a split by time; `windows` are the windows that decide, from and to.
    `positive_class` is the class whose known groups left validation and test, empty if groups stay in one partition.
    `unit` is what is independent, and `units` are the sizes of these units in rows by partition, if they are not single
    rows. `near` are rows that are equal but for rounding noise; None if they were not looked for.
    """

    file: str
    sha256: str
    classes: tuple[str, ...]
    counts: dict[str, ClassCounts]
    duplicate_rows: int = 0
    contradictory_rows: int = 0
    rejected_rows: int = 0
    rejects_file: str = ""
    method: Literal["random", "grouped", "stable", "time"] = "random"
    apart: dict[str, int] = {}
    spans: dict[str, tuple[str, str]] = {}
    windows: dict[str, tuple[str, str]] = {}
    positive_class: str = ""
    unit: UnitKind = "rows"
    units: dict[str, UnitSizes] = {}
    near: NearDuplicates | None = None
    notes: tuple[str, ...] = ()


class LearnerTrial(Record):
    """A strategy with one learner, against a learner without resampling on the same folds.

    `reference` is the learner without: the one that ranks best, or the learner itself; missing in older records, where
    it is the learner itself. `score` and `without` are means over `folds` of the choice's metric, on rows that the fold
    did not train on; `difference` is their difference, paired by fold.
    """

    learner: Name
    reference: Name = ""
    score: Share
    without: Share
    difference: Number
    folds: Count


class StrategyTrial(Record):
    """A strategy that was tried against none.

    `learners` holds one entry per comparison. `difference` is the mean gain over folds of the learner that gains, over
    the best one without resampling, and `low` its one-sided lower bound; None if the trial ended earlier. `outcome` is
    better (a learner gained beyond noise, and no other lost), unproven, no_gain, passed_over (for one that is simpler
    or better) or refused; `reason` says why in words.
    """

    strategy: Annotated[str, Field(max_length=100)]
    learners: tuple[LearnerTrial, ...] = ()
    difference: Number | None = None
    low: Number | None = None
    outcome: Literal["better", "unproven", "no_gain", "passed_over", "refused"]
    reason: Text


class StrategyChoice(Record):
    """The strategy that `auto` became, and the evidence.

    `strategy`, `ratio` and `k_neighbors` are the settings to resample with, and `reason` explains them in one sentence.
    `trials` holds the strategies that were cross-validated against none within train, empty if there was no trial.
    `rows` is the number of train rows that took part, of `train_rows`; `folds` the number of folds of one pass; and
    `confidence` the level of the decisive bound, after Bonferroni's correction for strategies and learners.
    """

    strategy: Annotated[str, Field(max_length=100)]
    ratio: Share
    k_neighbors: Count
    reason: Text
    metric: Annotated[str, Field(max_length=100)] = ""
    rows: Count = 0
    train_rows: Count = 0
    folds: Count = 0
    confidence: Share = 0.0
    trials: tuple[StrategyTrial, ...] = ()


class ResamplingPlan(Record):
    """The copies of each train row, and the synthetic rows.

    `copies_file`: Arrow file with source_row (int64, ascending, every train row) and copies (int32; 0 dropped, 1 kept,
    n repeated) and, if rows are weighted instead of repeated, weight (float64), whose sums by class are `weighted`.
    `synthetic_file`: Arrow file with parent_a, parent_b (int64 source rows), lambda (float64) and one column per voted
    feature; empty if no row is synthetic. `rows_file`: Arrow file with the features of growing classes, if planning
    read them; otherwise empty. `choice`: how `auto` was decided; None for a strategy by name.
    """

    strategy: str
    copies_file: str
    synthetic_file: str = ""
    rows_file: str = ""
    before: ClassCounts
    after: ClassCounts
    weighted: ClassCounts = {}
    dropped: int = 0
    repeated: int = 0
    synthetic: int = 0
    notes: tuple[str, ...] = ()
    choice: StrategyChoice | None = None


class FileDigest(Record):
    """A published file, its path relative to the dataset's folder."""

    path: str
    rows: Count
    bytes: Count
    sha256: Sha256


class PartitionSummary(Record):
    """Rows of a published partition."""

    rows: Count
    classes: ClassCounts


class Certificate(Record):
    """The leakage certificate: the checks made on the written files, and the row balance."""

    checks: dict[str, bool]
    rows_in: Count
    rows_original: Count
    rows_dropped: Count
    rows_rejected: Count
    fingerprints: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether every check passed."""
        return all(self.checks.values())


class DatasetVersion(Record):
    """A published version. Paths are relative to `root`, the location from which it was read."""

    root: str
    dataset: str
    version: int
    run_key: str
    data: str
    manifest: str
    partitions: dict[str, PartitionSummary]
    rejected: int
    dropped: int
    created: bool = True


class Evaluation(Record):
    """The effect of resampling on the learners; `metrics` is a `counterpoise.results.MetricsRecord`."""

    metrics_file: str
    metrics: dict[str, Any]


class Report(Record):
    """The published report: `html` and `metrics` are file paths."""

    html: str
    metrics: str
    verdict: str
