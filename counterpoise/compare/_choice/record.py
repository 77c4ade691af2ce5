"""The record of a choice, and its reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from counterpoise.compare._choice.bound import Against, Pairs, Tried, mean_difference
from counterpoise.config import ResamplingConfig
from counterpoise.metrics import HEADLINE
from counterpoise.records import LearnerTrial, StrategyChoice, StrategyTrial
from counterpoise.resample import Advice
from counterpoise.results import Comparison, learner_label, strategy_label
from counterpoise.strategies import STRATEGIES
from counterpoise.text import signed

_DIGITS = 6
"""Decimals of recorded scores: the rest differs between processors."""


def without_trial(advice: Advice, config: ResamplingConfig, reason: str) -> StrategyChoice:
    """Return the choice of none where there was no trial."""
    return StrategyChoice(
        strategy="none", ratio=config.ratio, k_neighbors=config.k_neighbors, reason=reason,
        train_rows=advice.train_rows,
    )  # fmt: skip


def record_of_trial(
    tried: Sequence[Tried], comparison: Comparison, advice: Advice, config: ResamplingConfig
) -> StrategyChoice:
    """Choose the strategy that is better beyond noise, if there is one, and record the evidence.

    Args:
        tried: What is known of each strategy.
        comparison: The rows and folds of the trial.
        advice: The ratio and the neighbours that were tried.
        config: The configured ones, which none keeps.
    """
    trials = tuple(_trial(one) for one in tried)
    chosen = next((trial.strategy for trial in trials if trial.outcome == "better"), "none")
    settings: Advice | ResamplingConfig = config if chosen == "none" else advice
    return StrategyChoice(
        strategy=chosen,
        ratio=settings.ratio,
        k_neighbors=advice.k_neighbors if STRATEGIES[chosen].searches else config.k_neighbors,
        reason=_reason(chosen, trials, comparison),
        metric=HEADLINE.name,
        rows=comparison.snapshot.rows,
        train_rows=comparison.train_rows,
        folds=comparison.rules.tournament.folds,
        confidence=round(_decisive(tried, chosen).confidence, _DIGITS),
        trials=trials,
    )


def _decisive(tried: Sequence[Tried], chosen: str) -> Tried:
    """Return the chosen strategy or, with none, the one with the most folds."""
    return next((one for one in tried if one.strategy == chosen), max(tried, key=lambda one: len(one.by_fold())))


def _trial(one: Tried) -> StrategyTrial:
    learners = tuple(_learner(who, pairs) for who, pairs in one.pairs.items())
    if one.refused:
        return StrategyTrial(strategy=one.strategy, learners=learners, outcome="refused", reason=one.refused)
    gains = list(one.by_fold().values()) or [0.0]
    mean, low, words = float(np.mean(gains)), one.low, _gain_words(one, gains)
    if not one.gainer:
        return StrategyTrial(strategy=one.strategy, learners=learners, outcome="no_gain", reason=words)
    if loser := one.loser():
        lost = mean_difference(one.pairs[Against(loser, loser)])
        reason = f"{words}, but {signed(lost)} with {learner_label(loser)}"
        return StrategyTrial(strategy=one.strategy, learners=learners, outcome="no_gain", reason=reason)
    if one.passed_over:
        reason = f"{words}, {strategy_label(one.passed_over)} first"
        return StrategyTrial(strategy=one.strategy, learners=learners, outcome="passed_over", reason=reason)
    outcome: Literal["better", "unproven"] = "better" if one.is_better else "unproven"
    bound = "" if low is None else f", at least {signed(low)}"
    verdict = "beyond noise" if outcome == "better" else "which is within noise"
    return StrategyTrial(
        strategy=one.strategy, learners=learners, outcome=outcome, difference=round(mean, _DIGITS),
        low=None if low is None else round(low, _DIGITS), reason=f"{words}{bound}, {verdict}",
    )  # fmt: skip


def _gain_words(one: Tried, gains: Sequence[float]) -> str:
    """Return the mean gain, with which learner, and against which one if that is another."""
    best = one.best()
    other = "" if best == one.leader else f" against {learner_label(one.leader)} without"
    return f"{signed(float(np.mean(gains)))} with {learner_label(best)}{other}"


def _learner(who: Against, pairs: Pairs) -> LearnerTrial:
    scores = [pair.score for pair in pairs.values()] or [0.0]
    without = [pair.without for pair in pairs.values()] or [0.0]
    return LearnerTrial(
        learner=who.learner,
        reference=who.reference,
        score=round(float(np.mean(scores)), _DIGITS),
        without=round(float(np.mean(without)), _DIGITS),
        difference=round(mean_difference(pairs), _DIGITS),
        folds=len(pairs),
    )


def _reason(chosen: str, trials: Sequence[StrategyTrial], comparison: Comparison) -> str:
    """Return one sentence: what was decided, by which evidence."""
    rows, settings = comparison.snapshot.rows, comparison.rules.tournament
    where = f"by {HEADLINE.label} in {settings.folds}-fold cross-validation of {rows:,} train rows"
    tried = "; ".join(f"{strategy_label(trial.strategy)} {trial.reason}" for trial in trials)
    if chosen == "none":
        return f"No strategy was better than no resampling beyond noise, {where}: {tried}."
    label = strategy_label(chosen)
    return f"{label[:1].upper()}{label[1:]} was better than no resampling beyond noise, {where}: {tried}."
