"""The trial of a few strategies against none, by paired cross-validation within train.

The cheapest learner comes first. A strategy leaves the trial if that learner does not gain: after three folds with a
mean not above that of none, or after a pass with a gain of less than one corrected standard error. So where resampling
does not help, which is common, the trial costs a few fits of a logistic regression. With each other learner a strategy
leaves if it loses more than one corrected standard error. Of the strategies that the first learner gains by, the
simplest within one standard error of the best meets the other learners first, and the next one only if that fails. If
the learners' mean gains more than one standard error, too, there is a second pass with other folds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from counterpoise.compare._choice.bound import Pair, Tried, mean_difference, simplest
from counterpoise.compare._rounds.encoding import encode_round
from counterpoise.compare._rounds.scores import measure
from counterpoise.compare._rounds.training import RunNotes, predict, train
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import CounterpoiseError, ResamplingError
from counterpoise.metrics import HEADLINE
from counterpoise.results import Candidate, Comparison

_FEWEST_FOLDS = 3
"""How many folds a strategy takes part in before it may leave."""

_CHEAPEST_FIRST = ("logistic_regression", "hist_gradient_boosting", "random_forest")


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

    def run(self, strategies: Iterable[str]) -> list[Tried]:
        """Try strategies and return what is known of each, in the same order.

        Raises:
            CounterpoiseError: No resampling cannot be cross-validated, or the machine lacks the memory.
        """
        first, *others = sorted(self.learners, key=_cost)
        folds = self.comparison.rules.tournament.folds
        tried = [Tried(name, self.comparison.test_to_train) for name in strategies]
        with threadpool_limits(limits=1):  # the order of additions, and so the last digit, would vary with threads
            found = {one.strategy: self._pass(one, first, range(folds)) for one in tried}
            open_ones = [name for name, one in found.items() if not one.has_left]
            while open_ones:
                name = simplest([found[name] for name in open_ones])
                open_ones.remove(name)
                found[name] = self._meet_all(found[name], (first, *others))
                if found[name].is_better(len(tried)):
                    found |= {other: replace(found[other], passed_over=name) for other in open_ones}
                    break
        return list(found.values())

    def _meet_all(self, one: Tried, learners: tuple[str, ...]) -> Tried:
        """Return what is known of a strategy after all learners and passes, or until it leaves."""
        folds = self.comparison.rules.tournament.folds
        for start in range(0, self.comparison.rounds, folds):
            for learner in learners if start else learners[1:]:
                one = self._pass(one, learner, range(start, start + folds))
            if one.has_left or not one.is_promising():
                break
        return one

    def _pass(self, one: Tried, learner: str, folds: range) -> Tried:
        """Return what is known of a strategy after a pass with a learner; nothing new if it has already left."""
        if one.has_left:
            return one
        found = dict(one.learners.get(learner, {}))
        for fold in folds:
            try:
                score, without = self._score(one.strategy, learner, fold), self._natural(learner, fold)
            except ResamplingError as error:
                if _depends_on_machine(error, self.comparison):
                    raise
                return replace(one, refused=f"needs {error.expected}; found {error.found}")
            if score is not None and without is not None:
                found[fold] = Pair(score, without)
            if len(found) >= _FEWEST_FOLDS and _hopeless(one, learner, found):
                break
        return replace(one, learners={**one.learners, learner: found})

    def _natural(self, learner: str, fold: int) -> float | None:
        if (learner, fold) not in self._without:
            self._without[learner, fold] = self._score("none", learner, fold)
        return self._without[learner, fold]

    def _score(self, strategy: str, learner: str, fold: int) -> float | None:
        if fold not in self._encoded:
            encode_round(self.comparison, fold)
            self._encoded.add(fold)
        notes = RunNotes()
        trained = train(self._rows, Candidate(strategy=strategy, learner=learner), fold, notes)
        output = predict(self._rows, trained, self._rows.features("test", fold), notes)
        return measure(output, self._rows.truth(fold))[HEADLINE.name]


def _hopeless(one: Tried, learner: str, found: dict[int, Pair]) -> bool:
    """Whether a strategy need not be tried on the rest of the folds."""
    if next(iter(one.learners), learner) == learner:
        return mean_difference(found) <= 0
    so_far = replace(one, learners={**one.learners, learner: found})
    return bool(so_far.loser()) or float(np.mean(so_far.by_fold() or [0.0])) <= 0


def _cost(learner: str) -> int:
    return _CHEAPEST_FIRST.index(learner) if learner in _CHEAPEST_FIRST else len(_CHEAPEST_FIRST)


def _depends_on_machine(error: CounterpoiseError, comparison: Comparison) -> bool:
    """Whether a refusal is about the free memory of this machine, on which no decision may depend."""
    return error.reason == "memory_limit" and not comparison.rules.resampling.memory_limit
