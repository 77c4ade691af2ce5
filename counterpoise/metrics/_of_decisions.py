"""Metrics of decisions; a ratio with a zero denominator is 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterpoise.metrics._metric import ClassShares, Metric, OfDecisions, mean_over_classes

if TYPE_CHECKING:
    from counterpoise.metrics._confusion import Confusion, CountsByClass
    from counterpoise.typing import Floats


def _precision(counts: Confusion) -> Floats:
    return counts.precision


def _recall(counts: Confusion) -> Floats:
    return counts.recall


def f_beta(counts: Confusion, beta: float) -> Floats:
    """Return F-beta, which weighs recall `beta` times as much as precision."""
    from counterpoise.metrics._confusion import ratio

    weight = beta**2
    true = (1 + weight) * counts.true_positives
    return ratio(true, true + counts.false_positives + weight * counts.false_negatives)


def _f1(counts: Confusion) -> Floats:
    return f_beta(counts, 1)


def _chance_of_f1(shares: ClassShares) -> float:
    """Return the F1 of always calling the positive class; with more classes, of always calling the largest one."""
    if shares.classes > 2:
        return 2 * shares.largest / (1 + shares.largest) / shares.classes
    return 2 * shares.mean / (1 + shares.mean)


def _matthews(counts: Confusion) -> Floats:
    """Return Matthews' correlation, 0 where undefined; it is computed from the four rates, which cannot overflow."""
    import numpy as np

    rates = counts.precision, counts.recall, counts.specificity, counts.negative_value
    precision, recall, specificity, negative_value = rates
    found = np.sqrt(precision * recall * specificity * negative_value)
    lost = np.sqrt((1 - precision) * (1 - recall) * (1 - specificity) * (1 - negative_value))
    margins = (
        counts.true_positives + counts.false_positives,
        counts.true_positives + counts.false_negatives,
        counts.true_negatives + counts.false_positives,
        counts.true_negatives + counts.false_negatives,
    )
    return np.where(np.min(margins, axis=0) > 0, found - lost, 0.0)


def _matthews_of_classes(counts: CountsByClass) -> Floats:
    """Return Matthews' correlation for many classes (Gorodkin, 2004); 0 where undefined."""
    import numpy as np

    rows = counts.rows
    shares, called = counts.actual / rows, counts.chosen / rows
    covariance = counts.right.sum(axis=0) / rows - (shares * called).sum(axis=0)
    spread = np.sqrt((1 - (shares**2).sum(axis=0)) * (1 - (called**2).sum(axis=0)))
    found: Floats = np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 1e-12)
    return found


def _g_mean(counts: Confusion) -> Floats:
    """Return the geometric mean of recall and specificity (Kubat and Matwin, 1997)."""
    import numpy as np

    found: Floats = np.sqrt(counts.recall * counts.specificity)
    return found


def _g_mean_of_classes(counts: CountsByClass) -> Floats:
    """Return the geometric mean of the classes' recalls."""
    found: Floats = counts.each_against_the_rest.recall.prod(axis=0) ** (1 / len(counts.present))
    return found


def _accuracy(counts: Confusion) -> Floats:
    from counterpoise.metrics._confusion import ratio

    wrong = counts.false_positives + counts.false_negatives
    right = counts.true_positives + counts.true_negatives
    return ratio(right, right + wrong)


PRECISION = Metric(
    name="precision",
    label="precision",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(_precision, mean_over_classes(_precision), share_of="called"),
    equal_prevalence=True,
    shown=("folds", "finalists"),
    in_every_record=True,
)
RECALL = Metric(
    name="recall",
    label="recall",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(_recall, mean_over_classes(_recall), share_of="positive"),
    equal_prevalence=False,
    shown=("folds", "finalists"),
    in_every_record=True,
)
SPECIFICITY = Metric(
    name="specificity",
    label="specificity",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(lambda counts: counts.specificity, share_of="negative"),
    equal_prevalence=False,
    shown=(),
)
F1 = Metric(
    name="f1",
    label="F1",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(_f1, mean_over_classes(_f1)),
    equal_prevalence=True,
    shown=(
        "folds",
        "choice",
        "threshold",
        "leaderboard",
        "leaderboard in brief",
        "finalists",
        "differences",
        "summary",
    ),
    chance=_chance_of_f1,
    in_every_record=True,
)
F2 = Metric(
    name="f2",
    label="F2",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(lambda counts: f_beta(counts, 2)),
    equal_prevalence=True,
    shown=("threshold",),
)
MCC = Metric(
    name="mcc",
    label="MCC",
    least=-1,
    most=1,
    better="larger",
    source=OfDecisions(_matthews, _matthews_of_classes),
    equal_prevalence=True,
    shown=("folds", "choice", "threshold", "differences", "summary"),
    chance=lambda _: 0.0,
    in_every_record=True,
)
BALANCED_ACCURACY = Metric(
    name="balanced_accuracy",
    label="balanced accuracy",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(lambda counts: (counts.recall + counts.specificity) / 2, mean_over_classes(_recall)),
    equal_prevalence=False,
    shown=("folds", "choice", "threshold", "leaderboard", "leaderboard in brief"),
    chance=lambda shares: 1 / shares.classes,
    in_every_record=True,
)
G_MEAN = Metric(
    name="g_mean",
    label="G-mean",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(_g_mean, _g_mean_of_classes),
    equal_prevalence=False,
    shown=("folds",),
    in_every_record=True,
)
ACCURACY = Metric(
    name="accuracy",
    label="accuracy",
    least=0,
    most=1,
    better="larger",
    source=OfDecisions(_accuracy, lambda counts: counts.right.sum(axis=0) / counts.rows, share_of="all"),
    equal_prevalence=True,
    shown=(),
    in_every_record=True,
)
