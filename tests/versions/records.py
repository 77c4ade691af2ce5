"""Hand-made metrics records and manifests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from counterpoise.persist import Manifest
from tests.manifests import manifest_of as signed_manifest

__all__ = ["manifest_of", "metrics_of"]

_ARM = {
    "threshold": 0.5,
    "threshold_rule": "f1",
    "validation": {"threshold_metric": 0.4, "average_precision": 0.5},
    "confusion": dict.fromkeys(("true_positives", "false_positives", "false_negatives", "true_negatives"), 250),
    "mean_probability": 0.1,
    "pr_curve": [],
    "roc_curve": [],
    "reliability": [],
    "operating_points": [],
    "thresholds": None,
    "top": [],
    "calibration": None,
    "notes": [],
}
_SETTING: dict[str, Any] = {
    "natural_rows": 3_000,
    "threshold_rule": {"metric": "f1", "wanted": "largest F1", "chosen_on": "validation"},
    "costs": {"false_positive": 1.0, "false_negative": 10.0},
    "features": {},
    "bootstrap": {"resamples": 100, "confidence": 0.95, "method": "stratified"},
    "comparisons": [],
    "correction": None,
    "verdict": "It helped.",
    "verdict_outcome": "helped",
    "slices": None,
    "leak": {"skipped": "nothing was resampled"},
    "notes": [],
}
_UNSAID = dict.fromkeys(("precision", "recall", "g_mean", "accuracy", "log_loss"), 0.5)
_TEST = {"average_precision": 0.5, "roc_auc": 0.8, "f1": 0.4, "mcc": 0.3, "balanced_accuracy": 0.7, "brier": 0.1}


def metrics_of(
    *,
    low: float | None = 0.4,
    metric: str = "average_precision",
    learner: str = "logistic_regression",
    strategy: str = "smote",
    positives: int = 100,
    value: float | None = None,
    half: float = 0.1,
    keyed: Sequence[float] = (),
    **changed: Any,
) -> dict[str, Any]:
    """Return the metrics record of two arms and the dummy; `low` is the lower bound of the resampled arm.

    Args:
        low: The lower bound of the metric; None for no intervals.
        metric: The metric whose value and interval are given.
        learner: The learner.
        strategy: The strategy.
        positives: Positives among 1,000 test rows.
        value: The metric; its interval then reaches `half` to either side.
        half: Half the interval's length.
        keyed: The metric on keyed resamples.
        changed: Other fields.
    """
    intervals = {name: {"low": value - 0.1, "high": value + 0.1} for name, value in _TEST.items()}
    resampled = {**intervals, metric: {"low": low, "high": 0.9}} if low is not None else {}
    scored = dict(_TEST)
    if value is not None:
        scored[metric] = value
        resampled[metric] = {"low": value - half, "high": value + half}
    test = {"rows": 1_000, "classes": {"no": 1_000 - positives, "yes": positives}}
    scores = {**_ARM, "test": {**_TEST, **_UNSAID}}
    return {
        **_SETTING,
        "schema": 1,
        "task": "binary",
        "classes": ["no", "yes"],
        "positive_class": "yes",
        "strategy": strategy,
        "learners": [learner],
        "rows": dict.fromkeys(("train_natural", "train_resampled", "validation", "test"), test),
        "chance_average_precision": positives / 1_000,
        "majority_accuracy": 1 - positives / 1_000,
        "deciding_rows": positives,
        "deciding_rows_are": "positives",
        "verdict_floor": 30,
        "verdict_learner": learner,
        "arms": [
            {**scores, "learner": "dummy", "strategy": "none", "intervals": intervals},
            {**scores, "learner": learner, "strategy": "none", "intervals": intervals},
            {**scores, "test": {**scored, **_UNSAID}, "learner": learner, "strategy": strategy, "intervals": resampled},
        ],
        **({"keyed_resamples": {learner: {metric: list(keyed)}}} if len(keyed) else {}),
        **changed,
    }


def manifest_of(
    *,
    rows: int = 1_000,
    positives: int = 100,
    train: int = 500,
    strategy: str = "smote",
    digest: str = "a",
    maybe: int = 0,
    **config: Any,
) -> Manifest:
    """Return a manifest with 60 % of the rows in train, balanced to `train` rows a class.

    Args:
        rows: Rows of the source but for those of a third class.
        positives: How many of them are positive.
        train: Rows of each class in train after resampling.
        strategy: The resampling strategy.
        digest: The source's digest.
        maybe: Rows of a third class in train, before and after resampling.
        config: Sections of the configuration to show, whatever they are.
    """
    classes = {"no": rows - positives, "yes": positives}
    shares = {"train": 0.6, "validation": 0.2, "test": 0.2}
    parts = {name: {key: int(count * share) for key, count in classes.items()} for name, share in shares.items()}
    third = {"maybe": maybe} if maybe else {}

    def change(content: dict[str, Any]) -> None:
        before = {**parts["train"], **third}
        after = {**dict.fromkeys(classes, train), **third}
        content["source"] |= {"rows": rows + maybe, "digest": digest}
        content["resampling"] |= {"strategy": strategy, "before": before, "after": after}
        for name, part in {**parts, "train": after}.items():
            content["partitions"][name]["classes"] = {**dict.fromkeys(third, 0), **part}
        content["certificate"] |= {"rows_in": rows + maybe, "rows_original": rows + maybe}

    shown = {"seed": 0, "split": {"test_size": 0.2}, **config}
    return signed_manifest(change=change).model_copy(update={"config": shown})
