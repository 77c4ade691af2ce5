"""The section `split`: how rows are split. Decision 16 explains each method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from counterpoise.config._sections.fields import Section
from counterpoise.config._sections.windows import DURATION, WindowText

SplitMethod = Literal["random", "grouped", "stable", "time"]

_OF_TIME = ("gap", "delay", "train", "validation", "test")


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
        pattern=DURATION,
        description="time: the period before validation and before test whose rows are left out because their "
        "labels were not yet known, such as 7 days; a plain number if the time column is numeric.",
    )
    train: WindowText = Field(
        "",
        description="time: the window of train, as a length (7 days) or as from and to: from is in the window, to is "
        "not. Empty: everything before the others. Needs test.",
    )
    validation: WindowText = Field(
        "",
        description="time: the window of validation, likewise. Empty, with test: the newest rows of train's window, "
        "validation_size of them.",
    )
    test: WindowText = Field(
        "",
        description="time: the window of test, likewise, instead of test_size. Lengths alone end with the last row's "
        "day (or hour, if they are in hours).",
    )
    delay: str = Field(
        "",
        pattern=DURATION,
        description="time: how long it takes until a label is known, such as 7 days: rows this long before the "
        "partition that follows train are left out. Needs test.",
    )
    known_positives: Literal["keep", "drop"] = Field(
        "keep",
        description="time: the meaning of columns.group. keep: a group stays in one partition; drop: a group may span "
        "partitions, but rows of validation and test are left out if their group was known as positive by then: "
        "positive in train, or since, with the delay past.",
    )
    duplicates: Literal["together", "near", "ignore"] = Field(
        "together",
        description="together: rows with equal features are kept in one partition; near: also rows that differ by "
        "rounding noise, about a millionth of a column's spread; ignore: they are split freely.",
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
        given = [name for name in _OF_TIME if getattr(self, name)]
        if self.known_positives == "drop":
            given.append("known_positives drop")
        if given and self.method != "time":
            raise ValueError(f"{given[0]} needs method time")
        if not self.test and (self.train or self.validation or self.delay):
            name = next(name for name in ("train", "validation", "delay") if getattr(self, name))
            raise ValueError(f"{name} needs a window for test as well, such as test: 7 days")
        if self.rare_classes == "train_only" and self.method in ("stable", "time"):
            raise ValueError(
                f"with method {self.method} rows must not change their partition: set rare_classes to reject"
            )
        return self

    @property
    def groups_apart(self) -> bool:
        """Whether rows of one group stay in one partition; otherwise known positives leave validation and test."""
        return self.known_positives == "keep"

    @property
    def label_delay(self) -> str:
        """How long it takes until a label is known: the delay, or the gap; empty if neither is set."""
        return self.delay or self.gap
