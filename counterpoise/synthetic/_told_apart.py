"""Can synthetic rows be told from real ones? By simple rules, and by a classifier two-sample test.

The unit is the real row. The real rows of the class are divided at random into two halves, with equal rows together,
and a synthetic row counts only if both its parents are in one of them. So what is chosen or learnt on one half has seen
neither the rows of the other, nor their parents, nor their siblings. Synthetic rows are weighted so that each base row
counts as often as among all, however many of its neighbours are in its half: otherwise each half would have more of
them where it happens to be dense, and an AUC of rows that nobody can tell would be below 0.5.

(Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests", ICLR; here with gradient boosting.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from counterpoise.evaluate import build_learner
from counterpoise.resample import decimals_of, float_bits
from counterpoise.results import Telling, TellingRule, ToldApart
from counterpoise.runtime import child_generator, child_seed
from counterpoise.synthetic._column_shift import FeatureValues
from counterpoise.synthetic._rules import Rule, RuleRows, best_rules
from counterpoise.table import Hashes
from counterpoise.typing import Floats, Ints, Mask, Matrix

_MOST_ROWS = 2_000
"""Rows of each kind: two fits of gradient boosting on 4,000 rows take about a second, and an AUC's standard error is
below 0.01."""
_FEWEST_ROWS = 20
"""Of each kind in each half: with fewer, the interval of an AUC is wider than 0.35."""
_RULES = 5
_RESAMPLES = 200
_LEVEL = 0.95


@dataclass(frozen=True)
class ClassRows:
    """Real and synthetic rows of one class.

    Attributes:
        values: Their features.
        synthetic: Which of them are synthetic.
        rows: The source rows of real ones; of synthetic ones the parents, shape (rows, 2), -1 for none.
        contents: A number for each content of features; equal real rows have the same.
        kinds: The types of the numeric features, by name.
        levels: The levels of the other features, by name.
    """

    values: FeatureValues
    synthetic: Mask
    rows: Ints
    contents: Hashes
    kinds: dict[str, pa.DataType]
    levels: dict[str, pa.Array]

    def take(self, chosen: Ints) -> ClassRows:
        """Return a selection of the rows."""
        return ClassRows(
            self.values.take(chosen), self.synthetic[chosen], self.rows[chosen], self.contents[chosen], self.kinds,
            self.levels,
        )  # fmt: skip


def tell_apart(rows: ClassRows, *, name: str, seed: int) -> ToldApart:
    """Return how well rules and a classifier tell a class's synthetic rows from its real ones.

    Args:
        rows: Its rows, each kind in random order.
        name: The class.
        seed: The run's seed.
    """
    halves = _halves(rows, child_generator(seed, "told apart", name))
    chosen = np.concatenate([np.flatnonzero((halves >= 0) & (rows.synthetic == side))[:_MOST_ROWS] for side in (0, 1)])
    kept, side = rows.take(chosen), halves[chosen] == 1
    counts = [int((kept.synthetic[side == half] == made).sum()) for half in (0, 1) for made in (0, 1)]
    facts = {"name": name, "real_rows": counts[0] + counts[2], "synthetic_rows": counts[1] + counts[3]}
    if min(counts) < _FEWEST_ROWS:
        return ToldApart(**facts)
    _, which, times = np.unique(rows.contents, return_inverse=True, return_counts=True)
    tried = RuleRows(kept.values, kept.synthetic, ~side, kept.kinds, kept.levels, (times[which] > 1)[chosen])
    rules = [_measured(rule, tried) for rule in best_rules(tried)]
    weights = _weights(rows, halves)[chosen]
    return ToldApart(
        **facts,
        rules=tuple(rules[:_RULES]),
        format=next((rule for rule in rules if rule.kind == "format"), None),
        classifier=_classified(kept, side, weights, child_seed(seed, "told apart", "classifier", name)),
    )


def _halves(rows: ClassRows, rng: np.random.Generator) -> Ints:
    """Return the half of each row, 0 or 1; -1 for synthetic rows whose parents are in both, or not in the sample."""
    real = ~rows.synthetic
    contents, which = np.unique(rows.contents[real], return_inverse=True)
    side = rng.permutation(len(contents)) % 2
    halves = np.full(len(rows.synthetic), -1, dtype=np.int64)
    halves[real] = side[which]
    known = rows.rows[real, 0]
    order = np.argsort(known)
    if not len(order):
        return halves
    parents = rows.rows[rows.synthetic]
    parents = np.where(parents < 0, parents[:, :1], parents)
    places = order[np.clip(np.searchsorted(known, parents, sorter=order), 0, len(known) - 1)]
    found = known[places] == parents
    of_parents = np.where(found, halves[real][places], -1)
    halves[rows.synthetic] = np.where(of_parents[:, 0] == of_parents[:, 1], of_parents[:, 0], -1)
    return halves


def _weights(rows: ClassRows, halves: Ints) -> Floats:
    """Return the weight of each row: of a synthetic one, how many rows of its base there are for each that counts."""
    weights = np.ones(len(halves))
    _, base = np.unique(rows.rows[rows.synthetic, 0], return_inverse=True)
    counts = halves[rows.synthetic] >= 0
    weights[rows.synthetic] = (np.bincount(base) / np.maximum(np.bincount(base, weights=counts), 1))[base]
    return weights


def _measured(rule: Rule, tried: RuleRows) -> TellingRule:
    """Return a rule with its figures on the half that it was not chosen on."""
    shares = tried.shares(rule, chosen_on=False)
    auc, ends = 0.5 + shares.difference / 2, sorted((1 + end) / 2 for end in shares.interval())
    if tried.gain(rule) < 0:
        auc, ends = 1 - auc, [1 - end for end in reversed(ends)]
    return TellingRule(
        kind=rule.kind, column=rule.column, text=rule.text, synthetic=shares.synthetic, real=shares.real, auc=auc,
        low=ends[0], high=ends[1],
    )  # fmt: skip


def _classified(rows: ClassRows, side: Mask, counted: Floats, seed: int) -> Telling:
    from threadpoolctl import threadpool_limits

    features = _features(rows)
    scores = np.zeros(len(side))
    for half in (False, True):
        model = build_learner("hist_gradient_boosting", seed).set_params(max_iter=60)
        fitted, scored = side != half, side == half
        totals = [counted[fitted & (rows.synthetic == made)].sum() for made in (False, True)]
        weights = counted * fitted.sum() / 2 / np.where(rows.synthetic, totals[1], totals[0])
        with threadpool_limits(limits=1):  # so few rows take longer on several threads
            model.fit(features[fitted], rows.synthetic[fitted], sample_weight=weights[fitted])
            scores[scored] = model.predict_proba(features[scored])[:, 1]
    halves = [_Ranking.of(rows, scores, counted, side == half) for half in (False, True)]
    units = np.unique(rows.rows[:, 0])
    rng = np.random.default_rng(seed)
    drawn = [rng.multinomial(len(units), np.full(len(units), 1 / len(units))) for _ in range(_RESAMPLES)]
    aucs = [np.mean([half.auc(weights[half.units(units)]) for half in halves]) for weights in drawn]
    low, high = np.nanquantile(aucs, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    auc = float(np.mean([half.auc(np.ones(len(half.bases))) for half in halves]))
    return Telling(auc=auc, low=min(float(low), auc), high=max(float(high), auc))


def _features(rows: ClassRows) -> Matrix:
    """Return features for the classifier: values, and how many decimals numbers are written with."""
    written = [
        decimals_of(np.where(np.isfinite(numbers), numbers, 0.0), float_bits(kind))
        for numbers, kind in zip(rows.values.numbers.T, rows.kinds.values(), strict=True)
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    ]
    return np.column_stack([rows.values.numbers, rows.values.codes, *written])


@dataclass(frozen=True)
class _Ranking:
    """Rows of one half, ordered by score."""

    synthetic: Mask
    counted: Floats
    bases: Ints
    ends: Ints

    @classmethod
    def of(cls, rows: ClassRows, scores: Floats, counted: Floats, chosen: Mask) -> _Ranking:
        places = np.flatnonzero(chosen)
        order = places[np.argsort(scores[places], kind="stable")]
        ends = np.flatnonzero(np.append(np.diff(scores[order]) > 0, True))
        return cls(rows.synthetic[order], counted[order], rows.rows[order, 0], ends)

    def units(self, units: Ints) -> Ints:
        """Return the unit of each row: a real row itself, for a synthetic one its base row."""
        return np.searchsorted(units, self.bases)

    def auc(self, weights: Floats | Ints) -> float:
        """Return the share of weighted pairs in which the synthetic row has the higher score; ties count half."""
        counted = weights * self.counted
        made, real = (np.cumsum(counted * side)[self.ends] for side in (self.synthetic, ~self.synthetic))
        if not made[-1] or not real[-1]:
            return float("nan")
        steps = np.diff(made, prepend=0.0)
        below = np.concatenate([[0.0], real[:-1]])
        return float((steps * (below + real) / 2).sum() / (made[-1] * real[-1]))
