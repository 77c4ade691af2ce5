"""Evaluate an arm with more than two classes: each class against the rest, and the macro average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import EvaluatedArm, Predictions
from counterpoise.evaluate._class_report import class_averages, of_class, report_figures
from counterpoise.evaluate._inference.bootstrap import Resampled
from counterpoise.evaluate._inference.class_intervals import smallest_classes
from counterpoise.evaluate._metrics.curves import pr_curve, roc_curve
from counterpoise.evaluate._tables import Codes, LabelCodes
from counterpoise.metrics import METRICS, Confusion, CountsByClass, Measured, Ranking, decision_metrics, row_losses
from counterpoise.typing import Copies, Matrix


def evaluate_multiclass(predictions: Predictions, codes: LabelCodes) -> EvaluatedArm:
    """Evaluate an arm on test once; the most probable class is predicted, so there is no threshold to choose.

    Macro averages are over the classes that have test rows.
    """
    present = np.unique(codes.test)
    record: dict[str, Any] = {
        "threshold": None,
        "validation": {"average_precision": _macro_ap(predictions.validation, codes.validation)},
        "test": macro_metrics(predictions.test, codes.test),
        "per_class": _per_class(predictions.test, codes, present),
        "averages": class_averages(_once(predictions.test, codes.test)),
        "confusion_matrix": _confusion_matrix(predictions.test, codes),
    }
    measure = _measure(predictions.test, codes.test, present, single=smallest_classes(codes.test))
    return EvaluatedArm(predictions.learner, predictions.strategy, record, measure)


def macro_metrics(probability: Matrix, truth: Codes) -> dict[str, float]:
    """Return the metrics of one table, averaged over the classes that have rows in it.

    Args:
        probability: Shape (rows, classes).
        truth: Class codes.
    """
    values = _once(probability, truth)
    return {metric: float(values[metric][0]) for metric in METRICS if metric in values}


def _once(probability: Matrix, truth: Codes) -> Resampled:
    """Return the metrics and the means over classes of the rows themselves."""
    return dict(_measure(probability, truth, np.unique(truth))(np.ones((1, len(truth)), np.int32)))


def _measure(probability: Matrix, truth: Codes, present: Codes, *, single: Sequence[int] | Codes = ()) -> Any:
    """Return a function that computes macro metrics from row weights, and the metrics of the `single` classes."""
    rankings = [Ranking.from_scores(probability[:, code], truth == code) for code in present]
    places = {int(code): place for place, code in enumerate(present)}
    called = probability.argmax(axis=1)
    every = np.arange(probability.shape[1])
    is_called, is_true = called[:, None] == every, truth[:, None] == every
    losses = row_losses(probability, truth)
    counted = np.column_stack([is_called & is_true, is_called, is_true]).astype(np.float64)

    def measure(weights: Copies) -> Resampled:
        qualities = [ranking.weigh(weights) for ranking in rankings]
        rows = weights.sum(axis=1)
        right, chosen, actual = np.split((weights @ counted).T, 3)
        counts = CountsByClass(right, chosen, actual, present)
        own = {
            of_class(metric, int(code)): values
            for code in single
            for place in (places[int(code)],)
            for metric, values in vars(qualities[place]).items()
        }
        lost = {name: (weights @ loss) / rows for name, loss in losses.items()}
        measured = Measured(rankings=qualities, decisions=counts, losses=lost).metrics()
        return measured | own | report_figures(counts, np.asarray(single, np.int32))

    return measure


def _macro_ap(probability: Matrix, truth: Codes) -> float:
    ones = np.ones((1, len(truth)), np.int32)
    found = [Ranking.from_scores(probability[:, code], truth == code).weigh(ones) for code in np.unique(truth)]
    return float(np.mean([quality.average_precision[0] for quality in found]))


def _per_class(probability: Matrix, codes: LabelCodes, present: Codes) -> list[dict[str, Any]]:
    """Return one record per class that has test rows, in the order of the classes."""
    called = probability.argmax(axis=1)
    ones = np.ones((1, len(codes.test)), np.int32)
    records = []
    for code in present:
        truth = codes.test == code
        quality = Ranking.from_scores(probability[:, code], truth).weigh(ones)
        true, chosen = np.array([(truth & (called == code)).sum()]), np.array([(called == code).sum()])
        counts = Confusion.from_called(true, chosen, positives=float(truth.sum()), rows=float(len(truth)))
        decided = decision_metrics(counts)
        records.append(
            {
                "class": codes.classes[code],
                "rows": int(truth.sum()),
                "prevalence": float(truth.mean()),
                "average_precision": float(quality.average_precision[0]),
                "roc_auc": float(quality.roc_auc[0]),
                **{metric: float(decided[metric][0]) for metric in ("precision", "recall", "f1")},
                "pr_curve": pr_curve(probability[:, code], truth),
                "roc_curve": roc_curve(probability[:, code], truth),
            }
        )
    return records


def _confusion_matrix(probability: Matrix, codes: LabelCodes) -> list[list[int]]:
    """Return counts by true class (rows) and predicted class (columns), in the order of the classes."""
    size = len(codes.classes)
    cells = codes.test.astype(np.int64) * size + probability.argmax(axis=1)
    return [[int(cell) for cell in row] for row in np.bincount(cells, minlength=size * size).reshape(size, size)]
