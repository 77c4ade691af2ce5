"""Intervals of single classes where there are more than two."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.evaluate._inference.bootstrap import Interval, Resampled, interval_of
from counterpoise.evaluate._inference.intervals import ranking_interval, share_interval, units
from counterpoise.evaluate._tables import Codes, LabelCodes
from counterpoise.metrics import METRICS, RANKED
from counterpoise.typing import Matrix

__all__ = ["MOST_CLASSES", "of_class", "smallest_classes", "with_class_intervals"]

MOST_CLASSES = 50
"""Classes that get intervals of their own, the smallest ones: bounds memory and the length of the record."""


def with_class_intervals(
    probability: Matrix, codes: LabelCodes, record: dict[str, Any], resampled: Resampled
) -> list[dict[str, Any]]:
    """Return the entries `per_class` of an arm's record, each with its `intervals`; of the `MOST_CLASSES` smallest.

    Average precision, ROC-AUC and F1 have those of the resamples; precision and recall Wilson's, in which a group
    counts once where rows are grouped.

    Args:
        probability: What the arm answers on test, shape (rows, classes).
        codes: The labels.
        record: What `judge_multiclass` found.
        resampled: What its measure makes of bootstrap resamples; empty without any.
    """
    called, groups = probability.argmax(axis=1), codes.groups.get("test")
    smallest = set(smallest_classes(codes.test).tolist()) if resampled else set()
    entries = []
    for entry in record["per_class"]:
        code = codes.classes.index(entry["class"])
        found: dict[str, Interval | None] = {}
        if code in smallest:
            truth = codes.test == code
            counts = units(truth, groups), units(~truth, groups)
            found = _by_resamples(entry, code, counts, resampled) | {
                "precision": share_interval(entry["precision"], units(called == code, groups)),
                "recall": share_interval(entry["recall"], counts[0]),
            }
        told = {metric: {"low": one.low, "high": one.high} for metric, one in found.items() if one}
        entries.append(entry | {"intervals": told})
    return entries


def _by_resamples(
    entry: dict[str, Any], code: int, counts: tuple[int, int], resampled: Resampled
) -> dict[str, Interval | None]:
    """Return the intervals of a class's rankings and F1; where all resamples agree on the F1 there is none."""
    found = {
        metric: ranking_interval(
            metric, resampled[of_class(metric, code)], entry[metric], positives=counts[0], negatives=counts[1]
        )
        for metric in RANKED
    }
    f1 = interval_of(resampled[of_class("f1", code)], entry["f1"], within=METRICS["f1"].range)
    return {**found, "f1": f1 if f1 and f1.low < f1.high else None}


def of_class(metric: str, code: int) -> str:
    """Return what a class's metric is called among resampled metrics."""
    return f"{metric} of class {code}"


def smallest_classes(truth: Codes) -> Codes:
    """Return the codes of the smallest classes that have rows, `MOST_CLASSES` at most."""
    present, rows = np.unique(truth, return_counts=True)
    return np.asarray(present[np.argsort(rows, kind="stable")][:MOST_CLASSES], np.int32)
