"""The section `tournament`: which strategies and learners are compared, and how."""

from __future__ import annotations

from pydantic import ConfigDict, Field, field_validator, model_validator

from counterpoise.config._candidates import ALL, parse_learner, parse_strategy
from counterpoise.config._sections.fields import Section
from counterpoise.config._sections.resampling import ResamplingConfig, sampler_settings
from counterpoise.config._sections.windows import DURATION
from counterpoise.metrics import HEADLINE, ChoiceName
from counterpoise.strategies import STRATEGIES


class ComparisonConfig(Section):
    """Settings of `counterpoise compare`: candidates and scoring; published datasets do not depend on them."""

    model_config = ConfigDict(title="Tournament")  # the form heads the section with the name of its key

    strategies: tuple[str, ...] = Field(
        (),
        max_length=200,
        description='Strategies by name, optionally followed by options as JSON, such as smote {"ratio": 0.5} + '
        "random_under; all for every strategy; empty for one or two of each family. none and a dummy "
        "are always included.",
    )
    strategy: str = Field(
        "",
        description="A strategy, written as in strategies, to answer for first: does it help? It takes part in any "
        "case. --strategy of counterpoise compare sets it.",
    )
    learners: tuple[str, ...] = Field(
        (),
        max_length=50,
        description="Learners by name (logistic_regression, random_forest, hist_gradient_boosting, lightgbm) or "
        "import path, optionally with parameters as JSON, such as sklearn.tree:DecisionTreeClassifier"
        ' {"max_depth": 5}; empty for the first three, plus lightgbm if installed.',
    )
    folds: int = Field(
        5,
        ge=2,
        le=50,
        description="Folds of the train partition: stratified, or in time order with split.method time.",
    )
    test_window: str = Field(
        "",
        pattern=DURATION,
        description="With split.method time: what each fold tests, such as 1 day; folds then roll forward through "
        "train, the newest last. Empty: folds cut train into intervals with about as many rows.",
    )
    train_window: str = Field(
        "",
        pattern=DURATION,
        description="How far back such a fold trains, such as 7 days; empty for everything older. Needs test_window.",
    )
    step: str = Field(
        "",
        pattern=DURATION,
        description="How far such folds roll forward, test_window or more; empty for test_window. Needs test_window.",
    )
    delay: str = Field(
        "",
        pattern=DURATION,
        description="With split.method time: the label delay between the rows that a fold trains on and those it "
        "tests; empty for split.delay or split.gap.",
    )
    repeats: int = Field(1, ge=1, le=20, description="How many times to repeat the stratified folds.")
    metric: ChoiceName = Field(HEADLINE.name, description="The metric to rank candidates by.")
    max_train_rows: int = Field(
        100_000,
        ge=100,
        description="Maximum number of train rows; beyond it, a stratified sample, mentioned in the notes.",
    )
    final: bool = Field(
        True,
        description="Whether to fit the chosen candidate, its learner without resampling and a dummy on all of train "
        "and score them on test, once; each such access to test is counted.",
    )
    workers: int = Field(
        0, ge=0, le=256, description="Candidates to run in parallel, at most one per CPU core; 0 for one per core."
    )

    @field_validator("strategies")
    @classmethod
    def _known_strategies(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            for step in parse_strategy(text) if text.strip() != ALL else ():
                if step.name in STRATEGIES:
                    sampler_settings(ResamplingConfig(), step.name, step.options)
        return texts

    @field_validator("strategy")
    @classmethod
    def _known_strategy(cls, text: str) -> str:
        if text.strip() == ALL:
            raise ValueError("the strategy to answer for is a single one, not all")
        return "".join(cls._known_strategies((text,))) if text else text

    @field_validator("learners")
    @classmethod
    def _known_learners(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            parse_learner(text)
        return texts

    @model_validator(mode="after")
    def _folds_that_roll(self) -> ComparisonConfig:
        for name in ("train_window", "step"):
            if getattr(self, name) and not self.test_window:
                raise ValueError(f"{name} needs test_window")
        return self
