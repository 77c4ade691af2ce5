"""Where a learner does worst, segment by segment of the test rows, and what it finds among the highest-ranked rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from counterpoise.core.evaluate.ranking import Ranking
from counterpoise.core.labels import class_name
from counterpoise.core.validate.frames import to_series

__all__ = ["JudgedRows", "at_the_top", "worst_slices"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST_POSITIVES = 10
_LEVELS = 20
_SHOWN = 12
_PARTS = 4
_TOPS = (10, 50, 100, 500, 1_000)


@dataclass(frozen=True)
class JudgedRows:
    """Test rows with their scores, what they are, and whether the threshold calls them positive."""

    scores: Floats
    positive: Mask
    called: Mask


def worst_slices(features: pa.Table, rows: JudgedRows) -> list[dict[str, Any]]:
    """Return the segments with the lowest recall, lowest first, each with what recall must be said to lie below.

    A segment is a value of a text or boolean column, a quarter of a number's range by quantiles, or the rows where a
    value is missing. Segments with fewer than ten positives are left out: they say nothing. Each record has `column`,
    `segment`, `rows`, `positives`, `prevalence`, `recall`, `precision` and `roc_auc`, and `recall_low` to
    `precision_high`, Wilson's intervals of 95 %.

    Args:
        features: The feature columns of test.
        rows: The same rows, judged.
    """
    found = [
        _record(name, segment, members, rows)
        for name in features.schema.names
        for segment, members in _segments(features.select([name]))
        if int((members & rows.positive).sum()) >= _FEWEST_POSITIVES
    ]
    return sorted(found, key=lambda one: (one["recall_high"], one["recall"], one["column"], one["segment"]))[:_SHOWN]


def at_the_top(scores: Floats, positive: Mask) -> list[dict[str, Any]]:
    """Return precision and recall among the k rows ranked highest, ties shared out evenly.

    >>> at_the_top(np.linspace(1, 0, 20), np.arange(20) < 5)
    [{'k': 10, 'precision': 0.5, 'recall': 1.0}]

    Args:
        scores: One score a row.
        positive: Which rows are positive.
    """
    order = np.argsort(-scores, kind="stable")
    levels, starts, sizes = np.unique(-scores[order], return_index=True, return_counts=True)
    hits = np.add.reduceat(positive[order].astype(np.float64), starts) if len(levels) else np.zeros(0)
    records = []
    for k in (k for k in _TOPS if k < len(scores)):
        taken = np.clip(k - starts, 0, sizes) / sizes
        true = float((hits * taken).sum())
        records.append({"k": k, "precision": true / k, "recall": true / max(1, int(positive.sum()))})
    return records


def _segments(column: pa.Table) -> Iterator[tuple[str, Mask]]:
    """Yield the segments of one column by name."""
    values = to_series(column.column(0))
    missing = values.isna().to_numpy(dtype=np.bool_)
    if missing.any():
        yield "missing", missing
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        yield from _quarters(values, missing)
    elif not pa.types.is_nested(column.schema[0].type) and values.dtype.kind not in "mM":
        texts = values.map(class_name, na_action="ignore").astype("str")
        for level in texts[~missing].value_counts().index[:_LEVELS]:
            yield str(level), (texts == level).to_numpy(dtype=np.bool_) & ~missing


def _quarters(values: pd.Series[Any], missing: Mask) -> Iterator[tuple[str, Mask]]:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    present = numbers[np.isfinite(numbers)]
    if not len(present):
        return
    inner = np.linspace(0, 1, _PARTS + 1)[1:-1]
    edges = np.unique(np.quantile(present, inner, method="inverted_cdf"))
    edges = edges[edges < present.max()]
    parts = np.searchsorted(edges, numbers, side="left")
    bounds = [present.min(), *edges, present.max()]
    for part in range(len(edges) + 1):
        low, high = bounds[part], bounds[part + 1]
        yield _range_name(low, high, first=part == 0), (parts == part) & ~missing


def _range_name(low: float, high: float, *, first: bool) -> str:
    """Return what to call a range, of which only the first one holds its lower bound.

    >>> _range_name(0, 0, first=True), _range_name(0, 5, first=True), _range_name(5, 9, first=False)
    ('0', '0 to 5', 'above 5 to 9')
    """
    if first:
        return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
    return f"above {low:.6g} to {high:.6g}"


def _record(column: str, segment: str, members: Mask, rows: JudgedRows) -> dict[str, Any]:
    positive, called = rows.positive[members], rows.called[members]
    true = int((positive & called).sum())
    ranking = Ranking.from_scores(rows.scores[members], positive).weigh(np.ones((1, len(positive)), np.int32))
    return {
        "column": column,
        "segment": segment,
        "rows": len(positive),
        "positives": int(positive.sum()),
        "prevalence": float(positive.mean()),
        **_share("recall", true, int(positive.sum())),
        **_share("precision", true, int(called.sum())),
        "roc_auc": float(ranking.roc_auc[0]),
    }


def _share(name: str, hits: int, rows: int) -> dict[str, float | None]:
    """Return a share with Wilson's interval (Journal of the American Statistical Association 22, 1927)."""
    from scipy import stats

    if not rows:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    interval = stats.binomtest(hits, rows).proportion_ci(method="wilson")
    return {name: hits / rows, f"{name}_low": float(interval.low), f"{name}_high": float(interval.high)}
