"""Who takes part in a tournament, and how they are judged."""

from __future__ import annotations

from pydantic import ConfigDict, Field, field_validator

from counterpoise.config._candidates import ALL, parse_learner, parse_strategy
from counterpoise.config._sections.fields import Section
from counterpoise.config._sections.resampling import ResamplingConfig, sampler_settings
from counterpoise.metrics import HEADLINE, ChoiceName
from counterpoise.strategies import STRATEGIES

__all__ = ["ComparisonConfig"]


class ComparisonConfig(Section):
    """Who takes part in `counterpoise compare`, and how they are judged; no published dataset depends on it."""

    model_config = ConfigDict(title="Tournament")  # the form heads the section with the name of its key

    strategies: tuple[str, ...] = Field(
        (),
        max_length=200,
        description='Strategies by name, options as JSON behind it, such as smote {"ratio": 0.5} + random_under; '
        "all for every one; empty for one or two of each family. none and a dummy always take part.",
    )
    learners: tuple[str, ...] = Field(
        (),
        max_length=50,
        description="Learners by name (logistic_regression, random_forest, hist_gradient_boosting, lightgbm) or import "
        'path, parameters as JSON behind it, such as sklearn.tree:DecisionTreeClassifier {"max_depth": 5}; empty for '
        "the first three, and lightgbm where it is installed.",
    )
    folds: int = Field(
        5,
        ge=2,
        le=50,
        description="Folds within the train partition: stratified, with split.method time in time order.",
    )
    repeats: int = Field(1, ge=1, le=20, description="How many times the train rows are divided into stratified folds.")
    metric: ChoiceName = Field(HEADLINE.name, description="The metric that entries are ranked by.")
    max_train_rows: int = Field(
        100_000, ge=100, description="At most so many train rows take part: a stratified sample, told in the notes."
    )
    final: bool = Field(
        True,
        description="Whether the chosen entry, its learner without resampling and a dummy are fitted on all of train "
        "and judged on test, once; each such look is counted.",
    )
    workers: int = Field(0, ge=0, le=256, description="Entries at a time, at most one a processor core; 0 for that.")

    @field_validator("strategies")
    @classmethod
    def _known_strategies(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            for step in parse_strategy(text) if text.strip() != ALL else ():
                if step.name in STRATEGIES:
                    sampler_settings(ResamplingConfig(), step.name, step.options)
        return texts

    @field_validator("learners")
    @classmethod
    def _known_learners(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            parse_learner(text)
        return texts
