"""What passes between stages: small frozen records, JSON-serialisable, never a frame.

The data itself lies as Parquet or Arrow files in the run's working area; a record says where, how much and with
which digest.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from counterpoise.records._fields import Count, Sha256

__all__ = [
    "PARTITIONS",
    "Certificate",
    "ClassCounts",
    "ColumnSchema",
    "DatasetVersion",
    "Evaluation",
    "ExpectationOutcome",
    "FileDigest",
    "FileStamp",
    "PartitionSummary",
    "Record",
    "Report",
    "ResamplingPlan",
    "Snapshot",
    "SnapshotFile",
    "SourcePart",
    "SplitPlan",
    "SuiteSource",
    "Validation",
]

PARTITIONS: tuple[str, ...] = ("train", "validation", "test")

ClassCounts = dict[str, Count]
"""Rows by class, the class as text."""


class Record(BaseModel):
    """What all records share."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileStamp(Record):
    """What changes with a file: where it lies, its size in bytes, and its times in nanoseconds."""

    device: int
    inode: int
    bytes: int
    modified: int
    changed: int


class SnapshotFile(Record):
    """One data file of a snapshot; rows are numbered on from the files before it.

    `stamp` was taken before the digest; while the file still has it, its bytes are those of the digest. Without one,
    only the digest tells.
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
    """A file that a source was read from: its name, how many rows it gave, and the SHA-256 of its bytes."""

    name: str
    rows: Count
    sha256: Sha256


class Snapshot(Record):
    """The source as an immutable table: row number = identity, from 0.

    `format` is the source's format, by its name in the configuration; empty for a table that no source was read for.
    `digest` identifies source bytes and reading options; of objects of a store `identity` is what the store tells of
    them without a download, empty text for other sources. `rejected_file` is a Parquet file of the lines that could not
    be read, with the columns file (string), line (int64), reason (string) and text (string); empty text where there is
    none. `watermark` is the largest value of the watermark column, as text. `parts` are the source's files, whose rows
    follow each other in this order; none for a database.
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
    notes: tuple[str, ...] = ()


SuiteSource = Literal["contract", "suite", "drift", "partitions"]
"""Where an expectation comes from: built in, the user's file, the last version, the split."""


class ExpectationOutcome(Record):
    """One expectation's result, as small as a report needs it; `measured` is what it observed, if that is a number."""

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

    `rejects_file` is a Parquet file with the columns source_row (int64, ascending, each row once), reason (string),
    column (string) and value (string): the rows set apart. Empty text where there are none. `profile_file` is what the
    next delivery is compared with, `baseline` the version that this one was compared with, 0 for none.
    """

    success: bool
    outcomes: tuple[ExpectationOutcome, ...]
    rejected_rows: Count = 0
    rejects_file: str = ""
    profile_file: str = ""
    baseline: Count = 0


class SplitPlan(Record):
    """Which row goes where: an Arrow file with an int8 column `partition`, a value a snapshot row.

    Codes: 0 train, 1 validation, 2 test, -1 rejected. Where rows with equal features stay together, an int64 column
    `content` has a code of the features of each row that is not rejected. `rejects_file` is as in `Validation`, with
    the rows that the split set apart, whose numbers by reason are `apart`. `spans` are the first and the last moment of
    each partition, where time decided.
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
    notes: tuple[str, ...] = ()


class ResamplingPlan(Record):
    """What happens to each train row and which rows are made.

    `copies_file`: Arrow file with source_row (int64, ascending, every train row) and copies (int32; 0 dropped, 1 kept,
    n repeated), and, where rows are weighted instead of repeated, weight (int32), whose sums by class are `weighted`.
    `synthetic_file`: Arrow file with parent_a, parent_b (int64 source rows), lambda (float64) and one column a voted
    feature; empty text where no row is synthetic. `rows_file`: Arrow file with the features of growing classes, where
    they were read to plan; empty text where they were not.
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
    """The leakage certificate: what was checked on the written files, and the row balance."""

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
    """A published version. Paths are relative to `root`, which is where this reader found it."""

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
    """What resampling did for the learners: the numbers are in `metrics`, a `counterpoise.results.MetricsRecord`."""

    metrics_file: str
    metrics: dict[str, Any]


class Report(Record):
    """The published report: `html` and `metrics` are paths of files."""

    html: str
    metrics: str
    verdict: str
