"""Simulate the score of this table with resampling before the split, next to the honest score.

The mistake is common: balance the whole table, then split. Copies of a row, or rows interpolated from it, are then on
both sides, and a learner that memorises rows seems to have learnt. On labels that are pure noise, a random forest
reaches a ROC-AUC of 0.99 that way.

The honest score holds rows out first, as the run does: tied rows on one side, or the newest rows. Encoder, imputer,
scaler and sampler see only the other side. The mistake fits and resamples on all rows, then splits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.config import LearnerName
from counterpoise.evaluate._features import FeatureEncoder, FeaturePlan
from counterpoise.evaluate._leak.sampler import LeakSampler
from counterpoise.evaluate._leak.split import TEST_SHARE, Sides, Ties
from counterpoise.evaluate._learners import fit_learner, gathered_warnings
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.metrics import Ranking
from counterpoise.runtime import child_generator, child_seed
from counterpoise.strategies import STRATEGIES
from counterpoise.typing import Ints, Mask, Matrix

_MOST_ROWS = 10_000
_FEWEST = 20
_FEWEST_ON_A_SIDE = round(TEST_SHARE * _FEWEST)
"""The rows of the smaller class that a split leaves on its smaller side, if there are just enough rows."""
_LEARNER: LearnerName = "random_forest"


@dataclass(frozen=True)
class LeakSetting:
    """The settings of the run that the simulation repeats.

    Attributes:
        ratio: The size of the rarer class as a share of the larger one after resampling.
        ties: Which rows stay together, and their times if the split is by time; None: equal rows stay together.
    """

    ratio: float = 1.0
    ties: Ties | None = None

    @classmethod
    def of(cls, codes: LabelCodes, ties: Ties | None) -> LeakSetting:
        """Return the setting with the ratio that the run reached, including weights.

        Args:
            codes: The labels of train before and after resampling.
            ties: Which natural train rows stay together.
        """
        before = np.bincount(codes.train_natural, minlength=len(codes.classes))
        after = np.bincount(codes.train_resampled, weights=codes.weights, minlength=len(codes.classes))
        return cls(min(1.0, float(after[before.argmin()] / after.max())), ties)


@dataclass(frozen=True)
class _Rows:
    """The rows of the simulation."""

    table: pa.Table
    target: str
    positive: Mask
    ties: Ties


@dataclass(frozen=True)
class _Task:
    """Features and labels of both sides of a split."""

    train: Matrix
    train_positive: Mask
    test: Matrix
    test_positive: Mask


def simulate_leak(
    table: pa.Table, positive: Mask | None, *, target: str, strategy: str, seed: int,
    setting: LeakSetting = LeakSetting(),
) -> dict[str, Any]:  # fmt: skip
    """Return the scores of a random forest with the sampler run after the split, and before it.

    Only strategies that add rows are simulated: random over-sampling stands for repetition, and SMOTE on the encoded,
    scaled features for all others. Of more than 10,000 rows, a sample is used.

    Args:
        table: The natural train rows.
        positive: Which of them are of the class of interest; None with more than two classes.
        target: The label column.
        strategy: The strategy of the run.
        seed: The run's seed.
        setting: The ratio of the run, and which of its rows stay together.

    Returns:
        Either only `skipped`, the reason why nothing is simulated; or `skipped` as null with `learner`, `sampler`,
        `ratio`, `rows`, `test_share`, `held_out` (how the honest rows were held out: `rows`, `tied` rows together, or
        the `newest`), and for `honest` and `leaky` the `roc_auc`, `average_precision`, `prevalence`, `rows` and
        `positives` held out. The two average precisions are at different prevalences and must not be compared.
    """
    if positive is None:
        return {"skipped": "there are more than two classes, and the simulation supports two"}
    sampler = LeakSampler.of(strategy, ratio=setting.ratio, seed=child_seed(seed, "leak", "sampler"))
    if reason := _why_not(strategy, positive, sampler):
        return {"skipped": reason}
    chosen = _sample(positive, seed)
    ties = setting.ties or Ties.of_equal_rows(table.drop_columns([target]))
    rows = _Rows(table.take(pa.array(chosen)), target, positive[chosen], ties.of(chosen))
    sides = rows.ties.sides(rows.positive, seed=child_seed(seed, "leak", "split"))
    if (fewest := sides.fewest(rows.positive)) < _FEWEST_ON_A_SIDE:
        return {"skipped": f"a class has {fewest:,} rows on one side of the split; {_FEWEST_ON_A_SIDE} are needed"}
    return {
        "skipped": None,
        "learner": _LEARNER,
        "sampler": sampler.name,
        "ratio": sampler.ratio,
        "rows": len(chosen),
        "test_share": TEST_SHARE,
        "held_out": rows.ties.kind,
        "honest": _scores(_honest(rows, sides, sampler, seed), seed),
        "leaky": _scores(_leaky(rows, sampler, seed), seed),
    }


def _why_not(strategy: str, positive: Mask, sampler: LeakSampler) -> str:
    """Return why there is nothing to simulate, or an empty text."""
    if strategy == "none":
        return "nothing was resampled"
    if not sampler.name:
        return f"{STRATEGIES[strategy].label} adds no rows, so none can leak to the other side"
    if (fewer := min(int(positive.sum()), int((~positive).sum()))) < _FEWEST:
        return f"the rarer class has {fewer:,} train rows; {_FEWEST} are needed"
    return "" if sampler.adds_to(positive) else "the classes already had the wanted ratio, and no rows were added"


def _sample(positive: Mask, seed: int) -> Ints:
    """Return at most `_MOST_ROWS` rows, stratified by class, in order."""
    if len(positive) <= _MOST_ROWS:
        return np.arange(len(positive))
    rng = child_generator(seed, "leak", "sample")
    parts = [np.flatnonzero(positive == side) for side in (False, True)]
    sizes = [min(len(part), max(_FEWEST, round(_MOST_ROWS * len(part) / len(positive)))) for part in parts]
    drawn = [rng.choice(part, size, replace=False) for part, size in zip(parts, sizes, strict=True)]
    return np.sort(np.concatenate(drawn))


def _honest(rows: _Rows, sides: Sides, sampler: LeakSampler, seed: int) -> _Task:
    """Split first, then fit and resample on train only."""
    train, test = (rows.table.filter(pa.array(side)) for side in (sides.train, sides.test))
    known, asked = _prepared(train, test, target=rows.target, seed=seed)
    return _Task(*sampler.resample(known, rows.positive[sides.train]), asked, rows.positive[sides.test])


def _leaky(rows: _Rows, sampler: LeakSampler, seed: int) -> _Task:
    """Fit and resample on all rows, then split."""
    known, _ = _prepared(rows.table, rows.table.slice(0, 0), target=rows.target, seed=seed)
    features, positive = sampler.resample(known, rows.positive)
    sides = Sides.drawn(positive, seed=child_seed(seed, "leak", "split"))
    return _Task(features[sides.train], positive[sides.train], features[sides.test], positive[sides.test])


def _prepared(train: pa.Table, other: pa.Table, *, target: str, seed: int) -> tuple[Matrix, Matrix]:
    """Return both tables' features encoded, imputed and scaled, fitted on the first table."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    encoder = FeatureEncoder(FeaturePlan.of(train, target), seed=child_seed(seed, "leak", "features"))
    ready = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    with gathered_warnings():
        known = np.asarray(ready.fit_transform(encoder.fit_transform(train)))
        return known, np.asarray(ready.transform(encoder.transform(other))) if other.num_rows else known[:0]


def _scores(task: _Task, seed: int) -> dict[str, Any]:
    labels = task.train_positive.astype(np.int32)
    fitted, _ = fit_learner(_LEARNER, task.train, labels, classes=2, seed=child_seed(seed, "leak", "forest"))
    scores = fitted.probabilities(task.test)[:, 1]
    quality = Ranking.from_scores(scores, task.test_positive).weigh(np.ones((1, len(scores)), np.int32))
    return {
        "roc_auc": float(quality.roc_auc[0]),
        "average_precision": float(quality.average_precision[0]),
        "prevalence": float(task.test_positive.mean()),
        "rows": len(task.test_positive),
        "positives": int(task.test_positive.sum()),
    }
