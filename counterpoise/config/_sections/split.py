"""The section `split`: how rows are split. Decision 16 explains each method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import Section

SplitMethod = Literal["random", "grouped", "stable", "time"]

_DURATION = r"^(\d+(\.\d+)?( ?(second|minute|hour|day|week)s?)?)?$"


class SplitConfig(Section):
    """How rows are split into train, validation and test."""

    test_size: float = Field(0.2, gt=0, lt=1, description="The share of rows in the test partition.")
    validation_size: float = Field(0.2, gt=0, lt=1, description="The share of rows in the validation partition.")
    method: SplitMethod = Field(
        "random",
        description="random: stratified by class, keeping groups together if columns.group is set; grouped: the "
        "same, but groups are required; stable: by a hash of group, ids or features, so that a row "
        "keeps its partition as data grows; time: the oldest rows in train, the newest in test.",
    )
    salt: str = Field(
        "",
        max_length=200,
        description="stable: the salt of the hash; another salt gives another split. Empty: the seed.",
    )
    gap: str = Field(
        "",
        pattern=_DURATION,
        description="time: the period before validation and before test whose rows are left out because their "
        "labels were not yet known, such as 7 days; a plain number if the time column is numeric.",
    )
    duplicates: Literal["together", "ignore"] = Field(
        "together", description="Whether to keep rows with equal features in one partition, or to split them freely."
    )
    rare_classes: Literal["stop", "train_only", "reject"] = Field(
        "stop",
        description="What to do with classes too rare for every partition: stop, keep them in train only, or "
        "reject their rows.",
    )

    @model_validator(mode="after")
    def _room_for_train(self) -> SplitConfig:
        if self.test_size + self.validation_size >= 1:
            raise ValueError("test_size + validation_size must be below 1, to leave rows to train on")
        return self

    @model_validator(mode="after")
    def _settings_of_the_method(self) -> SplitConfig:
        if self.salt and self.method != "stable":
            raise ValueError("salt needs method stable")
        if self.gap and self.method != "time":
            raise ValueError("gap needs method time")
        if self.rare_classes == "train_only" and self.method in ("stable", "time"):
            raise ValueError(
                f"with method {self.method} rows must not change their partition: set rare_classes to reject"
            )
        return self
