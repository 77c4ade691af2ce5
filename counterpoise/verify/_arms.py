"""Check that the numbers of an arm are consistent with each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from counterpoise.evaluate import (
    MOST_POINTS,
    class_averages,
    class_scores,
    of_two_classes,
    report_figures,
)
from counterpoise.metrics import RANKED, CountsByClass, decision_metrics
from counterpoise.metrics import Confusion as Decisions
from counterpoise.results import (
    Arm,
    Averages,
    BinaryArm,
    ClassScores,
    Confusion,
    Costs,
    ExpectedCost,
    ExploredRows,
    MetricsRecord,
    MulticlassArm,
    OperatingPoint,
    Outcome,
    ReliabilityBin,
    Thresholds,
)
from counterpoise.verify._differences import unequal
from counterpoise.verify._probabilities import calibration_differences

_RULES = ("f_beta", "cost", "precision", "recall", "alerts")
Points = Sequence[tuple[float, float]]


def arm_differences(record: MetricsRecord, arm: Arm) -> Iterator[str]:
    """Yield sentences on the numbers of an arm that contradict each other or the record's row counts.

    Args:
        record: The record.
        arm: One of its arms.
    """
    if isinstance(arm, BinaryArm):
        yield from _binary(record, arm)
    if isinstance(arm, MulticlassArm):
        yield from _multiclass(record, arm)


def _binary(record: MetricsRecord, arm: BinaryArm) -> Iterator[str]:
    test, positive = record.rows.test, record.positive_class or ""
    positives = test.classes.get(positive, 0)
    rows = test.rows - positives, positives
    yield from _totals("confusion", arm.confusion, rows)
    yield from _decided("test", arm.test, arm.confusion)
    yield from _both_classes(record, arm)
    yield from _curves(arm.pr_curve, arm.roc_curve, rows)
    yield from _area(arm.roc_curve, arm.test["roc_auc"])
    yield from _reliability(arm.reliability, rows, arm.mean_probability)
    yield from _points(arm.operating_points, rows, record.costs)
    if arm.thresholds is not None:
        yield from _thresholds(record, arm, arm.thresholds)
    if arm.calibration is not None:
        yield from calibration_differences(arm.calibration, positives / test.rows)
    if arm.calibration is not None and arm.calibration.before is not None:
        before = arm.calibration.before
        yield from unequal("calibration: mean_probability", before.mean_probability, arm.mean_probability)
        yield from unequal("calibration: brier", before.brier, arm.test["brier"])
        yield from unequal("calibration: log_loss", before.log_loss, arm.test["log_loss"])
        for kind in ("before", "after", "calibrated"):
            judged = getattr(arm.calibration, kind)
            if judged is not None:
                yield from _reliability(judged.reliability, rows, judged.mean_probability, name=f"calibration {kind}: ")


def _points(points: Sequence[OperatingPoint], rows: tuple[int, int], costs: Costs) -> Iterator[str]:
    for point in points:
        outcomes = [
            (f"operating point {point.rule}", point),
            (f"operating point {point.rule} by formula", point.by_formula),
        ]
        for name, found in outcomes:
            if found is not None and found.confusion is not None:
                yield from _totals(name, found.confusion, rows)
                yield from _outcome(name, found.test, found.confusion, costs)
        if point.money is not None:
            yield from unequal("money: always", point.money.always, 1000 * costs.false_positive * rows[0] / sum(rows))
            for name in ("never", "always"):
                saved = getattr(point.money, f"saved_to_{name}").difference
                yield from unequal(f"money: saved_to_{name}", saved, getattr(point.money, name) - point.money.cost)


def _expected(record: MetricsRecord, arm: MulticlassArm, found: ExpectedCost) -> Iterator[str]:
    """Check costs against the decisions that they belong to."""
    size, costs = len(record.classes), np.array(record.class_costs or [], dtype=np.float64)
    if costs.shape != (size, size):
        yield "class_costs: not one row and column per class"
        return
    yield from unequal("expected_cost: argmax", found.argmax.confusion_matrix, arm.confusion_matrix)
    for name in ("argmax", "least_cost"):
        one = getattr(found, name)
        matrix = np.array(one.confusion_matrix, dtype=np.float64)
        if matrix.shape != (size, size) or matrix.sum(axis=1).tolist() != np.sum(arm.confusion_matrix, axis=1).tolist():
            yield f"expected_cost: decisions of {name} do not add up to the test rows"
            return
        yield from unequal(f"expected_cost: {name}", one.cost, 1000 * float((matrix * costs).sum() / matrix.sum()))
    yield from unequal(
        "expected_cost: difference", found.difference.difference, found.least_cost.cost - found.argmax.cost
    )


def _both_classes(record: MetricsRecord, arm: BinaryArm) -> Iterator[str]:
    """Check the figures of both classes and their means against the decisions; older records have none."""
    if arm.averages is None:
        return
    own = record.classes.index(record.positive_class or "")
    present = np.flatnonzero([record.rows.test.classes.get(name, 0) for name in record.classes]).astype(np.int32)
    counts = of_two_classes(_decisions(arm.confusion), own, present)
    stated = [one.model_dump(by_alias=True, exclude={"intervals"}) for one in arm.per_class]
    wanted = class_scores(counts, record.classes)
    if [one["class"] for one in stated] != [one["class"] for one in wanted]:
        yield "per_class: its classes are not those with test rows"
        return
    for one, other in zip(stated, wanted, strict=True):
        for figure, value in one.items():
            yield from unequal(f"class {one['class'][:100]}: {figure}", value, other[figure])
    yield from _means(arm.averages, counts)


def _means(averages: Averages, counts: CountsByClass) -> Iterator[str]:
    stated = averages.model_dump()
    for average, values in class_averages(report_figures(counts, counts.present)).items():
        for figure, value in values.items():
            yield from unequal(f"{average} {figure}", stated[average][figure], value)


def _totals(name: str, counts: Confusion, rows: tuple[int, int]) -> Iterator[str]:
    """Check that decisions add up to the test rows: the number of negatives and of positives."""
    found = counts.true_negatives + counts.false_positives, counts.true_positives + counts.false_negatives
    yield from unequal(f"{name}: negatives and positives", found, rows)


def _decided(name: str, test: Mapping[str, Any], counts: Confusion) -> Iterator[str]:
    """Yield the metrics that differ from those of the decisions."""
    for metric, value in _metrics_of(counts).items():
        if metric in test:
            yield from unequal(f"{name}: {metric}", test[metric], value)


def _metrics_of(counts: Confusion) -> dict[str, float]:
    return {metric: float(value[0]) for metric, value in decision_metrics(_decisions(counts)).items()}


def _decisions(counts: Confusion) -> Decisions:
    fields = {field: np.array([float(value)]) for field, value in counts.model_dump().items() if field in _COUNTS}
    return Decisions(**fields)


_COUNTS = frozenset(Confusion.model_fields)


def _outcome(name: str, found: Outcome | None, counts: Confusion, costs: Costs) -> Iterator[str]:
    if found is None:
        yield f"{name}: decisions without metrics"
        return
    rows = sum(getattr(counts, field) for field in _COUNTS)
    called = counts.true_positives + counts.false_positives
    lost = costs.false_positive * counts.false_positives + costs.false_negative * counts.false_negatives
    yield from _decided(name, found.model_dump(), counts)
    yield from unequal(f"{name}: alerts", found.alerts, 1_000 * called / max(rows, 1))
    yield from unequal(f"{name}: cost", found.cost, 1_000 * lost / max(rows, 1))


def _curves(precision_recall: Points, roc: Points, rows: tuple[int, int]) -> Iterator[str]:
    """Check that curves run from no row called positive to all rows called positive."""
    negatives, positives = rows
    if precision_recall and (
        not _rises([recall for recall, _ in precision_recall])
        or not _near(precision_recall[-1], (1.0, positives / (negatives + positives)))
    ):
        yield "pr_curve: does not end where all rows are called positive"
    if roc and not (
        all(_rises([point[axis] for point in roc]) for axis in (0, 1))
        and _near(roc[0], (0.0, 0.0))
        and _near(roc[-1], (1.0, 1.0))
    ):
        yield "roc_curve: does not run from no row to all rows called positive"


def _area(roc: Points, found: float | None) -> Iterator[str]:
    """Check that the area under a curve with all its corners equals the ROC-AUC."""
    if not roc or len(roc) >= MOST_POINTS:
        return
    pairs = itertools.pairwise(roc)
    area = math.fsum((right - left) * (low + high) / 2 for (left, low), (right, high) in pairs)
    if found is None or abs(area - found) > 1e-6:
        yield f"roc_auc is {found} instead of the curve's {area}"


def _reliability(
    bins: Sequence[ReliabilityBin], rows: tuple[int, int], mean: float, *, name: str = ""
) -> Iterator[str]:
    total = sum(one.rows for one in bins)
    yield from unequal(f"{name}reliability: rows", total, sum(rows))
    yield from unequal(f"{name}reliability: positives", math.fsum(one.rows * one.observed for one in bins), rows[1])
    predicted = math.fsum(one.rows * one.mean_predicted for one in bins) / max(total, 1)
    yield from unequal(f"{name}mean_probability", mean, predicted)


def _thresholds(record: MetricsRecord, arm: BinaryArm, found: Thresholds) -> Iterator[str]:
    """Yield contradictions between threshold decisions, the tables' rows, and the arm's own threshold."""
    if not _rises(found.threshold) or not found.threshold:
        yield "thresholds: not ascending"
        return
    places = {threshold: place for place, threshold in enumerate(found.threshold)}
    for name in ("validation", "test"):
        table: ExploredRows = getattr(found, name)
        rows = getattr(record.rows, name)
        positives = rows.classes.get(record.positive_class or "", 0)
        yield from unequal(f"thresholds: rows of {name}", (table.rows, table.positives), (rows.rows, positives))
        if not _falls(table.true_positives, len(places), positives) or not _falls(
            table.false_positives, len(places), rows.rows - positives
        ):
            yield f"thresholds: counts of {name} do not decrease from all to none"
            return
        for example in found.examples:
            decided, place = getattr(example, name), places.get(example.threshold)
            known = None if place is None else (table.true_positives[place], table.false_positives[place])
            counts = decided.true_positives, decided.false_positives
            yield from unequal(f"thresholds: example {example.threshold} on {name}", counts, known)
            yield from _totals(f"thresholds: example on {name}", decided, (rows.rows - positives, positives))
            yield from _outcome(f"thresholds: example on {name}", decided, decided, record.costs)
            if table.missed is not None and place is not None and len(table.missed) == len(places):
                lost = record.costs.false_positive * decided.false_positives + table.missed[place]
                yield from unequal(f"thresholds: money on {name}", decided.money, 1000 * lost / max(rows.rows, 1))
    yield from _explored_money(record, arm, found, places)
    if (place := places.get(arm.threshold)) is not None:
        known = found.test.true_positives[place], found.test.false_positives[place]
        counts = arm.confusion.true_positives, arm.confusion.false_positives
        yield from unequal("thresholds: decisions at the arm's threshold", counts, known)


def _explored_money(
    record: MetricsRecord, arm: BinaryArm, found: Thresholds, places: Mapping[float, int]
) -> Iterator[str]:
    """Yield contradictions between the costs of missed rows by threshold and the money of the operating point."""
    for name in ("validation", "test"):
        missed = getattr(found, name).missed
        if missed is not None and (len(missed) != len(places) or not _rises(missed) or missed[0]):
            yield f"thresholds: costs of missed rows of {name} do not rise from none to all"
            return
    missed, point = found.test.missed, next((one for one in arm.operating_points if one.money is not None), None)
    place = None if point is None or point.threshold is None else places.get(point.threshold)
    if missed is None or point is None or point.money is None or place is None:
        return
    rows = max(record.rows.test.rows, 1)
    alarms = record.costs.false_positive * found.test.false_positives[place]
    yield from unequal("money: cost", point.money.cost, 1000 * (alarms + missed[place]) / rows)
    yield from unequal("money: never", point.money.never, 1000 * missed[-1] / rows)


def _multiclass(record: MetricsRecord, arm: MulticlassArm) -> Iterator[str]:
    test, size = record.rows.test, len(record.classes)
    square = [len(row) for row in arm.confusion_matrix] == [size] * size
    matrix = np.array(arm.confusion_matrix if square else [], dtype=np.float64)
    counts = [test.classes.get(name, 0) for name in record.classes]
    if not square or matrix.sum(axis=1).tolist() != counts:
        yield "confusion_matrix: does not add up to the test rows"
        return
    right, chosen, actual = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    present = np.flatnonzero(actual).astype(np.int32)
    by_class = CountsByClass(right[:, None], chosen[:, None], actual[:, None], present)
    if arm.averages is not None:
        yield from _means(arm.averages, by_class)
    macro = decision_metrics(by_class)
    for metric, value in macro.items():
        if metric in arm.test:
            yield from unequal(f"test: {metric}", arm.test[metric], float(value[0]))
    names = [record.classes[code] for code in present]
    if [one.name for one in arm.per_class] != names:
        yield "per_class: its classes are not those with test rows"
        return
    for code, one in zip(present, arm.per_class, strict=True):
        yield from _class(one, (right[code], chosen[code], actual[code]), test.rows)
        yield from _points(one.operating_points, (test.rows - int(actual[code]), int(actual[code])), record.costs)
    if arm.expected_cost is not None:
        yield from _expected(record, arm, arm.expected_cost)
    for metric in RANKED:
        values = [getattr(one, metric) for one in arm.per_class]
        if None not in values:
            yield from unequal(f"test: {metric}", arm.test[metric], math.fsum(values) / len(values))


def _class(one: ClassScores, counts: tuple[float, float, float], rows: int) -> Iterator[str]:
    right, chosen, actual = (int(count) for count in counts)
    decided = Confusion(
        true_positives=right,
        false_positives=chosen - right,
        false_negatives=actual - right,
        true_negatives=rows - chosen - actual + right,
    )
    name = f"class {one.name[:100]}"
    yield from unequal(f"{name}: rows", one.rows, actual)
    yield from unequal(f"{name}: prevalence", one.prevalence, actual / rows)
    yield from _decided(name, one.model_dump(include={"precision", "recall", "f1"}), decided)
    yield from _curves(one.pr_curve, one.roc_curve, (rows - actual, actual))
    yield from _area(one.roc_curve, one.roc_auc)


def _rises(values: Sequence[float]) -> bool:
    return all(before <= after + 1e-12 for before, after in itertools.pairwise(values))


def _falls(values: Sequence[int], wanted: int, first: int) -> bool:
    return (
        len(values) == wanted
        and values[0] == first
        and values[-1] == 0
        and all(before >= after for before, after in itertools.pairwise(values))
    )


def _near(point: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9) for one, two in zip(point, other, strict=True))
