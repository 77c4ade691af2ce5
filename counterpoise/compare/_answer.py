"""The answer to "does this strategy help me?": paired with no resampling, learner by learner, on the same folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from counterpoise.compare._corrected_error import interval
from counterpoise.compare._final.finalists import reference_of
from counterpoise.compare._labels import candidate_words, learner_words, strategy_words
from counterpoise.metrics import METRICS
from counterpoise.results import Candidate, CandidateResult, Leaderboard
from counterpoise.text import number, signed


@dataclass(frozen=True)
class PairedGain:
    """The mean gain of a candidate over its reference, in the direction that is better, and its 95 % interval.

    `name` says with which learner, and against what if that is not the same learner without resampling.
    """

    name: str
    difference: float
    gain: tuple[float, float, float] | None


def describe_answer(leaderboard: Leaderboard) -> str:
    """Return a sentence that says whether the strategy that was asked about helps; empty if none was.

    The interval is Student's t over the folds, corrected for folds that share train rows. Folds in time order share
    more of them: the largest correction is taken.
    """
    if not leaderboard.asked:
        return ""
    question, found = f"Does {strategy_words(leaderboard.asked)} help?", list(_gains(leaderboard))
    if not found:
        reasons = [one.reason for one in leaderboard.set_apart if one.strategy == leaderboard.asked]
        return f"{question} It could not be measured{f': {reasons[0]}' if reasons else ''}."
    rounds, label = leaderboard.folds * leaderboard.repeats, METRICS[leaderboard.metric].label
    where = f"by {label}, paired with no resampling over {rounds} folds within train"
    return f"{question} {_verdict(found)}, {where}: {'; '.join(map(_numbers, found))}."


def _gains(leaderboard: Leaderboard) -> Iterator[PairedGain]:
    by_name = {(one.strategy, one.learner): one for one in leaderboard.ranked}
    for one in leaderboard.ranked:
        if one.strategy != leaderboard.asked:
            continue
        reference = reference_of(Candidate(strategy=one.strategy, learner=one.learner), leaderboard)
        other = None if reference is None else by_name[reference.strategy, reference.learner]
        if other is not None and (found := _paired(one, other, leaderboard)):
            yield found


def _paired(one: CandidateResult, other: CandidateResult, leaderboard: Leaderboard) -> PairedGain | None:
    metric = leaderboard.metric
    pairs = [(a[metric], b[metric]) for a, b in zip(one.folds, other.folds, strict=True)]
    lost = [a - b for a, b in pairs if a is not None and b is not None]
    if not lost:
        return None
    shared = 1.0 if leaderboard.in_time else 1 / (leaderboard.folds - 1)
    mean, bounds = float(np.mean(lost)), interval(lost, test_to_train=shared)
    gain = None
    if bounds is not None:
        better = METRICS[metric].better == "larger"
        gain = (mean, *bounds) if better else (-mean, -bounds[1], -bounds[0])
    same = one.learner == other.learner
    name = f"with {learner_words(one.learner)}" if same else f"against {candidate_words(other)}"
    return PairedGain(name, mean, gain)


def _verdict(found: list[PairedGain]) -> str:
    helped = any(one.gain is not None and one.gain[1] > 0 for one in found)
    hurt = any(one.gain is not None and one.gain[2] < 0 for one in found)
    if helped and hurt:
        return "It depends on the learner"
    return "Yes" if helped else "No, it hurts" if hurt else "Not measurably"


def _numbers(one: PairedGain) -> str:
    if one.gain is None:
        return f"{one.name} {signed(one.difference)}"
    middle, low, high = one.gain
    if middle != one.difference:  # smaller is better: the interval of the difference is that of the gain, mirrored
        low, high = -high, -low
    return f"{one.name} {signed(one.difference)} (95 % CI {number(low)} to {number(high)})"
