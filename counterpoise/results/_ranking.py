"""The records of a comparison: small, frozen and JSON-serialisable."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, FiniteFloat

from counterpoise.config import (
    BalanceConfig,
    ColumnsConfig,
    ComparisonConfig,
    EvaluationConfig,
    ResamplingConfig,
    SplitConfig,
)
from counterpoise.records import ClassCounts, Count, Name, NonNegative, Record, Sha256, Share, Snapshot, Text
from counterpoise.results._final import Candidate, Final
from counterpoise.results._values import MetricName

DUMMY = "dummy"

Scores = dict[MetricName, FiniteFloat | None]
"""Values by metric."""


class Seeds(Record):
    """The seeds of folds, samplers, learners and the final's bootstrap: the same for every candidate and fold."""

    folds: int
    sampler: int
    learner: int
    bootstrap: int = 0

    @classmethod
    def of(cls, seed: int) -> Seeds:
        """Derive the seeds from a run's seed."""
        from counterpoise.runtime import child_seed

        return cls(**{name: child_seed(seed, "tournament", name) for name in cls.model_fields})


class Rules(Record):
    """The settings of a comparison.

    `split` says whether folds are in time order; `evaluation` defines the class of interest, how thresholds are chosen,
    and how the final is evaluated; `minutes_per_entry` is `timeouts.entry`.
    """

    tournament: ComparisonConfig
    columns: ColumnsConfig
    resampling: ResamplingConfig
    evaluation: EvaluationConfig
    seeds: Seeds
    split: SplitConfig = Field(default_factory=SplitConfig)
    minutes_per_entry: float = 0.0

    @classmethod
    def of(cls, config: BalanceConfig, seeds: Seeds | None = None) -> Rules:
        """Take the settings from a configuration; the seeds are derived from its own unless others are given."""
        return cls(
            tournament=config.tournament,
            columns=config.columns,
            resampling=config.resampling,
            evaluation=config.evaluation,
            seeds=seeds or Seeds.of(config.seed),
            split=config.split,
            minutes_per_entry=config.timeouts.entry,
        )


class InTime(Record):
    """The facts of folds in time order.

    `gap` is how much older than the first test row a train row must be, in the unit of the time column; `test_to_train`
    is the number of test rows by train rows, averaged over the folds; `never_tested` counts the rows of the first
    interval; `prevalence` is the mean share of the class of interest among test rows, None with more than two classes;
    `absent` lists the classes that are missing from the train or test rows of some fold. `gap_words` is the gap as
    people write it; `skipped` counts the windows that folds rolled over without testing them, and `known` the rows that
    were not tested because their group was known as positive by then.
    """

    gap: float
    gap_words: str = ""
    skipped: Count = 0
    known: Count = 0
    test_to_train: float
    never_tested: int
    prevalence: float | None
    absent: tuple[str, ...] = ()


class Comparison(Record):
    """The rows, folds and encoded features that all candidates share, in a folder.

    `snapshot` has the features and label of the train rows that take part. `folds.arrow` in the folder has one int8
    column per repeat with the fold that tests each row, and `ties`, equal for rows that stay together. Each round has
    `train-N.npy` and `test-N.npy`, encoded, and the encoder. The round after the last belongs to the final: it trains
    on all rows. `positive` is the code of the class of interest, -1 with more than two classes. With folds in time
    order, `in_time` is set, and `folds.arrow` also has one boolean column per round, `trained N`, and `time`. If
    missing a row costs its amount, `folds.arrow` has `amount`.
    """

    folder: str
    snapshot: Snapshot
    rules: Rules
    classes: tuple[str, ...]
    counts: ClassCounts
    positive: int
    train_rows: int
    features: dict[str, Any]
    notes: tuple[str, ...] = ()
    in_time: InTime | None = None

    @property
    def test_to_train(self) -> float:
        """The number of test rows by train rows in a round, for errors of scores that share train rows."""
        return 1 / (self.rules.tournament.folds - 1) if self.in_time is None else self.in_time.test_to_train

    @property
    def rounds(self) -> int:
        """The number of fits per candidate for the ranking: folds times repeats."""
        return self.rules.tournament.folds * self.rules.tournament.repeats


class Encoding(Record):
    """The encoding of a round's features: the encoder's description in `features`, and its notes."""

    features: dict[str, Any]
    notes: tuple[str, ...]


class CandidateResult(Candidate):
    """The result of a candidate.

    `status`: ok; refused: it cannot run on this table, or something that it needs is not installed; failed: it raised
    an error. `folds` has the metrics of each fold, None where undefined; `mean`, `deviation` (sample standard
    deviation) and the 95 % interval of the mean from `low` to `high` (see `interval`) are over the folds with a value.
    `pooled` has metrics of the ranking of all out-of-fold scores together, averaged over repeats; empty for folds in
    time order.
    `seconds` counts resampling, fitting and predicting on all folds; `sampling_seconds`, `fit_seconds` and
    `predict_seconds` are its parts. `peak_mb` is the peak resident memory of the candidate's process above that at its
    start, in MB (about 25 of them for code that every candidate loads); None if the system does not report it.
    `warnings` matter when judging the candidate, such as class weights on top of resampling; `notes` come from
    resampling and the learner.
    """

    status: Literal["ok", "refused", "failed"]
    reason: Text = ""
    folds: tuple[Scores, ...] = ()
    mean: Scores = Field(default_factory=dict)
    deviation: Scores = Field(default_factory=dict)
    low: Scores = Field(default_factory=dict)
    high: Scores = Field(default_factory=dict)
    pooled: Scores = Field(default_factory=dict)
    seconds: NonNegative = 0.0
    sampling_seconds: NonNegative = 0.0
    fit_seconds: NonNegative = 0.0
    predict_seconds: NonNegative = 0.0
    peak_mb: NonNegative | None = None
    notes: tuple[Text, ...] = ()
    warnings: tuple[Text, ...] = ()


class Origin(Record):
    """The data needed to run a comparison again: seed, command, source, library versions and configuration."""

    seed: int
    command: str
    run_key: Sha256
    source_digest: Sha256
    libraries: dict[str, str]
    config: dict[str, Any]


class Leaderboard(Record):
    """The result of a comparison.

    `entries` are the candidates, ranked by the mean of `metric`, best first, followed by those for which it is
    undefined, then by those that were refused or failed. `asked` is the strategy that the comparison was asked
    about (`tournament.strategy`), or empty. `chance` is the average precision of a random ranking.
    `chosen` is the simplest of the candidates whose paired difference from the best is within one standard error; None
    if nothing could be measured. `in_time` says whether folds are in time order. `counts` has the number of candidates
    that were `measured` and `set_apart` (refused or failed). `final` is the one access to test, or None. `file` and
    `page` are the addresses of the leaderboard as JSON and as a page, empty if it was not written; `origin` is known
    once it is.
    """

    dataset: Name
    metric: MetricName
    folds: Count
    repeats: Count
    rows: Count
    train_rows: Count
    classes: ClassCounts
    positive_class: Name | None
    asked: Text = ""
    chance: Share
    entries: tuple[CandidateResult, ...]
    chosen: Candidate | None
    best: Candidate | None
    in_time: bool = False
    counts: dict[Name, Count] = Field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    final: Final | None = None
    origin: Origin | None = None
    file: str = ""
    page: str = ""

    @property
    def ranked(self) -> tuple[CandidateResult, ...]:
        """The measured candidates, best first."""
        return tuple(candidate for candidate in self.entries if candidate.status == "ok")

    @property
    def set_apart(self) -> tuple[CandidateResult, ...]:
        """The candidates that were refused or failed."""
        return tuple(candidate for candidate in self.entries if candidate.status != "ok")


class LeaderboardBrief(Record):
    """A leaderboard in brief.

    `board` has no final and origin; `name` is the name of its page; `choice` says which candidate is chosen and why;
    `verdict` is the verdict of the final, empty if there was none; `earlier_looks` is the number of other comparisons
    that accessed test before, and `earlier_versions` that of evaluated versions.
    """

    board: Leaderboard
    name: str
    choice: str
    verdict: str = ""
    earlier_looks: int = 0
    earlier_versions: int = 0
