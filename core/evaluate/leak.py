"""What this table's score would have looked like with resampling before the split, beside the honest one.

The mistake is common: balance the whole table, then split. Repetitions of a row, or rows made from it, then stand on
both sides, and a learner that remembers rows looks as if it had learnt. On labels that are pure noise a random forest
reaches a ROC-AUC of 0.99 that way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.config import LearnerName
from counterpoise.core.evaluate.features import FeatureEncoder, FeaturePlan, Matrix
from counterpoise.core.evaluate.learners import fit_learner, gathered_warnings
from counterpoise.core.evaluate.ranking import Ranking
from counterpoise.core.randomness import child_generator, child_seed
from counterpoise.core.strategies import STRATEGIES

__all__ = ["simulate_leak"]

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_MOST_ROWS = 10_000
_FEWEST = 20
_TEST_SHARE = 0.4
_NEIGHBORS = 5
_LEARNER: LearnerName = "random_forest"


@dataclass(frozen=True)
class _Sides:
    """Features and labels of both sides of a split."""

    train: Matrix
    train_positive: Mask
    test: Matrix
    test_positive: Mask


def simulate_leak(table: pa.Table, positive: Mask, *, target: str, strategy: str, seed: int) -> dict[str, Any] | None:
    """Return the scores of a random forest with the sampler run after the split, and before it.

    Samplers that add rows are simulated, repetitions by random over-sampling and all others by SMOTE on the encoded
    features; None for strategies that add none, and where either class has fewer than twenty rows.

    Args:
        table: The natural train rows.
        positive: Which of them are of the class of interest.
        target: The label column.
        strategy: The strategy of the run.
        seed: The run's seed.

    Returns:
        `learner`, `sampler`, `rows`, and for `honest` and `leaky` the `average_precision`, `roc_auc` and `prevalence`
        on the rows held out.
    """
    sampler = _sampler_of(strategy)
    chosen = _sample(positive, seed)
    if not sampler or min(positive[chosen].sum(), (~positive[chosen]).sum()) < _FEWEST:
        return None
    table, positive = table.take(pa.array(chosen)), positive[chosen]
    with gathered_warnings():
        encoder = FeatureEncoder(FeaturePlan.of(table, target), seed=child_seed(seed, "leak", "features"))
        features = np.nan_to_num(encoder.fit_transform(table))
    return {
        "learner": _LEARNER,
        "sampler": sampler,
        "rows": len(positive),
        "honest": _scores(_honest(features, positive, sampler, seed), seed),
        "leaky": _scores(_leaky(features, positive, sampler, seed), seed),
    }


def _sampler_of(strategy: str) -> str:
    if strategy in ("random_over", "weights"):
        return "random_over"
    return "smote" if STRATEGIES[strategy].family in ("over", "combine") else ""


def _sample(positive: Mask, seed: int) -> Rows:
    """Return at most so many rows, both classes in proportion, in order."""
    if len(positive) <= _MOST_ROWS:
        return np.arange(len(positive))
    rng = child_generator(seed, "leak", "sample")
    parts = [np.flatnonzero(positive == side) for side in (False, True)]
    sizes = [min(len(part), max(_FEWEST, round(_MOST_ROWS * len(part) / len(positive)))) for part in parts]
    drawn = [rng.choice(part, size, replace=False) for part, size in zip(parts, sizes, strict=True)]
    return np.sort(np.concatenate(drawn))


def _honest(features: Matrix, positive: Mask, sampler: str, seed: int) -> _Sides:
    """Split first, then resample train alone."""
    test = _held_out(positive, seed)
    train, train_positive = _resampled(features[~test], positive[~test], sampler, seed)
    return _Sides(train, train_positive, features[test], positive[test])


def _leaky(features: Matrix, positive: Mask, sampler: str, seed: int) -> _Sides:
    """Resample everything, then split."""
    features, positive = _resampled(features, positive, sampler, seed)
    test = _held_out(positive, seed)
    return _Sides(features[~test], positive[~test], features[test], positive[test])


def _held_out(positive: Mask, seed: int) -> Mask:
    rng = child_generator(seed, "leak", "split")
    test = np.zeros(len(positive), np.bool_)
    for side in (False, True):
        own = np.flatnonzero(positive == side)
        test[rng.choice(own, round(_TEST_SHARE * len(own)), replace=False)] = True
    return test


def _resampled(features: Matrix, positive: Mask, sampler: str, seed: int) -> tuple[Matrix, Mask]:
    from imblearn.over_sampling import SMOTE, RandomOverSampler

    state = child_seed(seed, "leak", sampler)
    neighbors = min(_NEIGHBORS, int(min(positive.sum(), (~positive).sum())) - 1)
    made = RandomOverSampler(random_state=state)
    if sampler == "smote":
        made = SMOTE(k_neighbors=neighbors, random_state=state)
    matrix, labels = made.fit_resample(features, positive)
    return np.asarray(matrix), np.asarray(labels, dtype=np.bool_)


def _scores(sides: _Sides, seed: int) -> dict[str, float]:
    labels = sides.train_positive.astype(np.int32)
    fitted, _ = fit_learner(_LEARNER, sides.train, labels, classes=2, seed=child_seed(seed, "leak", "forest"))
    scores = fitted.probabilities(sides.test)[:, 1]
    quality = Ranking.from_scores(scores, sides.test_positive).weigh(np.ones((1, len(scores)), np.int32))
    return {
        "average_precision": float(quality.average_precision[0]),
        "roc_auc": float(quality.roc_auc[0]),
        "prevalence": float(sides.test_positive.mean()),
    }
