"""The section of the configuration that says how rows are divided; why each method is as it is: decision 16."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import Section

__all__ = ["SplitConfig", "SplitMethod"]

SplitMethod = Literal["random", "grouped", "stable", "time"]

_DURATION = r"^(\d+(\.\d+)?( ?(second|minute|hour|day|week)s?)?)?$"


class SplitConfig(Section):
    """How rows are divided into train, validation and test."""

    test_size: float = Field(0.2, gt=0, lt=1, description="The share of rows in the test partition.")
    validation_size: float = Field(0.2, gt=0, lt=1, description="The share of rows in the validation partition.")
    method: SplitMethod = Field(
        "random",
        description="random: drawn by class, in whole groups where columns.group is set; grouped: the same, and there "
        "must be groups; stable: by a hash of group, ids or features, so that a row keeps its partition as data grows; "
        "time: the oldest rows in train, the newest in test.",
    )
    salt: str = Field(
        "", max_length=200, description="stable: what the hash is mixed with; another one draws anew. Empty: the seed."
    )
    gap: str = Field(
        "",
        pattern=_DURATION,
        description="time: how long before validation and before test rows are left out, because their labels were not "
        "known then, such as 7 days; a plain number where the time is one.",
    )
    duplicates: Literal["together", "ignore"] = Field(
        "together", description="Rows with equal features: keep them in one partition, or split them freely."
    )
    rare_classes: Literal["stop", "train_only", "reject"] = Field(
        "stop", description="Classes too rare for every partition: stop, keep in train only, or set apart."
    )

    @model_validator(mode="after")
    def _room_for_train(self) -> SplitConfig:
        if self.test_size + self.validation_size >= 1:
            raise ValueError("test_size + validation_size must stay below 1, else nothing is left to train on")
        return self

    @model_validator(mode="after")
    def _settings_of_the_method(self) -> SplitConfig:
        if self.salt and self.method != "stable":
            raise ValueError("salt goes with method stable")
        if self.gap and self.method != "time":
            raise ValueError("gap goes with method time")
        if self.rare_classes == "train_only" and self.method in ("stable", "time"):
            raise ValueError(f"with method {self.method} no row may change its partition: set rare_classes to reject")
        return self
