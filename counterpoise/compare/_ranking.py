"""The leaderboard: candidates ranked by the mean of the metric, and the simplest of the best."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.compare._corrected_error import falls_behind
from counterpoise.compare._labels import candidate_words
from counterpoise.config import parse_strategy
from counterpoise.metrics import METRICS
from counterpoise.results import DUMMY, Candidate, CandidateResult, Comparison, Leaderboard
from counterpoise.strategies import STRATEGIES, TRAINING

_CHAINED = 7
"""The simplicity of a chain of two strategies."""


def rank_candidates(comparison: Comparison, results: Sequence[CandidateResult], *, dataset: str = "") -> Leaderboard:
    """Rank the candidates and choose one.

    Args:
        comparison: The comparison that the candidates ran in.
        results: One result per candidate.
        dataset: The dataset's name.
    """
    metric = comparison.rules.tournament.metric
    ok = [result for result in results if result.status == "ok"]
    measured = sorted((one for one in ok if one.mean[metric] is not None), key=lambda one: _key(one, metric))
    others = [one for one in ok if one.mean[metric] is None]
    unranked = [one for one in results if one.status != "ok"]
    trained = [one for one in measured if one.learner != DUMMY]
    chosen = _simplest(trained, metric, test_to_train=comparison.test_to_train) if trained else None
    return Leaderboard(
        dataset=dataset,
        metric=metric,
        folds=comparison.rules.tournament.folds,
        repeats=comparison.rules.tournament.repeats,
        rows=comparison.snapshot.rows,
        train_rows=comparison.train_rows,
        classes=comparison.counts,
        positive_class=comparison.classes[comparison.positive] if comparison.positive >= 0 else None,
        asked=comparison.rules.tournament.strategy,
        chance=_chance(comparison),
        entries=(*measured, *others, *unranked),
        chosen=chosen,
        best=_candidate(trained[0]) if trained else None,
        in_time=comparison.in_time is not None,
        counts={"measured": len(ok), "set_apart": len(unranked)},
        notes=(*comparison.notes, *(f"{candidate_words(one)}: {warning}" for one in ok for warning in one.warnings)),
    )


def _key(result: CandidateResult, metric: str) -> tuple[float, int, str, str]:
    return (-_gain(result, metric), _simplicity(result), result.strategy, result.learner)


def _gain(result: CandidateResult, metric: str) -> float:
    """Return a candidate's mean, with the sign that makes larger better."""
    mean = result.mean[metric]
    assert mean is not None  # noqa: S101  # only measured candidates are ranked
    return mean if METRICS[metric].better == "larger" else -mean


def _simplest(ranked: list[CandidateResult], metric: str, *, test_to_train: float) -> Candidate:
    """Return the simplest strategy within one standard error of the best; among several, the one with the best mean.

    The rule of Breiman et al. (1984), paired: candidates share folds, so the spread of their loss to the best counts,
    not the difficulty of the folds. The standard error is corrected for shared train rows.
    """
    best = ranked[0]
    scores = [fold[metric] for fold in best.folds]
    near = [
        one
        for one in ranked
        if one is best or not falls_behind([fold[metric] for fold in one.folds], scores, test_to_train=test_to_train)
    ]
    return _candidate(min(near, key=_simplicity))


def _simplicity(result: CandidateResult) -> int:
    steps = parse_strategy(result.strategy)
    if len(steps) > 1:
        return _CHAINED
    return (STRATEGIES.get(steps[0].name) or TRAINING[steps[0].name]).simplicity


def _candidate(result: CandidateResult) -> Candidate:
    return Candidate(strategy=result.strategy, learner=result.learner)


def _chance(comparison: Comparison) -> float:
    """Return the average precision of a random ranking: the prevalence of the test rows, or its mean over classes."""
    if comparison.positive < 0:
        return 1 / len(comparison.classes)
    if comparison.in_time is not None and comparison.in_time.prevalence is not None:
        return comparison.in_time.prevalence
    return comparison.counts[comparison.classes[comparison.positive]] / comparison.snapshot.rows
