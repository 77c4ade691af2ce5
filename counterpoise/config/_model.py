"""The configuration of a balanced dataset: one frozen model for YAML, the command line, Python and the Prefect form.

Field descriptions appear in the form in the Prefect UI. That form shows unions as raw JSON, so no field is a union: an
empty text means "not set". YAML also accepts a mapping where a field is a list of `name=value` texts.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from pydantic import Field, field_validator, model_validator

from counterpoise.config._named_columns import named_columns
from counterpoise.config._sections.columns import ColumnsConfig
from counterpoise.config._sections.comparison import ComparisonConfig
from counterpoise.config._sections.evaluation import EvaluationConfig
from counterpoise.config._sections.execution import EngineConfig
from counterpoise.config._sections.fields import Section
from counterpoise.config._sections.monitor import MonitorConfig
from counterpoise.config._sections.output import OutputConfig
from counterpoise.config._sections.promotion import PromotionConfig
from counterpoise.config._sections.resampling import ResamplingConfig
from counterpoise.config._sections.source import SourceConfig
from counterpoise.config._sections.split import SplitConfig
from counterpoise.config._sections.timeouts import TimeoutsConfig
from counterpoise.config._sections.validation import ValidationConfig

_DATASET_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class BalanceConfig(Section):
    """All settings of one balanced dataset."""

    name: str = Field(
        pattern=_DATASET_NAME,
        description="The name of the dataset: letters, digits, dots, dashes and underscores, not a path.",
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="The seed of all random choices.")
    source: SourceConfig = Field(description="Where the rows come from.")
    columns: ColumnsConfig = Field(description="The role of each column.")
    validation: ValidationConfig = Field(ValidationConfig(), description="The requirements on the data.")
    split: SplitConfig = Field(SplitConfig(), description="How rows are split.")
    resampling: ResamplingConfig = Field(ResamplingConfig(), description="How train is balanced.")
    output: OutputConfig = Field(OutputConfig(), description="Where versions are published.")
    evaluation: EvaluationConfig = Field(EvaluationConfig(), description="How the effect is measured.")
    tournament: ComparisonConfig = Field(ComparisonConfig(), description="How strategies and learners are compared.")
    promotion: PromotionConfig = Field(PromotionConfig(), description="When a version is promoted.")
    monitor: MonitorConfig = Field(MonitorConfig(), description="What the scheduled check of the source compares.")
    timeouts: TimeoutsConfig = Field(TimeoutsConfig(), description="How long the stages may take.")
    engine: EngineConfig = Field(EngineConfig(), description="Which machines do the work.")

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if re.fullmatch(_DATASET_NAME, name) is None:
            raise ValueError("must be a plain name, not a path")
        return name

    @model_validator(mode="after")
    def _required_columns(self) -> BalanceConfig:
        for method, field in (("grouped", "group"), ("time", "time")):
            if self.split.method == method and not getattr(self.columns, field):
                raise ValueError(f"split.method {method} needs columns.{field}")
        for field in ("test_window", "delay"):
            if getattr(self.tournament, field) and self.split.method != "time":
                raise ValueError(f"tournament.{field} needs split.method time")
        if not self.split.groups_apart and not self.columns.group:
            raise ValueError("split.known_positives drop needs columns.group")
        for named in named_columns(self):
            if wrong := named.wrong_role(self.columns):
                raise ValueError(wrong)
        watermark = self.source.watermark
        if watermark and watermark not in (*self.columns.key_columns(), *self.columns.drop):
            raise ValueError(f"source.watermark {watermark!r} would be a feature: add it to columns.ids, time or drop")
        return self

    @model_validator(mode="after")
    def _promotion_by_a_learner_that_is_compared(self) -> BalanceConfig:
        self.promotion.check_learner(self.evaluation.learners)
        return self

    def published(self) -> dict[str, Any]:
        """Return the configuration in its published form: JSON-serialisable and without secrets."""
        return self.model_dump(mode="json")

    def portable(self) -> dict[str, Any]:
        """Return the configuration for manifests and reports: no secrets, no machines, only the last part of paths."""
        settings = self.published()
        settings.pop("engine")
        for section, field in (("source", "path"), ("validation", "suite"), ("output", "root")):
            path = PurePath(settings[section][field])
            if path.is_absolute():
                settings[section][field] = path.name
        return settings
