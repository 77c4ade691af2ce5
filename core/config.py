"""The configuration of one balanced dataset: one frozen model for YAML, the command line, Python and the Prefect form.

Field descriptions become the form in the Prefect UI. That form shows unions as raw JSON, so no field is a union:
an empty text means "not set". Mappings may be written in YAML where the field is a list of `name=value` texts.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from counterpoise.core.config_fields import JsonObjectText, Pairs, Section
from counterpoise.core.history.settings import PromotionConfig
from counterpoise.core.redact import redact_url
from counterpoise.core.strategies import STRATEGIES, StrategyName
from counterpoise.core.tournament.syntax import parse_learner, parse_strategy

__all__ = [
    "BalanceConfig",
    "ColumnsConfig",
    "EvaluationConfig",
    "LearnerName",
    "OutputConfig",
    "PromotionConfig",
    "ResamplingConfig",
    "SourceConfig",
    "SplitConfig",
    "TournamentConfig",
    "ValidationConfig",
    "sampler_settings",
]

LearnerName = Literal["logistic_regression", "hist_gradient_boosting", "random_forest"]

_DATASET_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_MEMORY = r"^(\d+(\.\d+)? ?(MB|GB|MiB|GiB))?$"
_URL_WITHOUT_CREDENTIALS = r"^(?!.*://[^:/@]*:(?!\$\{\w+\}@)[^@]*@).*$"


class SourceConfig(Section):
    """Where the rows come from and how to read them."""

    path: str = Field("", description="A file, a glob or a folder: delimited text, JSON lines, Parquet or Arrow.")
    url: SecretStr = Field(
        SecretStr(""),
        description="A SQLAlchemy URL instead of a path. Write ${VARIABLE} for secrets: they are read from the "
        "environment of the run.",
        json_schema_extra={"pattern": _URL_WITHOUT_CREDENTIALS, "format": "uri-template"},
    )
    table: str = Field("", description="With a URL: the table to read, optionally as schema.table.")
    query: str = Field("", description="With a URL: the query to read instead of a table.")
    format: Literal["auto", "delimited", "jsonl", "parquet", "arrow", "sql"] = Field(
        "auto", description="The format of the source; auto goes by the file name and its first bytes."
    )
    delimiter: str = Field("", max_length=4, description="The field delimiter; empty means sniffed.")
    quote: str = Field("", max_length=1, description="The quote character; empty means sniffed.")
    header: Literal["auto", "yes", "no"] = Field("auto", description="Whether the first line names the columns.")
    encoding: Literal["utf-8", "utf-16", "latin-1"] = Field("utf-8", description="The encoding of text files.")
    missing_values: tuple[str, ...] = Field(
        ("",), description="Cells that mean missing in features, compared after trimming blanks; never in the label."
    )
    types: Pairs = Field(
        (), description="Column types that override the sniffed ones, as name=type, for example zip=string."
    )

    @field_serializer("url")
    def _url_without_secrets(self, url: SecretStr) -> str:
        return redact_url(url.get_secret_value())

    @model_validator(mode="after")
    def _one_source(self) -> SourceConfig:
        url = self.url.get_secret_value()
        if bool(self.path) == bool(url):
            raise ValueError("exactly one of path and url must be set")
        if url and bool(self.table) == bool(self.query):
            raise ValueError("with a url, exactly one of table and query must be set")
        if not url and (self.table or self.query):
            raise ValueError("table and query need a url")
        if url and self.format not in ("auto", "sql"):
            raise ValueError(f"format {self.format} does not go with a url; use auto or sql")
        if not url and self.format == "sql":
            raise ValueError("format sql needs a url")
        return self

    def type_overrides(self) -> dict[str, str]:
        """Return the declared types by column name."""
        return dict(item.rsplit("=", 1) for item in self.types)


class ColumnsConfig(Section):
    """What each column is for; all columns not named here are features."""

    target: str = Field(min_length=1, description="The label column.")
    ids: tuple[str, ...] = Field((), description="Identifiers: kept in keys/, never among the features.")
    group: str = Field("", description="Rows of one group stay in one partition; kept in keys/.")
    time: str = Field("", description="The time of the event; kept in keys/.")
    drop: tuple[str, ...] = Field((), description="Columns to leave out altogether.")
    categorical: tuple[str, ...] = Field(
        (), description="Numeric columns that hold codes: synthetic rows take a vote instead of interpolating."
    )

    @model_validator(mode="after")
    def _one_role_a_column(self) -> ColumnsConfig:
        named = [self.target, *self.ids, *filter(None, (self.group, self.time)), *self.drop]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"a column has one role only, but {', '.join(map(repr, twice))} has several")
        return self

    def key_columns(self) -> tuple[str, ...]:
        """Return the source columns that go to `keys/`, in the order ids, group, time."""
        return (*self.ids, *filter(None, (self.group, self.time)))


class ValidationConfig(Section):
    """What the data must satisfy before it is used."""

    suite: str = Field("", description="A Great Expectations suite (JSON), applied on top of the built-in contract.")
    on_invalid_rows: Literal["stop", "quarantine"] = Field(
        "quarantine", description="Rows that break a critical expectation: stop the run or set them apart."
    )
    max_rejected: float = Field(
        0.1, ge=0, le=1, description="The largest share of rejected rows; above it the run stops."
    )
    schema_changes: Literal["freeze", "evolve"] = Field(
        "freeze",
        description="Columns that are gone, new or of another kind since the last version: stop, or accept and report.",
    )
    drift: Literal["stop", "report", "off"] = Field(
        "stop",
        description="Rows, classes and values against the last version: stop where they look broken, only report, or "
        "do not compare.",
    )
    drift_ignore: tuple[str, ...] = Field(
        (), description="Features whose values differ by nature from delivery to delivery, such as a month."
    )


class SplitConfig(Section):
    """How rows are divided into train, validation and test."""

    test_size: float = Field(0.2, gt=0, lt=1, description="The share of rows in the test partition.")
    validation_size: float = Field(0.2, gt=0, lt=1, description="The share of rows in the validation partition.")
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


class ResamplingConfig(Section):
    """How the train partition, and only it, is balanced."""

    strategy: StrategyName = Field(
        "random_over", description="The resampling strategy; auto takes the advised one and says why."
    )
    ratio: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Wanted size of each smaller class relative to the largest after resampling, or, where larger "
        "classes shrink, of the smallest relative to each of them.",
    )
    class_ratios: Pairs = Field(
        (), description="Ratios of single classes, as class=ratio; the other classes have the ratio above."
    )
    k_neighbors: int = Field(5, ge=1, le=100, description="Neighbours for SMOTE and its family.")
    too_few_neighbors: Literal["stop", "lower_k", "random_over"] = Field(
        "stop", description="A class with k_neighbors rows or fewer: stop, lower k, or repeat its rows instead."
    )
    neighbor_search: Literal["exact", "approximate"] = Field(
        "exact",
        description="How SMOTE and SMOTENC find neighbours: exactly, or by an index for very large classes "
        "(needs counterpoise[approximate]).",
    )
    scale: bool = Field(True, description="Search neighbours in standardised space; values stay in the original one.")
    memory_limit: str = Field(
        "",
        pattern=_MEMORY,
        description="The most memory that resampling may need, such as 8 GiB; empty means what the machine has free.",
    )
    options: JsonObjectText = Field("{}", description="Further options of the sampler, as a JSON object.")

    @model_validator(mode="before")
    @classmethod
    def _ratio_by_class(cls, values: Any) -> Any:
        """Accept a mapping of classes where the ratio stands."""
        if isinstance(values, dict) and isinstance(values.get("ratio"), dict):
            others = {name: value for name, value in values.items() if name != "ratio"}
            return {**others, "class_ratios": values["ratio"]}
        return values

    @field_validator("class_ratios")
    @classmethod
    def _ratios_in_range(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        for pair in pairs:
            name, _, number = pair.rpartition("=")
            if re.fullmatch(r"\d*\.?\d+(?:[eE]-?\d+)?", number) is None or not 0 < float(number) <= 1:
                raise ValueError(f"the ratio of class {name!r} must be above 0 and at most 1, not {number!r}")
        return pairs

    @model_validator(mode="after")
    def _known_options(self) -> ResamplingConfig:
        try:
            STRATEGIES[self.strategy].options.model_validate_json(self.options or "{}")
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            allowed = ", ".join(STRATEGIES[self.strategy].options.model_fields) or "none"
            raise ValueError(f"options of {self.strategy}: {wrong}; allowed: {allowed}") from None
        return self

    def sampler_options(self) -> dict[str, Any]:
        """Return the sampler's own options, as far as they are set."""
        return STRATEGIES[self.strategy].options.model_validate_json(self.options or "{}").given()

    def ratios(self) -> dict[str, float]:
        """Return the ratios of single classes."""
        return {name: float(number) for name, _, number in (pair.rpartition("=") for pair in self.class_ratios)}


class OutputConfig(Section):
    """Where and how versions are published."""

    root: str = Field("datasets", min_length=1, description="The folder that holds all datasets.")
    compression_level: int = Field(1, ge=1, le=19, description="The zstd level of the Parquet files.")
    rows_per_file: int = Field(
        1_000_000, ge=1_000, le=100_000_000, description="About how many rows a part file holds."
    )
    materialise: Literal["rows", "recipe"] = Field(
        "rows",
        description="Publish the train partition as rows, or as the recipe alone, from which `counterpoise rebuild` "
        "makes the rows.",
    )


class EvaluationConfig(Section):
    """How the effect of resampling is measured."""

    enabled: bool = Field(True, description="Whether to train learners and write the report's metrics.")
    learners: tuple[LearnerName, ...] = Field(
        ("logistic_regression", "hist_gradient_boosting"), min_length=1, description="The learners to compare with."
    )
    threshold: Literal["f1", "f2", "mcc", "balanced_accuracy"] = Field(
        "f1", description="The metric that the decision threshold maximises on validation."
    )
    beta: float = Field(1.0, gt=0, le=100, description="How much more recall counts than precision in F-beta.")
    cost_false_positive: float = Field(1.0, ge=0, description="What a false alarm costs, in any unit.")
    cost_false_negative: float = Field(10.0, ge=0, description="What a missed positive costs, in the same unit.")
    min_precision: float = Field(0.8, gt=0, le=1, description="The precision that the operating point by it must have.")
    min_recall: float = Field(0.8, gt=0, le=1, description="The recall that the operating point by it must have.")
    max_alerts: float = Field(
        10.0, gt=0, le=1000, description="The most rows in a thousand that the operating point by it calls positive."
    )
    positive_class: str = Field("", description="With two classes: the one of interest; empty means the rarer one.")
    max_train_rows: int = Field(
        200_000, ge=1_000, description="At most so many train rows a fit: a stratified sample, told in the report."
    )
    bootstrap: int = Field(1_000, ge=0, le=100_000, description="Bootstrap resamples for the intervals; 0 for none.")


class TournamentConfig(Section):
    """Who takes part in `counterpoise compare`, and how they are judged; no published dataset depends on it."""

    strategies: tuple[str, ...] = Field(
        (),
        max_length=200,
        description='Strategies by name, options as JSON behind it, such as smote {"ratio": 0.5} + random_under; '
        "empty for one or two of each family. none and a dummy always take part.",
    )
    learners: tuple[str, ...] = Field(
        (),
        max_length=50,
        description="Learners by name (logistic_regression, random_forest, hist_gradient_boosting, lightgbm) or import "
        'path, parameters as JSON behind it, such as sklearn.tree:DecisionTreeClassifier {"max_depth": 5}; empty for '
        "the first three, and lightgbm where it is installed.",
    )
    folds: int = Field(5, ge=2, le=50, description="Stratified folds within the train partition.")
    repeats: int = Field(1, ge=1, le=20, description="How many times the train rows are divided into folds.")
    metric: Literal["average_precision", "roc_auc", "f1", "mcc", "balanced_accuracy", "brier", "log_loss"] = Field(
        "average_precision", description="The metric that entries are ranked by."
    )
    max_train_rows: int = Field(
        100_000, ge=100, description="At most so many train rows take part: a stratified sample, told in the notes."
    )
    workers: int = Field(0, ge=0, le=256, description="Entries at a time, at most one a processor core; 0 for that.")

    @field_validator("strategies")
    @classmethod
    def _known_strategies(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            for step in parse_strategy(text):
                if step.name in STRATEGIES:
                    sampler_settings(ResamplingConfig(), step.name, step.options)
        return texts

    @field_validator("learners")
    @classmethod
    def _known_learners(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            parse_learner(text)
        return texts


def sampler_settings(section: ResamplingConfig, name: str, options: dict[str, Any]) -> ResamplingConfig:
    """Return the section for another strategy; its own options stay with the strategy that they are for.

    Args:
        section: The settings to start from.
        name: The strategy.
        options: Fields of the section, such as `ratio`, that differ from it.

    Raises:
        ValidationError: The options are wrong.
    """
    settings = section.model_dump()
    if name != section.strategy:
        settings["options"] = "{}"
    return ResamplingConfig.model_validate({**settings, **options, "strategy": name})


class BalanceConfig(Section):
    """Everything that decides one balanced dataset."""

    name: str = Field(
        pattern=_DATASET_NAME,
        description="The name of the dataset: letters, digits, dot, dash and underscore, no path.",
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="The one seed of all random choices.")
    source: SourceConfig = Field(description="Where the rows come from.")
    columns: ColumnsConfig = Field(description="What each column is for.")
    validation: ValidationConfig = Field(ValidationConfig(), description="What the data must satisfy.")
    split: SplitConfig = Field(SplitConfig(), description="How rows are divided.")
    resampling: ResamplingConfig = Field(ResamplingConfig(), description="How train is balanced.")
    output: OutputConfig = Field(OutputConfig(), description="Where versions are published.")
    evaluation: EvaluationConfig = Field(EvaluationConfig(), description="How the effect is measured.")
    tournament: TournamentConfig = Field(TournamentConfig(), description="How strategies and learners are compared.")
    promotion: PromotionConfig = Field(PromotionConfig(), description="When a version is promoted.")

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if re.fullmatch(_DATASET_NAME, name) is None:
            raise ValueError("must be a plain name")
        return name

    @model_validator(mode="after")
    def _promotion_by_a_learner_that_is_compared(self) -> BalanceConfig:
        self.promotion.check_learner(self.evaluation.learners)
        return self

    def published(self) -> dict[str, Any]:
        """Return the configuration as it may be published: JSON-serialisable and without secrets."""
        return self.model_dump(mode="json")

    def portable(self) -> dict[str, Any]:
        """Return the configuration for manifests and reports: without secrets, of absolute paths only the last name."""
        settings = self.published()
        for section, field in (("source", "path"), ("validation", "suite"), ("output", "root")):
            path = PurePath(settings[section][field])
            if path.is_absolute():
                settings[section][field] = path.name
        return settings
