"""The final: finalists, the rows that they are evaluated on, and earlier accesses to the test partition."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, FiniteFloat

from counterpoise.records import ClassCounts, Count, Name, NonNegative, Record, Share, Snapshot, Text

Role = Literal["chosen", "challenger", "reference", "best_none", "dummy"]


class Candidate(Record):
    """One strategy with one learner, as written in the configuration; ensembles are both at once."""

    strategy: str
    learner: str

    @property
    def name(self) -> str:
        """The candidate in a few words."""
        return self.learner if self.strategy == self.learner else f"{self.strategy}, {self.learner}"


class AccessToTest(Record):
    """One access to a test partition: by which run, and when (ISO 8601 in UTC).

    `key` is the key of a comparison, whose `version` is 0, or the run key of the version that was evaluated.
    """

    key: str
    created: str
    version: Count = 0


class HeldOut(Record):
    """The untouched rows that no candidate of the ranking has used, features and label.

    `digest` identifies the test partition; `looks` are earlier accesses by other comparisons and versions. `groups` are
    files with the code of each row's independent unit, by table; empty if these are single rows. `equal_rows` says
    whether the units are sets of equal rows. `amounts` are files with the cost of missing each row, by table; empty if
    it is the same for all rows.
    """

    validation: Snapshot
    test: Snapshot
    digest: str = ""
    groups: dict[str, str] = Field(default_factory=dict)
    equal_rows: bool = False
    amounts: dict[str, str] = Field(default_factory=dict)
    looks: tuple[AccessToTest, ...] = ()


class Refit(Candidate):
    """A candidate fitted on all train rows.

    `status` and `reason` are as in the ranking. `answers` is the folder of its predictions for validation and test rows
    (`validation.npy` and `test.npy`: one score per row with two classes, else shape (rows, classes)); `probabilities`
    says whether these are probabilities. `after` counts the rows that it was trained on by class, including weights;
    `training_prevalence` is the share of the class of interest among them, including class weights of the learner; None
    if it is unknown or not a single number, and with more than two classes. `own_threshold` is the score from which an
    anomaly detector whose contamination is set calls a row an anomaly. `warnings` are as in the ranking.
    """

    status: Literal["ok", "refused", "failed"]
    reason: str = ""
    answers: str = ""
    probabilities: bool = False
    after: ClassCounts = Field(default_factory=dict)
    training_prevalence: FiniteFloat | None = None
    own_threshold: FiniteFloat | None = None
    seconds: FiniteFloat = 0.0
    peak_mb: FiniteFloat | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Finalist(Candidate):
    """One candidate of the final: its roles, the cost of its refit, and its arm as in the metrics record.

    `arm` is empty if the refit was refused or failed. `judged_by` is ranking if the candidate gives no probabilities:
    its threshold is then one of its scores, chosen on validation, and no figure of probabilities exists. `correction`
    is its part of the metrics record's `correction`; None without probabilities, for the dummy and with more than two
    classes. If the training prevalence is unknown, `training_prevalence` is None, there is no prior correction
    (`odds_factor` 1, no snippet), and only the calibrator corrects the probabilities. `warnings` are those of the
    ranking.
    """

    roles: tuple[Role, ...]
    status: Literal["ok", "refused", "failed"]
    reason: Text = ""
    judged_by: Literal["probabilities", "ranking"] = "probabilities"
    train_rows: ClassCounts = Field(default_factory=dict)
    seconds: NonNegative = 0.0
    peak_mb: NonNegative | None = None
    arm: dict[str, Any] = Field(default_factory=dict)
    correction: dict[str, Any] | None = None
    notes: tuple[Text, ...] = ()
    warnings: tuple[Text, ...] = ()


class AsRows(Record):
    """The verdict of a final if each test row were independent, although rows are equal."""

    deciding_rows: Count
    deciding_rows_are: Name
    verdict: Text
    outcome: Name


class Final(Record):
    """The final: the one access to test.

    `rows` counts rows by table (train before resampling, validation, test) and class; `chance` is the average precision
    of a random ranking on test; `deciding_rows` is the number of test rows of the rarer of two classes, or of the
    smallest class, and `deciding_rows_are` their name. `comparisons` has the paired `differences` of each finalist but
    the dummy from its `reference`. `verdict` is a sentence about the candidate `about`, `outcome` is helped, hurt,
    no_difference, undecided or baseline. `test_digest` identifies the test partition; `looks` are the earlier accesses
    to it by other comparisons and evaluated versions, and `earlier_looks` is their number. The comparison of `about`
    has `draws` as in the metrics record if anything in it is random. `as_rows` is the verdict if each test row were
    independent, where few discrete values make many rows equal; null elsewhere.
    """

    rows: dict[str, ClassCounts]
    chance: Share
    deciding_rows: Count
    deciding_rows_are: Name
    verdict_floor: Count
    finalists: tuple[Finalist, ...]
    comparisons: tuple[dict[str, Any], ...]
    about: Candidate
    verdict: Text
    outcome: Name
    threshold_rule: dict[str, Any] | None
    bootstrap: dict[str, Any]
    test_digest: str = ""
    earlier_looks: Count = 0
    looks: tuple[AccessToTest, ...] = ()
    notes: tuple[Text, ...] = ()
    as_rows: AsRows | None = None
