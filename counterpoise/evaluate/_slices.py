"""The segments of the test rows in which a learner does worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.evaluate._inference.bootstrap import affordable_resamples, iter_weights
from counterpoise.evaluate._inference.intervals import ranking_interval, share_interval, units
from counterpoise.evaluate._segments import segments
from counterpoise.metrics import RANKED, Ranking
from counterpoise.typing import Floats, Mask

_FEWEST_POSITIVES = 10
_SHOWN = 12


@dataclass(frozen=True)
class DecidedRows:
    """Test rows: their scores, labels, decisions at the threshold, and groups if they have any."""

    scores: Floats
    positive: Mask
    called: Mask
    groups: npt.NDArray[np.int32] | None = None

    def among(self, members: Mask) -> DecidedRows:
        """Return the rows of a mask."""
        groups = None if self.groups is None else np.unique(self.groups[members], return_inverse=True)[1]
        return DecidedRows(
            self.scores[members],
            self.positive[members],
            self.called[members],
            None if groups is None else groups.astype(np.int32),
        )


def worst_slices(
    features: pa.Table, rows: DecidedRows, *, resamples: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the segments with the lowest recall, ordered by the upper bound of its interval.

    Segments are those of `counterpoise.evaluate._segments`; those with fewer than ten positives are skipped because
    they are not informative. Each record has `column`, `segment`, `rows`, `positives`, `prevalence`; `recall` and
    `precision` at the threshold with Wilson's 95 % intervals (`recall_low` to `precision_high`), in which a group
    counts once if rows are grouped; and `average_precision`, to be compared with the prevalence, and `roc_auc` with
    bootstrap intervals within the segment. Undefined figures are null.

    Args:
        features: The feature columns of test.
        rows: The same rows with their scores and decisions.
        resamples: The number of bootstrap resamples; large tables get fewer. With 0, rankings have no intervals.
        rng: The random generator of the resamples.
    """
    worst: list[tuple[dict[str, Any], Mask]] = []
    for name in features.schema.names:
        found = [
            (_decided(name, segment, rows.among(members)), members)
            for segment, members in segments(features.select([name]))
            if int((members & rows.positive).sum()) >= _FEWEST_POSITIVES
        ]
        worst = sorted([*worst, *found], key=_by_recall)[:_SHOWN]  # per column: all masks together would be large
    return [record | _ranked(rows.among(members), resamples, rng) for record, members in worst]


def _by_recall(evaluated: tuple[dict[str, Any], Mask]) -> tuple[float, float, str, str]:
    record = evaluated[0]
    return record["recall_high"], record["recall"], record["column"], record["segment"]


def _decided(column: str, segment: str, rows: DecidedRows) -> dict[str, Any]:
    true = int((rows.positive & rows.called).sum())
    return {
        "column": column,
        "segment": segment,
        "rows": len(rows.positive),
        "positives": int(rows.positive.sum()),
        "prevalence": float(rows.positive.mean()),
        **_share("recall", true, rows.positive, rows.groups),
        **_share("precision", true, rows.called, rows.groups),
    }


def _share(name: str, hits: int, members: Mask, groups: npt.NDArray[np.int32] | None) -> dict[str, float | None]:
    """Return a share of the members with its interval."""
    share = hits / int(members.sum()) if members.any() else None
    found = None if share is None else share_interval(share, units(members, groups))
    return {name: share, f"{name}_low": found.low if found else None, f"{name}_high": found.high if found else None}


def _ranked(rows: DecidedRows, resamples: int, rng: np.random.Generator) -> dict[str, float | None]:
    """Return the ranking metrics of the rows, with intervals."""
    ranking = Ranking.from_scores(rows.scores, rows.positive)
    once = ranking.weigh(np.ones((1, len(rows.scores)), np.int32))
    number = affordable_resamples(len(rows.scores), resamples)
    strata = rows.positive.astype(np.int32)
    drawn = [ranking.weigh(part) for part in iter_weights(strata, resamples=number, rng=rng, groups=rows.groups)]
    positives, negatives = units(rows.positive, rows.groups), units(~rows.positive, rows.groups)
    figures: dict[str, float | None] = {}
    for metric in RANKED:
        value = float(getattr(once, metric)[0])
        values = np.concatenate([np.zeros(0), *(getattr(part, metric) for part in drawn)])
        interval = ranking_interval(metric, values, value, positives=positives, negatives=negatives)
        figures[metric] = None if np.isnan(value) else value
        figures[f"{metric}_low"] = interval.low if interval else None
        figures[f"{metric}_high"] = interval.high if interval else None
    return figures
