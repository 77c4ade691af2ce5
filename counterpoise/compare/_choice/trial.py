"""The trial of a few strategies against none, by paired cross-validation within train.

What counts is the best learner: the one that ranks best without resampling leads, and a learner with a strategy has to
beat the leader without. All other learners only have to bear the strategy, see `Tried.loser`. A learner leaves the
trial of a strategy when more folds will hardly prove a gain: after the first folds with a mean gain of at most
`LEAST_GAIN`. So where resampling does not help, which is common, the trial costs a few fits. Of the strategies that
gained more than one corrected standard error, the simplest within one standard error of the best meets the other
learners first, and the next one only if that fails. If the gain is not proven by then, but two standard errors, there
is a second pass with other folds.

Gradient boosting takes part with a quarter of its trees and an eighth of its bins: its time grows with both, and where
a rare class upsets it, the first trees show that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from counterpoise.compare._choice.bound import (
    FEWEST_OF_A_CLASS,
    LEAST_GAIN,
    Against,
    Pair,
    Tried,
    mean_difference,
    simplest,
)
from counterpoise.compare._rounds.encoding import encode_round
from counterpoise.compare._rounds.scores import ModelOutput, measure
from counterpoise.compare._rounds.training import RunNotes, predict, train
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import CounterpoiseError, ResamplingError
from counterpoise.metrics import HEADLINE, Ranking
from counterpoise.results import Candidate, Comparison
from counterpoise.typing import Ints

_CHEAPEST_FIRST = ("logistic_regression", "hist_gradient_boosting", "random_forest")

_FIRST_FOLDS = 2
"""The folds that the leader is chosen on, and in which the other learners have to bear a strategy."""

_FEWEST_FOLDS = {"logistic_regression": 3}
"""How many folds the leader takes part in before it may leave the trial of a strategy: one if fits take long."""

_IN_TRIAL = {"hist_gradient_boosting": 'hist_gradient_boosting {"max_iter": 25, "max_bins": 32}'}
"""Learners with other parameters than in the evaluation."""


@dataclass
class Trial:
    """The rows and folds of a trial, and the scores of no resampling.

    Attributes:
        comparison: Rows and folds whose features are not yet encoded; they are when a fold is first used.
        learners: Learners by name.
    """

    comparison: Comparison
    learners: tuple[str, ...]
    _encoded: set[int] = field(default_factory=set)
    _without: dict[tuple[str, int], float | None] = field(default_factory=dict)

    @cached_property
    def _rows(self) -> TrainingRows:
        return TrainingRows(self.comparison)

    @cached_property
    def _judged(self) -> list[int]:
        """The classes with enough rows to be judged; the others take part as what these are told from."""
        counts = self.comparison.counts
        return [code for code, name in enumerate(self.comparison.classes) if counts[name] >= FEWEST_OF_A_CLASS]

    def run(self, strategies: Iterable[str]) -> list[Tried]:
        """Try strategies and return what is known of each, in the same order.

        Raises:
            CounterpoiseError: No resampling cannot be cross-validated, or the machine lacks the memory.
        """
        names = tuple(strategies)
        chances, folds = len(names) * len(self.learners), self.comparison.rules.tournament.folds
        tried = [Tried(name, self.comparison.test_to_train, chances, folds) for name in names]
        with threadpool_limits(limits=1):  # the order of additions, and so the last digit, would vary with threads
            leader, *others = self._leader_first()
            found = {one.strategy: self._seek_gain(one, (leader, *others)) for one in tried}
            open_ones = [name for name, one in found.items() if one.gainer]
            while open_ones:
                name = simplest([found[name] for name in open_ones])
                open_ones.remove(name)
                found[name] = self._decide(found[name], (leader, *others))
                if found[name].is_better:
                    found |= {other: replace(found[other], passed_over=name) for other in open_ones}
                    break
        return list(found.values())

    def _leader_first(self) -> list[str]:
        """Return the learners: the one that ranks best without resampling first, then by cost."""
        learners = sorted(self.learners, key=_cost)
        if len(learners) == 1:
            return learners
        scores = {name: [self._natural(name, fold) for fold in range(_FIRST_FOLDS)] for name in learners}
        known = {name: [score for score in found if score is not None] for name, found in scores.items()}
        leader = max(learners, key=lambda name: float(np.mean(known[name] or [0.0])))
        return [leader, *(name for name in learners if name != leader)]

    def _seek_gain(self, one: Tried, learners: tuple[str, ...]) -> Tried:
        """Return what is known of a strategy after a pass with each learner against the leader, the first one."""
        folds = range(self.comparison.rules.tournament.folds)
        for learner in learners:
            one = self._pass(one, Against(learner, learners[0]), folds)
        return replace(one, gainer=one.promising()) if not one.refused else one

    def _decide(self, one: Tried, learners: tuple[str, ...]) -> Tried:
        """Return what is known of a strategy after the other learners and, if its gain is unproven, a second pass."""
        folds = self.comparison.rules.tournament.folds
        for learner in learners:
            if learner != one.gainer:
                one = self._pass(one, Against(learner, learner), range(_FIRST_FOLDS), bears=True)
        if self.comparison.rounds == folds or not one.is_worth_more_folds:
            return one
        return self._pass(one, Against(one.gainer, learners[0]), range(folds, self.comparison.rounds), bears=True)

    def _pass(self, one: Tried, who: Against, folds: range, *, bears: bool = False) -> Tried:
        """Return what is known of a strategy after a pass; nothing new if it has already left.

        Args:
            one: What was known.
            who: The learner, and the one that it is compared with.
            folds: The folds; those that took part already are not repeated.
            bears: Whether all folds take part even without a gain.
        """
        found = dict(one.pairs.get(who, {}))
        for fold in folds if not one.has_left else ():
            try:
                score = None if fold in found else self._score(one.strategy, who.learner, fold)
            except ResamplingError as error:
                if _depends_on_machine(error, self.comparison):
                    raise
                return replace(one, refused=f"needs {error.expected}; found {error.found}")
            without = self._natural(who.reference, fold)
            if score is not None and without is not None:
                found[fold] = Pair(score, without)
            if not bears and _hopeless(who, found):
                break
        return replace(one, pairs={**one.pairs, who: found})

    def _natural(self, learner: str, fold: int) -> float | None:
        if (learner, fold) not in self._without:
            self._without[learner, fold] = self._score("none", learner, fold)
        return self._without[learner, fold]

    def _score(self, strategy: str, learner: str, fold: int) -> float | None:
        if fold not in self._encoded:
            encode_round(self.comparison, fold)
            self._encoded.add(fold)
        notes = RunNotes()
        trained = train(self._rows, Candidate(strategy=strategy, learner=_IN_TRIAL.get(learner, learner)), fold, notes)
        output = predict(self._rows, trained, self._rows.features("test", fold), notes)
        return _average_precision(output, self._rows.truth(fold), self._judged)


def _hopeless(who: Against, found: dict[int, Pair]) -> bool:
    """Whether a learner need not take part in the rest of the folds."""
    fewest = _FEWEST_FOLDS.get(who.learner, 1) if who.learner == who.reference else 1
    return len(found) >= fewest and mean_difference(found) <= LEAST_GAIN


def _average_precision(output: ModelOutput, truth: Ints, judged: list[int]) -> float | None:
    """Return the average precision of a fold, with more than two classes the mean of the judged ones that it has."""
    if output.scores.ndim == 1:
        return measure(output, truth)[HEADLINE.name]
    once = np.ones((1, len(truth)), np.int32)
    rankings = [Ranking.from_scores(output.scores[:, code], truth == code) for code in judged if (truth == code).any()]
    return float(np.mean([ranking.weigh(once).average_precision[0] for ranking in rankings])) if rankings else None


def _cost(learner: str) -> int:
    return _CHEAPEST_FIRST.index(learner) if learner in _CHEAPEST_FIRST else len(_CHEAPEST_FIRST)


def _depends_on_machine(error: CounterpoiseError, comparison: Comparison) -> bool:
    """Whether a refusal is about the free memory of this machine, on which no decision may depend."""
    return error.reason == "memory_limit" and not comparison.rules.resampling.memory_limit
