"""Decide what `resampling.strategy: auto` becomes: none, unless something is better beyond noise.

The decision follows from the rows, the configuration and its seed alone. Its time is bounded by counts of rows and
values, not by a clock, so that a rebuild decides alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from counterpoise.compare._choice.bound import Tried
from counterpoise.compare._choice.record import record_of_trial, without_trial
from counterpoise.compare._choice.trial import Trial
from counterpoise.compare._processes.messages import described
from counterpoise.compare._rounds.rows import choose_rows
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.config import BalanceConfig, ComparisonConfig, ResamplingConfig
from counterpoise.errors import ConfigError, CounterpoiseError, ResamplingError
from counterpoise.records import Snapshot, SplitPlan, StrategyChoice
from counterpoise.resample import Advice, ResamplingJob, TrainFacts, advise, follow, open_job, read_facts
from counterpoise.results import Comparison, Rules
from counterpoise.runtime import child_seed, names_refusals

_FOLDS = 5
_PASSES = 2
"""How often the folds are drawn at most."""

_MOST_ROWS, _MOST_VALUES = 4_000, 50_000
_MOST_ROWS_OF_MANY, _MOST_VALUES_OF_MANY = 12_000, 110_000
"""Bounds of the trial: train rows, and rows times features; more of them with more than two classes, whose smallest may
upset a learner among many rows, and do not in a small sample. Beyond the bounds a stratified sample takes part.
"""

_FEWEST_ROWS = 1_000
"""A sample is not made smaller than this for the sake of many features."""


_FEWEST_POSITIVES = 30
"""With fewer rows of the second-largest class hardly anything could be shown; a verdict needs as many."""


@dataclass(frozen=True)
class ChosenResampling:
    """The settings to resample with.

    Attributes:
        settings: A named strategy and its settings.
        choice: How `auto` was decided; None if the strategy was configured by name.
    """

    settings: ResamplingConfig
    choice: StrategyChoice | None = None


@names_refusals("resample")
def choose_resampling(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path, rows_only: bool = False
) -> ChosenResampling:
    """Return the settings to resample train with: as configured or, for `auto`, decided by cross-validation.

    `auto` tries weights and the resampler that suits the rows, each against none on the same folds of train, by average
    precision. None is kept unless the learner of `evaluation.learners` that ranks best without resampling gains by a
    strategy beyond noise, and no other one loses by it.

    Args:
        config: The whole configuration.
        snapshot: The source.
        split: Assigns its rows to train; no other rows are read.
        folder: A working area for the folds.
        rows_only: Whether only strategies that produce rows can be used.

    Raises:
        ResamplingError: A feature is of an extension type, or the trial needs more memory than is free.
        ConfigError: `evaluation.positive_class` names no class.
    """
    if config.resampling.strategy != "auto":
        return ChosenResampling(config.resampling)
    job = open_job(snapshot, split, columns=config.columns, config=config.resampling, seed=config.seed)
    facts = read_facts(job)
    advice = advise(facts, config.resampling)
    if reason := _no_trial(facts, advice):
        choice = without_trial(advice, config.resampling, reason)
    else:
        candidates = tuple(dict.fromkeys(_candidates(advice, rows_only=rows_only)))
        choose = partial(choose_rows, _rules(config, job, advice), snapshot, split, folder=folder)
        choice = _by_trial(config, choose, advice, candidates)
    return ChosenResampling(follow(choice, config.resampling), choice)


def _no_trial(facts: TrainFacts, advice: Advice) -> str:
    """Return why no trial is needed or possible; empty if there should be one."""
    if advice.strategy == "none":
        return advice.reason
    counts = sorted(facts.classes.values())
    if len(counts) < 2 or counts[-2] < _FEWEST_POSITIVES:
        least = counts[-2] if len(counts) > 1 else 0
        return (
            f"With {least:,} train rows beside the largest class no cross-validation could show that resampling helps."
        )
    return ""


def _candidates(advice: Advice, *, rows_only: bool) -> Iterator[str]:
    """Yield the strategies to try: weights in place of repeated rows, which come to the same."""
    yield "random_over" if rows_only else "weights"
    if advice.strategy != "random_over":
        yield advice.strategy


def _rules(config: BalanceConfig, job: ResamplingJob, advice: Advice) -> Rules:
    """Return the settings of the trial: few rows, and fewer neighbours where a fold has too few rows."""
    many = len(job.train.classes) > 2
    most, values = (_MOST_ROWS_OF_MANY, _MOST_VALUES_OF_MANY) if many else (_MOST_ROWS, _MOST_VALUES)
    affordable = max(_FEWEST_ROWS, values // max(1, len(job.roles.features)))
    rows = min(most, config.evaluation.max_train_rows, affordable)
    passes = 1 if config.split.method == "time" else _PASSES
    settings = advice.applied(config.resampling).model_copy(update={"too_few_neighbors": "lower_k"})
    trial = ComparisonConfig(folds=_FOLDS, repeats=passes, max_train_rows=rows, workers=1)
    seed = child_seed(config.seed, "auto")
    return Rules.of(config.model_copy(update={"tournament": trial, "resampling": settings, "seed": seed}))


def _too_few_units(comparison: Comparison) -> str:
    """Return why too few rows are independent: rows of one group, or equal rows, count once; empty if enough are."""
    rows = TrainingRows(comparison)
    units = [len(np.unique(rows.ties[rows.source.labels.codes == code])) for code in range(len(comparison.classes))]
    second = sorted(units)[-2]
    if second >= _FEWEST_POSITIVES:
        return ""
    name = comparison.classes[units.index(second)]
    return f"{name!r} has {second:,} groups of train rows: cross-validation of so few can show nothing."


def _by_trial(
    config: BalanceConfig, choose: partial[Comparison], advice: Advice, candidates: tuple[str, ...]
) -> StrategyChoice:
    """Run the trial; if even no resampling cannot be cross-validated, keep none and say why."""
    try:
        comparison = choose()
        if reason := _too_few_units(comparison):
            return without_trial(advice, config.resampling, reason)
        tried: list[Tried] = Trial(comparison, config.evaluation.learners).run(candidates)
    except (ConfigError, ResamplingError):
        raise
    except CounterpoiseError as error:
        reason = f"cross-validation needs {error.expected}; found {error.found}"
        return without_trial(advice, config.resampling, f"Nothing could be tried: {reason}.")
    except Exception as error:  # noqa: BLE001  # a learner may fail in its own way
        return without_trial(advice, config.resampling, f"Nothing could be tried: {described(error)}.")
    return record_of_trial(tried, comparison, advice, config.resampling)
