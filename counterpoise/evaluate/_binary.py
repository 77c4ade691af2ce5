"""Evaluate an arm with two classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from counterpoise.config import EvaluationConfig
from counterpoise.errors import ConfigError
from counterpoise.evaluate._amounts import row_costs
from counterpoise.evaluate._arms import EvaluatedArm, Predictions
from counterpoise.evaluate._class_report import class_averages, class_scores, of_two_classes, report_figures
from counterpoise.evaluate._inference.bootstrap import Resampled
from counterpoise.evaluate._metrics.curves import pr_curve, reliability_bins, roc_curve
from counterpoise.evaluate._metrics.decisions import four_counts
from counterpoise.evaluate._metrics.thresholds import OTHERWISE, choose_arm_threshold
from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.evaluate._tables import Codes, LabelCodes
from counterpoise.metrics import METRICS, Confusion, Measured, Ranking, row_losses
from counterpoise.typing import Copies, Floats, Mask


def positive_code(codes: LabelCodes, wanted: str) -> int:
    """Return the code of the class of interest: the given class, or the rarer class of natural train if none is given.

    Raises:
        ConfigError: The given class does not exist.
    """
    if wanted and wanted not in codes.classes:
        raise ConfigError(
            "positive_class",
            expected="evaluation.positive_class to be one of the classes",
            found=f"{wanted!r}, while the classes are {', '.join(map(repr, codes.classes))}",
            remedy="correct evaluation.positive_class, or leave it empty for the rarer class",
        )
    if wanted:
        return codes.classes.index(wanted)
    counts = np.bincount(codes.train_natural, minlength=2)
    return int(counts[1] <= counts[0])


def evaluate_binary(
    predictions: Predictions, codes: LabelCodes, *, positive: int, config: EvaluationConfig
) -> EvaluatedArm:
    """Choose the threshold on validation, then evaluate the arm on test once."""
    parts = replace(predictions, validation=predictions.validation[:, positive], test=predictions.test[:, positive])
    arm = _evaluated(parts, codes, positive=positive, config=config, probabilities=True)
    scores, truth = parts.test, codes.test == positive
    more = {"mean_probability": float(scores.mean()), "reliability": reliability_bins(scores, truth)}
    return replace(arm, record={**arm.record, **more})


def evaluate_scores(
    predictions: Predictions, codes: LabelCodes, *, positive: int, config: EvaluationConfig
) -> EvaluatedArm:
    """Evaluate an arm whose scores are no probabilities, one per row, like anomaly scores: ranking and decisions.

    The threshold is chosen on validation as for probabilities. A fixed one is meant for probabilities: F1 decides.
    """
    if config.threshold != "fixed":
        return _evaluated(predictions, codes, positive=positive, config=config, probabilities=False)
    asked = config.model_copy(update={"threshold": OTHERWISE})
    arm = _evaluated(predictions, codes, positive=positive, config=asked, probabilities=False)
    note = "its scores are no probabilities, so that the fixed threshold does not fit: the largest F1 was taken"
    return replace(arm, notes=(*arm.notes, note))


def _evaluated(
    scored: Predictions, codes: LabelCodes, *, positive: int, config: EvaluationConfig, probabilities: bool
) -> EvaluatedArm:
    """Evaluate the scores of the positive class, one per row."""
    scores, truth = scored.test, codes.test == positive
    known = codes.validation == positive
    rows = ScoredRows(scored.validation, known, missed=row_costs(codes, "validation", known))
    choice = choose_arm_threshold(rows, config=config)
    present = np.unique(codes.test)
    measure = _measure(scores, truth, choice.value, of=_Classes(positive, present), probabilities=probabilities)
    once = measure(np.ones((1, len(scores)), np.int32))
    counts = four_counts(scores >= choice.value, truth)
    record = {
        "threshold": choice.value,
        "threshold_rule": choice.rule,
        "validation": {
            "threshold_metric": choice.score,
            "average_precision": _average_precision(scored.validation, codes.validation == positive),
        },
        "test": {metric: float(once[metric][0]) for metric in METRICS if metric in once},
        "per_class": class_scores(of_two_classes(_one_set(counts), positive, present), codes.classes),
        "averages": class_averages(once),
        "confusion": counts,
        "pr_curve": pr_curve(scores, truth),
        "roc_curve": roc_curve(scores, truth),
    }
    notes = (choice.note,) if choice.note else ()
    return EvaluatedArm(scored.learner, scored.strategy, record, measure, notes)


@dataclass(frozen=True)
class _Classes:
    """The code of the positive class, and the codes of the classes that have test rows."""

    positive: int
    present: Codes


def _measure(scores: Floats, truth: Mask, threshold: float, *, of: _Classes, probabilities: bool) -> Any:
    """Return a function that computes the test metrics from row weights, and the figures of both classes."""
    ranking = Ranking.from_scores(scores, truth)
    called = scores >= threshold
    losses = row_losses(scores, truth) if probabilities else {}
    columns = np.column_stack([truth, truth & called, called, *losses.values()]).astype(np.float64)

    def measure(weights: Copies) -> Resampled:
        positives, true, chosen, *lost = (weights @ columns).T
        rows = weights.sum(axis=1)
        decisions = Confusion.from_called(true, chosen, positives=positives, rows=rows)
        measured = Measured(
            rankings=[ranking.weigh(weights)],
            decisions=decisions,
            losses={name: total / rows for name, total in zip(losses, lost, strict=True)},
        )
        return measured.metrics() | report_figures(of_two_classes(decisions, of.positive, of.present), of.present)

    return measure


def _one_set(counts: dict[str, int]) -> Confusion:
    return Confusion(**{name: np.array([float(count)]) for name, count in counts.items()})


def _average_precision(scores: Floats, truth: Mask) -> float:
    quality = Ranking.from_scores(scores, truth).weigh(np.ones((1, len(scores)), np.int32))
    return float(quality.average_precision[0])
