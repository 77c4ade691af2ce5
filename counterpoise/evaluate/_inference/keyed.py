"""Metrics on resamples that another version can repeat, because the weight of a row depends on its key alone.

Two versions with common test rows give these rows the same weights, whatever the other rows are. So the difference of
two versions on each resample is a paired difference as far as the rows are the same, and an unpaired one as far as they
are not; nobody needs the rows or the scores of the earlier version. Weights are Poisson counts (Hanley and MacGibbon
2006, Creating non-parametric bootstrap samples using Poisson frequencies), scaled so that each class keeps its total.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import EvaluatedArm
from counterpoise.evaluate._inference.bootstrap import affordable_resamples
from counterpoise.evaluate._tables import Codes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.metrics import METRICS
from counterpoise.table import Hashes, salted
from counterpoise.typing import Copies, Floats, Ints

MOST_RESAMPLES = 200
_SALT = 0x6E69_6768_7473_0000
_SCALE = 1_000
_CELLS = 2_000_000
_POISSON = np.cumsum([np.exp(-1.0) / np.prod(np.arange(1.0, count + 1)) for count in range(16)])


def keyed_resamples(task: EvaluationTask, evaluated: list[EvaluatedArm], keys: Hashes) -> dict[str, Any] | None:
    """Return the metrics of the published strategy on keyed resamples of test, by learner; None without a bootstrap.

    Args:
        task: The evaluation task.
        evaluated: All arms; those of another strategy than the published one are skipped.
        keys: One hash per test row, equal for rows that are resampled together.
    """
    from threadpoolctl import threadpool_limits

    resamples = affordable_resamples(len(keys), min(task.config.bootstrap, MOST_RESAMPLES))
    if not resamples:
        return None
    arms = [
        arm for arm in evaluated if (arm.strategy, arm.learner) in {(task.strategy, n) for n in task.config.learners}
    ]
    found: dict[str, dict[str, list[Floats]]] = {arm.learner: {} for arm in arms}
    with threadpool_limits(limits=1):
        for weights in keyed_weights(keys, task.codes.test, resamples=resamples):
            for arm in arms:
                for metric, values in arm.measure(weights).items():
                    if metric in METRICS and METRICS[metric].promotes:
                        found[arm.learner].setdefault(metric, []).append(values)
    return {learner: {name: _short(parts) for name, parts in metrics.items()} for learner, metrics in found.items()}


def keyed_weights(keys: Hashes, strata: Codes, *, resamples: int) -> Iterator[Copies]:
    """Yield the weights of the rows, in parts of several resamples, shape (resamples of this part, rows).

    Args:
        keys: One hash per row.
        strata: The class of each row, whose total weight is the same in each resample.
        resamples: The number of resamples.
    """
    totals = np.bincount(strata)
    step = max(1, _CELLS // max(1, len(keys)))
    for start in range(0, resamples, step):
        numbers = range(start, min(start + step, resamples))
        yield np.stack([_weights(keys, strata, totals, number) for number in numbers])


def _weights(keys: Hashes, strata: Codes, totals: Ints, number: int) -> Copies:
    shares = salted(keys, _SALT + number) / 2.0**64
    copies = np.searchsorted(_POISSON, shares, side="right")
    drawn = np.bincount(strata, weights=copies, minlength=len(totals))
    copies[drawn[strata] == 0] = 1  # a class of which nothing was drawn is left as it is
    drawn = np.where(drawn == 0, totals, drawn)
    scale = _SCALE * np.divide(totals, drawn, out=np.zeros(len(totals)), where=drawn > 0)
    return np.asarray(np.rint(copies * scale[strata]), np.int32)


def _short(parts: list[Floats]) -> list[float]:
    return [float(f"{value:.6g}") for value in np.concatenate(parts).tolist()]
