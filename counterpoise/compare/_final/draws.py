"""Further draws of the pair that the verdict is about: its rows drawn and its learners fitted with other seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from counterpoise.compare._final.finalists import LEAVES_ROWS, about, reference_of
from counterpoise.config import Step, parse_strategy
from counterpoise.evaluate import DrawsBudget, affordable_draws
from counterpoise.results import DUMMY, Candidate, Comparison, Leaderboard, Refit
from counterpoise.runtime import child_seed
from counterpoise.strategies import STRATEGIES

Fits = Callable[[Comparison, Sequence[Candidate]], Sequence[Refit]]
"""Fits candidates on all train rows with the seeds of a comparison."""


@dataclass(frozen=True)
class DrawnPair:
    """The candidate and its reference in a further draw; what is not random is as it was published."""

    candidate: Refit
    reference: Refit


@dataclass(frozen=True)
class FinalDraws:
    """The further draws of a candidate and its reference.

    Attributes:
        sampler: Whether the candidate's rows were drawn anew.
        learner: Whether a learner was fitted with other seeds of its own.
        pairs: One per further draw.
        note: Why there are fewer draws than `evaluation.draws`; empty if there are not.
    """

    sampler: bool = False
    learner: bool = False
    pairs: tuple[DrawnPair, ...] = ()
    note: str = ""


def draw_again(comparison: Comparison, leaderboard: Leaderboard, refits: Sequence[Refit], fits: Fits) -> FinalDraws:
    """Return further draws of the candidate that the verdict is about; none if nothing of it is random.

    What is not random is not repeated: a learner that gives the same scores with another seed, and a strategy without
    chance. Draws end as in an evaluation: `evaluation.draws`, fewer for many rows, `evaluation.draws_seconds`.

    Args:
        comparison: The comparison, with the final's round encoded and validation and test written.
        leaderboard: The ranking.
        refits: The finalists as they are published.
        fits: Fits candidates.
    """
    done = {Candidate(strategy=one.strategy, learner=one.learner): one for one in refits if one.status == "ok"}
    pair = _pair(leaderboard)
    if pair is None or not done.keys() >= set(pair):
        return FinalDraws()
    sampler = any(_draws_rows(step) for step in parse_strategy(pair[0].strategy))
    evaluation = comparison.rules.evaluation
    wanted, note = affordable_draws(evaluation, sum(done[pair[0]].after.values()))
    budget, random, pairs = DrawsBudget(evaluation.draws_seconds), list(pair), list[DrawnPair]()
    for draw in range(1, wanted):
        found = dict(zip(random, fits(_reseeded(comparison, draw), random), strict=True))
        failed = next((one for one in found.values() if one.status != "ok"), None)
        if failed is not None:
            note = f"draws ended after {draw} of {wanted}: {failed.reason}"
            break
        if draw == 1:
            random = [one for one in pair if _differs(done[one], found[one])]
            if not random:
                return FinalDraws()
        pairs.append(DrawnPair(*(found[one] if one in random else done[one] for one in pair)))
        if not budget.allows(draw + 1) and draw + 1 < wanted:
            note = budget.note(draw + 1, wanted)
            break
    return FinalDraws(sampler, pair[1] in random or not sampler, tuple(pairs), note)


def _pair(leaderboard: Leaderboard) -> tuple[Candidate, Candidate] | None:
    """Return the candidate of the verdict and its reference; None if the verdict compares nothing."""
    candidate = about(leaderboard)
    if candidate is None or candidate.strategy in LEAVES_ROWS or candidate.learner == DUMMY:
        return None
    reference = reference_of(candidate, leaderboard)
    return None if reference is None else (candidate, reference)


def _draws_rows(step: Step) -> bool:
    return step.name in STRATEGIES and STRATEGIES[step.name].chance


def _reseeded(comparison: Comparison, draw: int) -> Comparison:
    """Return the comparison with other seeds of samplers and learners."""
    seeds = comparison.rules.seeds
    other = {name: child_seed(getattr(seeds, name), "final", "draw", draw) for name in ("sampler", "learner")}
    rules = comparison.rules.model_copy(update={"seeds": seeds.model_copy(update=other)})
    return comparison.model_copy(update={"rules": rules})


def _differs(one: Refit, other: Refit) -> bool:
    """Return whether two fits score the test rows differently."""
    mine, theirs = (np.load(Path(each.answers) / "test.npy") for each in (one, other))
    return not np.array_equal(mine, theirs)
