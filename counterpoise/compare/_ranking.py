"""The leaderboard: entries by the mean of the metric, and the simplest of the best."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.compare._corrected_error import falls_behind
from counterpoise.compare._labels import entry_words
from counterpoise.config import STRATEGIES, parse_strategy
from counterpoise.results import DUMMY, Arena, Entry, EntryResult, Leaderboard

__all__ = ["SMALLER_IS_BETTER", "rank_entries"]

SMALLER_IS_BETTER = ("brier", "log_loss")

_SIMPLICITY = {"none": 0, "threshold": 1, "class_weight": 2, "weights": 3, "random_under": 4, "random_over": 5}
_OTHERS = 6
_CHAINED = 7


def rank_entries(arena: Arena, results: Sequence[EntryResult], *, dataset: str = "") -> Leaderboard:
    """Return the leaderboard.

    Args:
        arena: What was played on.
        results: One result an entry.
        dataset: The dataset's name.
    """
    metric = arena.rules.tournament.metric
    ok = [result for result in results if result.status == "ok"]
    measured = sorted((one for one in ok if one.mean[metric] is not None), key=lambda one: _key(one, metric))
    others = [one for one in ok if one.mean[metric] is None]
    apart = [one for one in results if one.status != "ok"]
    trained = [one for one in measured if one.learner != DUMMY]
    chosen = _simplest(trained, metric, test_to_train=arena.test_to_train) if trained else None
    return Leaderboard(
        dataset=dataset,
        metric=metric,
        folds=arena.rules.tournament.folds,
        repeats=arena.rules.tournament.repeats,
        rows=arena.snapshot.rows,
        train_rows=arena.train_rows,
        classes=arena.counts,
        positive_class=arena.classes[arena.positive] if arena.positive >= 0 else None,
        chance=_chance(arena),
        entries=(*measured, *others, *apart),
        chosen=chosen,
        best=_entry(trained[0]) if trained else None,
        in_time=arena.in_time is not None,
        counts={"measured": len(ok), "set_apart": len(apart)},
        notes=(*arena.notes, *(f"{entry_words(one)}: {warning}" for one in ok for warning in one.warnings)),
    )


def _key(result: EntryResult, metric: str) -> tuple[float, int, str, str]:
    return (-_gain(result, metric), _simplicity(result), result.strategy, result.learner)


def _gain(result: EntryResult, metric: str) -> float:
    """Return an entry's mean, turned so that more is better."""
    mean = result.mean[metric]
    assert mean is not None  # noqa: S101  # only measured entries are ranked
    return -mean if metric in SMALLER_IS_BETTER else mean


def _simplest(ranked: list[EntryResult], metric: str, *, test_to_train: float) -> Entry:
    """Return the simplest strategy within one standard error of the best, of several the one with the best mean.

    The rule of Breiman et al. (1984), paired: entries share folds, so that what an entry loses to the best is judged by
    the spread of that loss, not by how hard the folds are. The standard error is corrected for shared train rows.
    """
    best = ranked[0]
    scores = [fold[metric] for fold in best.folds]
    near = [
        one
        for one in ranked
        if one is best or not falls_behind([fold[metric] for fold in one.folds], scores, test_to_train=test_to_train)
    ]
    return _entry(min(near, key=_simplicity))


def _simplicity(result: EntryResult) -> int:
    steps = parse_strategy(result.strategy)
    if len(steps) > 1:
        return _CHAINED
    return _SIMPLICITY.get(steps[0].name, _OTHERS if steps[0].name in STRATEGIES else _CHAINED)


def _entry(result: EntryResult) -> Entry:
    return Entry(strategy=result.strategy, learner=result.learner)


def _chance(arena: Arena) -> float:
    """Return the average precision of a ranking by chance: the prevalence of tested rows, or its mean over classes."""
    if arena.positive < 0:
        return 1 / len(arena.classes)
    if arena.in_time is not None and arena.in_time.prevalence is not None:
        return arena.in_time.prevalence
    return arena.counts[arena.classes[arena.positive]] / arena.snapshot.rows
