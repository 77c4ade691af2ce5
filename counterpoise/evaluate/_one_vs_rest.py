"""The probability of each class against the rest, corrected as with two classes, if there are more than two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import DUMMY, Predictions
from counterpoise.evaluate._calibration.calibrated import (
    calibrate,
    calibration_record,
    correction_record,
    learner_correction,
    prior_correction,
)
from counterpoise.evaluate._inference.class_intervals import smallest_classes
from counterpoise.evaluate._metrics.thresholds import choose_arm_threshold
from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.runtime import child_generator

MOST_CLASSES = 10
"""The number of classes that are corrected, smallest first: each takes as long as two classes do."""


def one_vs_rest(task: EvaluationTask, predictions: Sequence[Predictions], *, seed: int) -> list[dict[str, Any]]:
    """Return one correction per class, as for the positive one of two classes; an empty list with two classes.

    The prior correction is that of a class against all others. It is exact if these kept their shares among themselves,
    which is one more reason to compare candidates.

    Args:
        task: The evaluation task.
        predictions: All arms; those on the published train rows are corrected.
        seed: The run's seed.
    """
    from threadpoolctl import threadpool_limits

    if task.positive is not None:
        return []
    published = [arm for arm in predictions if arm.learner != DUMMY and arm.strategy == task.strategy]
    with threadpool_limits(limits=1):
        return [_class_correction(task, published, code, seed=seed) for code in _classes(task)]


def _classes(task: EvaluationTask) -> Iterator[int]:
    """Yield the classes with rows on both sides everywhere, in the order of the classes."""
    codes = task.codes
    for code in sorted(int(one) for one in smallest_classes(codes.test)[:MOST_CLASSES]):
        parts = (codes.train_natural, codes.train_resampled, codes.validation, codes.test)
        if all(0 < int((part == code).sum()) < len(part) for part in parts):
            yield code


def _class_correction(task: EvaluationTask, arms: Sequence[Predictions], code: int, *, seed: int) -> dict[str, Any]:
    codes = task.codes
    return correction_record(
        prior_correction(codes, code, resampled=task.strategy != "none"),
        {arm.learner: _learner(task, arm, code, seed=seed) for arm in arms},
        positive_class=codes.classes[code],
        test_prevalence=float((codes.test == code).mean()),
    )


def _learner(task: EvaluationTask, arm: Predictions, code: int, *, seed: int) -> dict[str, Any]:
    codes, config, name = task.codes, task.config, task.codes.classes[code]
    made = calibrate(arm, codes, positive=code, method=config.calibration, seed=seed)
    rows = ScoredRows(arm.validation[:, code], codes.validation == code, codes.groups.get("validation"))
    test = ScoredRows(np.ascontiguousarray(arm.test[:, code]), codes.test == code, codes.groups.get("test"))
    rng = child_generator(seed, "evaluate", "one vs rest", arm.learner, arm.strategy, name)
    calibration = calibration_record(made, test, resamples=config.bootstrap, rng=rng)
    threshold = choose_arm_threshold(rows, config=config).value
    return learner_correction(made, calibration, test.scores, threshold=threshold)
