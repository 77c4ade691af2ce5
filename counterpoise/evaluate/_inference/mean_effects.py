"""The mean effect of a strategy over its draws: variance between draws and within, and the interval of the mean.

Within: the paired bootstrap of test rows, applied to the mean difference of all draws at once. Between: the variance of
the draws' differences, divided by their number. The interval is the mean plus and minus a t quantile times the root of
the sum, with the degrees of freedom of Welch and Satterthwaite. Differences between draws include noise of test rows
that the bootstrap counts as well, which makes the interval slightly too wide.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.evaluate._draws import LearnerDraws, values_by_draw
from counterpoise.evaluate._inference.bootstrap import CONFIDENCE, Resampled, affordable_resamples, bootstrap
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.runtime import child_generator
from counterpoise.typing import Copies, Floats

_MOST_RESAMPLES = 200


def mean_effects(task: EvaluationTask, draws: dict[str, LearnerDraws], *, seed: int) -> dict[str, dict[str, Any]]:
    """Return the draws of each learner as they are published, see `counterpoise.results.Draws`.

    Args:
        task: The evaluation task.
        draws: The draws by learner, the published one first.
        seed: The run's seed.
    """
    repeated = {name: one for name, one in draws.items() if len(one.arms) > 1}
    resampled = _resampled(task, repeated, seed=seed)
    return {
        name: {
            "number": len(one.arms),
            "sampler": one.sampler and len(one.arms) > 1,
            "learner": one.learner and len(one.arms) > 1,
            "note": one.note,
            "effects": {
                metric: _effect(values_by_draw(one, metric), resampled[name].get(metric))
                for metric in (one.arms[0].resampled.record["test"] if name in repeated else ())
            },
        }
        for name, one in draws.items()
    }


def _resampled(task: EvaluationTask, draws: dict[str, LearnerDraws], *, seed: int) -> dict[str, Resampled]:
    """Return the mean difference over the draws of each learner on bootstrap resamples of test."""
    rows = len(task.codes.test) * task.rankings
    return bootstrap(
        {name: _MeanDifference(one) for name, one in draws.items()},
        strata=task.codes.test,
        groups=task.codes.groups.get("test"),
        resamples=affordable_resamples(rows, min(task.config.bootstrap, _MOST_RESAMPLES)),
        rng=child_generator(seed, "evaluate", "bootstrap of draws"),
    )


class _MeanDifference:
    """Computes the mean difference over draws under given row weights; an arm of several draws is measured once."""

    def __init__(self, draws: LearnerDraws) -> None:
        self._arms = draws.arms

    def __call__(self, weights: Copies) -> Resampled:
        known: dict[int, Resampled] = {}
        total: dict[str, Floats] = {}
        for arms in self._arms:
            if id(arms.natural) not in known:
                known[id(arms.natural)] = arms.natural.measure(weights)
            ours, none = arms.resampled.measure(weights), known[id(arms.natural)]
            for metric in ours.keys() & none.keys():
                total[metric] = total.get(metric, 0.0) + (ours[metric] - none[metric]) / len(self._arms)
        return total


def _effect(values: list[float], resampled: Floats | None) -> dict[str, Any]:
    """Return the mean of the draws with its interval, its standard errors, and the values."""
    found = np.array(values)
    mean, between = float(found.mean()), float(found.var(ddof=1))
    low = high = within = None
    if resampled is not None and len(resampled) > 1 and not np.isnan([*resampled, mean]).any():
        within = float(resampled.var(ddof=1))
        half = _quantile(within, between / len(found), draws=len(found), resamples=len(resampled)) * float(
            np.sqrt(within + between / len(found))
        )
        low, high = mean - half, mean + half
    return {
        "difference": mean,
        "low": low,
        "high": high,
        "within": None if within is None else float(np.sqrt(within)),
        "between": float(np.sqrt(between)),
        "values": values,
    }


def _quantile(within: float, between: float, *, draws: int, resamples: int) -> float:
    """Return the t quantile of a sum of two variances (Welch 1947, Satterthwaite 1946)."""
    from scipy import stats

    total = within + between
    if total == 0:
        return 0.0
    freedom = total**2 / (between**2 / (draws - 1) + within**2 / (resamples - 1))
    return float(stats.t.isf((1 - CONFIDENCE) / 2, freedom))
