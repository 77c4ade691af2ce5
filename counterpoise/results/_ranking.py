"""What passes between the parts of a tournament: small frozen records, JSON-serialisable."""

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

__all__ = [
    "DUMMY",
    "Candidate",
    "CandidateResult",
    "Comparison",
    "Encoding",
    "InTime",
    "Leaderboard",
    "LeaderboardBrief",
    "Origin",
    "Rules",
    "Seeds",
]

DUMMY = "dummy"

Scores = dict[MetricName, FiniteFloat | None]
"""Values by metric."""


class Seeds(Record):
    """The seeds of folds, samplers, learners and of the final's bootstrap: the same for every candidate and fold."""

    folds: int
    sampler: int
    learner: int
    bootstrap: int = 0

    @classmethod
    def of(cls, seed: int) -> Seeds:
        """Return the seeds that follow from a run's seed."""
        from counterpoise.runtime import child_seed

        return cls(**{name: child_seed(seed, "tournament", name) for name in cls.model_fields})


class Rules(Record):
    """What a tournament takes from the configuration.

    `split` says whether folds are in time order, `evaluation` which class is of interest, how thresholds are chosen,
    and how the final is judged; `minutes_per_entry` is `timeouts.entry`.
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
        """Take the rules out of a configuration, with the seeds that follow from its own unless others are given."""
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
    """What is told of folds in time order.

    `gap` is how much older than the first tested row a row must be to be trained on, in the unit of the column of
    times; `test_to_train` the mean over the folds of tested rows by trained ones; `never_tested` counts the rows of the
    first stretch; `prevalence` is the mean share of the class of interest among tested rows, None with more than two
    classes, and `absent` are classes that some fold has no row of to train or to test on.
    """

    gap: float
    test_to_train: float
    never_tested: int
    prevalence: float | None
    absent: tuple[str, ...] = ()


class Comparison(Record):
    """Rows, folds and encoded features, laid out in a folder for all entries.

    `snapshot` holds the features and label of the train rows that take part, `folds.arrow` in the folder an int8 column
    a repeat: the fold that each row is tested in, and `ties`: equal for rows that stay together. For each round there
    are `train-N.npy` and `test-N.npy`, encoded, and the encoder. The round after the last is the final's: it trains on
    all rows. `positive` is the code of the class of interest, -1 with more than two classes. With folds in time order
    `in_time` is there, and `folds.arrow` has a boolean column a round, `trained N`, and `time`.
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
        """How many rows a round tests for each that it trains on, which scores that share train rows depend on."""
        return 1 / (self.rules.tournament.folds - 1) if self.in_time is None else self.in_time.test_to_train

    @property
    def rounds(self) -> int:
        """How many times each candidate is fitted for the ranking: folds times repeats."""
        return self.rules.tournament.folds * self.rules.tournament.repeats


class Encoding(Record):
    """What was done to a round's features: `features` as the encoder describes itself, and what it had to say."""

    features: dict[str, Any]
    notes: tuple[str, ...]


class CandidateResult(Candidate):
    """What became of a candidate.

    `status`: ok; refused: it cannot run on this table, or what it needs is not installed; failed: it broke down.
    `folds` has the metrics of each fold, None where one is not defined for the candidate; `mean`, `deviation` (sample
    standard deviation) and the 95 % interval of the mean from `low` to `high` (see `spread`) are taken over the folds
    that have a value. `seconds` counts resampling, fitting and predicting on all folds; `sampling_seconds`,
    `fit_seconds` and `predict_seconds` are its parts. `peak_mb` is the highest resident memory of the candidate's
    process above that at its start, in MB (about 25 of them for code that every candidate loads); None where the system
    does not report it. `warnings` matter for judging the candidate, such as class weights on top of resampling; `notes`
    come from resampling and the learner.
    """

    status: Literal["ok", "refused", "failed"]
    reason: Text = ""
    folds: tuple[Scores, ...] = ()
    mean: Scores = Field(default_factory=dict)
    deviation: Scores = Field(default_factory=dict)
    low: Scores = Field(default_factory=dict)
    high: Scores = Field(default_factory=dict)
    seconds: NonNegative = 0.0
    sampling_seconds: NonNegative = 0.0
    fit_seconds: NonNegative = 0.0
    predict_seconds: NonNegative = 0.0
    peak_mb: NonNegative | None = None
    notes: tuple[Text, ...] = ()
    warnings: tuple[Text, ...] = ()


class Origin(Record):
    """What it takes to play a tournament again: seed, command, source, library versions and configuration."""

    seed: int
    command: str
    run_key: Sha256
    source_digest: Sha256
    libraries: dict[str, str]
    config: dict[str, Any]


class Leaderboard(Record):
    """The outcome of a tournament.

    `entries` are ranked by the mean of `metric`, best first; after them those that it is not defined for, then those
    that were refused or failed. `chance` is the average precision of a ranking by chance. `chosen` is the simplest of
    the entries whose paired difference from the best is within one standard error; None where nothing could be
    measured. `in_time` tells whether folds are in time order. `counts` has how many entries were `measured` and
    `set_apart`. `final` is the one look at test, None where there was none. `file` and `page` are where the leaderboard
    was written as JSON and as a page, empty texts where it was not; `origin` is known then.
    """

    dataset: Name
    metric: MetricName
    folds: Count
    repeats: Count
    rows: Count
    train_rows: Count
    classes: ClassCounts
    positive_class: Name | None
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
        """The entries that were measured, best first."""
        return tuple(candidate for candidate in self.entries if candidate.status == "ok")

    @property
    def set_apart(self) -> tuple[CandidateResult, ...]:
        """The entries that were refused or failed."""
        return tuple(candidate for candidate in self.entries if candidate.status != "ok")


class LeaderboardBrief(Record):
    """A leaderboard in brief.

    `board` is without final and origin; `name` is the name of its page, `choice` says who is chosen and why, `verdict`
    what came of the look at test, empty text where there was none, `earlier_looks` how many other tournaments had
    looked before it, and `earlier_versions` how many evaluated versions.
    """

    board: Leaderboard
    name: str
    choice: str
    verdict: str = ""
    earlier_looks: int = 0
    earlier_versions: int = 0
