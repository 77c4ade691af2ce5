"""Intervals of single classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.evaluate._class_report import of_class
from counterpoise.evaluate._inference.bootstrap import Interval, Resampled, interval_of
from counterpoise.evaluate._inference.intervals import ranking_interval, share_interval, units
from counterpoise.evaluate._tables import Codes, LabelCodes
from counterpoise.metrics import METRICS, RANKED

MOST_CLASSES = 50
"""The number of classes with their own intervals, smallest first: bounds memory and the length of the record."""


def with_class_intervals(
    called: Codes, codes: LabelCodes, record: dict[str, Any], resampled: Resampled
) -> list[dict[str, Any]]:
    """Return the `per_class` records of an arm with `intervals` for the `MOST_CLASSES` smallest classes.

    F1, and average precision and ROC-AUC where classes are ranked, have bootstrap intervals; precision and recall have
    Wilson's, in which a group counts once if rows are grouped.

    Args:
        called: The class code that the arm decides on, for each row of test.
        codes: The labels.
        record: The record of the arm.
        resampled: The arm's metrics on bootstrap resamples; empty without resamples.
    """
    groups = codes.groups.get("test")
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
        bounds = {metric: {"low": one.low, "high": one.high} for metric, one in found.items() if one}
        entries.append(entry | {"intervals": bounds})
    return entries


def _by_resamples(
    entry: dict[str, Any], code: int, counts: tuple[int, int], resampled: Resampled
) -> dict[str, Interval | None]:
    """Return the intervals of a class's ranking metrics and F1; F1 has none if all resamples agree."""
    found = {
        metric: ranking_interval(
            metric, resampled[of_class(metric, code)], entry[metric], positives=counts[0], negatives=counts[1]
        )
        for metric in RANKED
        if metric in entry
    }
    f1 = interval_of(resampled[of_class("f1", code)], entry["f1"], within=METRICS["f1"].range)
    return {**found, "f1": f1 if f1 and f1.low < f1.high else None}


def smallest_classes(truth: Codes) -> Codes:
    """Return the codes of the smallest non-empty classes, at most `MOST_CLASSES`."""
    present, rows = np.unique(truth, return_counts=True)
    return np.asarray(present[np.argsort(rows, kind="stable")][:MOST_CLASSES], np.int32)
