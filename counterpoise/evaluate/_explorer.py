"""The effect of thresholds on validation and test: counts for a reader to explore, not a recommendation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.metrics import Confusion, decision_metrics
from counterpoise.typing import Floats

MOST_THRESHOLDS = 200
_BY_RECALL = 80
_BY_ALERTS = 70
_ROUND = np.arange(1, 20) / 20
_EXAMPLES = 9


def threshold_counts(
    validation: ScoredRows, test: ScoredRows, *, chosen: Sequence[float], costs: Mapping[str, float]
) -> dict[str, Any]:
    """Return the counts of at most 200 thresholds, from one that calls every row positive to one that calls none.

    Thresholds are halfway between neighbouring scores of validation, in even steps of recall and in geometric steps of
    the number of rows called; they include round values and the thresholds already chosen.

    Args:
        validation: The rows that thresholds are chosen on, at least one.
        test: The rows that thresholds are only shown for.
        chosen: Thresholds to include; those that are not finite are ignored.
        costs: The costs of a `false_positive` and a `false_negative`.

    Returns:
        `threshold`, ascending; for `validation` and `test` their `rows` and `positives`, and per threshold the
        `true_positives` and `false_positives`; `examples`, a few thresholds with all four counts, precision, recall,
        f1, and alerts and cost per thousand rows, on both. Where missing a row costs its amount, also `missed`, the
        total cost of the positives that are not called, per threshold, and `money`, all costs per thousand rows.
    """
    wanted = [value for value in chosen if math.isfinite(value)]
    thresholds = np.unique(np.concatenate([_spread(validation), _ROUND, wanted]))
    parts = {"validation": validation, "test": test}
    tables = {name: _counts(rows, thresholds) for name, rows in parts.items()}
    missed = {name: _missed(rows, thresholds) for name, rows in parts.items()}
    places = np.unique([*np.linspace(0, len(thresholds) - 1, _EXAMPLES).round(), *np.searchsorted(thresholds, wanted)])
    return {
        "threshold": thresholds.tolist(),
        **{name: _as_lists(table) | _listed(missed[name]) for name, table in tables.items()},
        "examples": [
            {
                "threshold": float(thresholds[place]),
                **{
                    name: _example(table, int(place), costs) | _money(table, int(place), missed[name], costs)
                    for name, table in tables.items()
                },
            }
            for place in places.astype(np.int64)
        ],
    }


def _spread(rows: ScoredRows) -> Floats:
    """Return 0, a threshold above all scores, and about `_BY_RECALL` plus `_BY_ALERTS` thresholds in between."""
    order = np.argsort(-rows.scores, kind="stable")
    ranked = rows.scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    found = np.cumsum(rows.positive[order])[last]
    steps = np.concatenate(
        [
            np.searchsorted(found, np.linspace(1, max(1, found[-1]), _BY_RECALL)),
            np.searchsorted(last + 1, np.geomspace(1, len(ranked), _BY_ALERTS)),
        ]
    )
    kept = np.unique(np.minimum(steps, len(last) - 1))
    here, lower = ranked[last[kept]], np.append(ranked[last], 0.0)[kept + 1]
    middle = (here + lower) / 2
    halfway = np.where((lower < middle) & (middle <= here), middle, here)
    return np.concatenate([[0.0, np.nextafter(max(1.0, ranked[0]), np.inf)], halfway])


def _counts(rows: ScoredRows, thresholds: Floats) -> Confusion:
    """Return the decisions at each threshold: rows with a score at or above it are called positive."""
    positive, negative = np.sort(rows.scores[rows.positive]), np.sort(rows.scores[~rows.positive])
    true = len(positive) - np.searchsorted(positive, thresholds)
    false = len(negative) - np.searchsorted(negative, thresholds)
    return Confusion.from_called(true, true + false, positives=len(positive), rows=len(rows.scores))


def _missed(rows: ScoredRows, thresholds: Floats) -> Floats | None:
    """Return what the positives that are not called cost in total, per threshold; None if costs are the same."""
    if rows.missed is None:
        return None
    order = np.argsort(rows.scores[rows.positive], kind="stable")
    costs = np.concatenate([[0.0], np.cumsum(rows.missed[rows.positive][order])])
    return np.asarray(costs[np.searchsorted(rows.scores[rows.positive][order], thresholds)])


def _listed(missed: Floats | None) -> dict[str, Any]:
    return {} if missed is None else {"missed": missed.tolist()}


def _money(table: Confusion, place: int, missed: Floats | None, costs: Mapping[str, float]) -> dict[str, float]:
    """Return all costs per thousand rows at a threshold; nothing if missing a row costs the same for all."""
    if missed is None:
        return {}
    rows = sum(int(value[place]) for value in vars(table).values())
    return {"money": 1000 * (costs["false_positive"] * int(table.false_positives[place]) + float(missed[place])) / rows}


def _as_lists(counts: Confusion) -> dict[str, Any]:
    positives = counts.true_positives[0] + counts.false_negatives[0]
    return {
        "rows": int(positives + counts.false_positives[0] + counts.true_negatives[0]),
        "positives": int(positives),
        "true_positives": counts.true_positives.astype(np.int64).tolist(),
        "false_positives": counts.false_positives.astype(np.int64).tolist(),
    }


def _example(table: Confusion, place: int, costs: Mapping[str, float]) -> dict[str, float]:
    counts = {name: int(value[place]) for name, value in vars(table).items()}
    metrics = decision_metrics(table)
    rows = sum(counts.values())
    cost = costs["false_positive"] * counts["false_positives"] + costs["false_negative"] * counts["false_negatives"]
    return {
        **counts,
        **{name: float(metrics[name][place]) for name in ("precision", "recall", "f1")},
        "alerts": 1000 * (counts["true_positives"] + counts["false_positives"]) / rows,
        "cost": 1000 * cost / rows,
    }
