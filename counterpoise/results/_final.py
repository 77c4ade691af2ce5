"""What the final is made of: finalists, the rows that they are judged on, and who has looked at these before."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, FiniteFloat

from counterpoise.records import ClassCounts, Count, Name, NonNegative, Record, Share, Snapshot, Text

__all__ = ["AccessToTest", "Candidate", "Final", "Finalist", "HeldOut", "Refit", "Role"]

Role = Literal["chosen", "challenger", "reference", "best_none", "dummy"]


class Candidate(Record):
    """One strategy with one learner, as they are written in the configuration; ensembles are both at once."""

    strategy: str
    learner: str

    @property
    def name(self) -> str:
        """The candidate in a few words."""
        return self.learner if self.strategy == self.learner else f"{self.strategy}, {self.learner}"


class AccessToTest(Record):
    """One look at a test partition: who looked, and when it was, ISO 8601 in UTC.

    `key` is that of a tournament, whose `version` is 0, or the run key of the version that was evaluated.
    """

    key: str
    created: str
    version: Count = 0


class HeldOut(Record):
    """The rows that no candidate of the ranking has seen, features and label, untouched.

    `digest` tells one test partition from another; `looks` are those of others at it before this one.
    `groups` are files with the group of each row as a code, by table; none where rows are not grouped.
    """

    validation: Snapshot
    test: Snapshot
    digest: str = ""
    groups: dict[str, str] = Field(default_factory=dict)
    looks: tuple[AccessToTest, ...] = ()


class Refit(Candidate):
    """A candidate fitted on all train rows.

    `status` and `reason` as in the ranking. `answers` is the file of what it says of validation and test rows
    (`validation.npy` and `test.npy`: with two classes a score a row, else shape (rows, classes)); `probabilities` tells
    whether these are probabilities. `after` counts the rows that it was trained on by class, with their weights;
    `training_prevalence` is the share of the class of interest among them, class weights of the learner included; None
    where that is not one number or not known, and with more than two classes. `warnings` as in the ranking.
    """

    status: Literal["ok", "refused", "failed"]
    reason: str = ""
    answers: str = ""
    probabilities: bool = False
    after: ClassCounts = Field(default_factory=dict)
    training_prevalence: FiniteFloat | None = None
    seconds: FiniteFloat = 0.0
    peak_mb: FiniteFloat | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Finalist(Candidate):
    """One candidate of the final: its roles, the cost of its refit, and its arm as in the metrics record.

    `arm` is empty where the refit was refused or failed. `judged_by` is ranking where the candidate gives no
    probabilities: then there are average precision and ROC-AUC, and no threshold. `correction` is its part of the
    metrics record's `correction`; None for rankers, the dummy and more than two classes. Where the prevalence in
    training is unknown, `training_prevalence` is None, there is no prior correction (`odds_factor` 1, no snippet), and
    the calibrator alone corrects the probabilities. `warnings` are those of the ranking.
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


class Final(Record):
    """The one look at test.

    `rows` counts rows by table (train before resampling, validation, test) and class; `chance` is the average precision
    of a ranking by chance on test; `deciding_rows` are the test rows of the rarer of two classes, or of the smallest
    one, and `deciding_rows_are` what they are called. `comparisons` has for each finalist but the dummy the paired
    `differences` from its `reference`. `verdict` is a sentence about `about`, `outcome` is helped, hurt, no_difference,
    undecided or baseline. `test_digest` tells which test partition was looked at, `looks` which other tournaments and
    evaluated versions had looked at it before; `earlier_looks` counts these.
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
