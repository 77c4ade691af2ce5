"""Check that the numbers of a metrics record are consistent with each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from counterpoise.evaluate import (
    CONFIDENCE,
    DUMMY,
    FLOOR,
    PriorCorrection,
    baseline_verdict,
    strategy_verdict,
    threshold_alone_text,
)
from counterpoise.metrics import HEADLINE
from counterpoise.results import AccessToTest, Arm, BinaryArm, Correction, MetricsRecord
from counterpoise.strategies import gives_weights
from counterpoise.verify._alerts import alerts_differences
from counterpoise.verify._arms import arm_differences
from counterpoise.verify._decision_curves import decision_curve_differences
from counterpoise.verify._differences import unequal
from counterpoise.verify._draws import draws_differences
from counterpoise.verify._probabilities import learner_differences
from counterpoise.versions import accesses_sentence


def metric_differences(record: MetricsRecord) -> Iterator[str]:
    """Yield sentences on the numbers of a record that contradict each other.

    Args:
        record: The record.
    """
    yield from _counts(record)
    if problem := _arms_missing(record):
        yield problem
        return
    for arm in record.arms:
        for difference in arm_differences(record, arm):
            yield f"{arm.learner}, {arm.strategy}: {difference}"
    if record.alerts_a_day is not None:
        yield from alerts_differences(record, record.alerts_a_day)
    yield from _comparisons(record)
    yield from _threshold_alone(record)
    if record.decision_curves is not None:
        yield from decision_curve_differences(record, record.decision_curves)
    yield from _verdict(record)
    yield from _accesses(record)
    yield from _correction(record)
    yield from _one_vs_rest(record)
    yield from _parts(record)


def _counts(record: MetricsRecord) -> Iterator[str]:
    """Yield contradictions between counts."""
    test = record.rows.test
    for name in type(record.rows).model_fields:
        table = getattr(record.rows, name)
        if table.rows != sum(table.classes.values()) or table.classes.keys() != set(record.classes):
            yield f"rows of {name}: does not equal the sum over its classes"
    counts = [test.classes.get(name, 0) for name in record.classes]
    if not any(counts):
        yield "no test rows"
        return
    present = [count for count in counts if count]
    binary = record.positive_class is not None
    chance = test.classes.get(record.positive_class or "", 0) / test.rows if binary else 1 / len(present)
    yield from unequal("chance_average_precision", record.chance_average_precision, chance)
    yield from unequal("majority_accuracy", record.majority_accuracy, max(counts) / test.rows)
    yield from unequal("verdict_floor", record.verdict_floor, FLOOR)
    yield from unequal("confidence", record.bootstrap.confidence, CONFIDENCE)
    rarest = min(counts) if binary else min(present)
    grouped = record.deciding_rows_are.startswith(("groups ", "distinct "))
    if record.deciding_rows > rarest or (record.deciding_rows != rarest and not grouped):
        yield f"deciding_rows is {record.deciding_rows} instead of {rarest}"
    yield from _independence(record, binary=binary)


def _independence(record: MetricsRecord, *, binary: bool) -> Iterator[str]:
    """Yield contradictions between the independent units and the rows that they consist of."""
    stated, rows = record.independence, record.rows
    if stated is None:
        return
    units = [stated.test_units.get(name, 0) for name in record.classes]
    fewest = min(units) if binary else min(filter(None, units), default=0)
    yield from unequal("deciding_rows", record.deciding_rows, fewest)
    for name, sizes, table in (("validation", stated.validation, rows.validation), ("test", stated.test, rows.test)):
        if round(sizes.number * sizes.mean) != table.rows or sizes.largest > table.rows:
            yield f"independence: {sizes.number:,} units of {sizes.mean:g} rows are not the rows of {name}"
        single = sizes.number == table.rows or stated.unit == "rows"
        if single and (sizes.mean, sizes.median, sizes.largest) != (1, 1, 1):
            yield f"independence: {name} has {sizes.number:,} units, which are not single rows"
        if not 1 <= sizes.median <= sizes.largest:
            yield f"independence: the median unit of {name} has {sizes.median:g} rows, the largest {sizes.largest:,}"
    if any(number > rows.test.classes.get(name, 0) for name, number in stated.test_units.items()):
        yield "independence: more units than rows"
    if stated.unit == "rows" and stated.test_units != rows.test.classes:
        yield "independence: units are not single rows"
    if (stated.as_rows is not None) != stated.coincidences or (stated.coincidences and stated.unit != "equal_rows"):
        yield "independence: coincidences without equal rows"
    known = record.alerts_a_day
    if stated.as_days is not None and known is not None and stated.as_days.days != len(known.days):
        yield f"independence: {stated.as_days.days:,} days instead of {len(known.days):,}"


def _arms_missing(record: MetricsRecord) -> str:
    """Return how arms differ from the learners and strategies; empty if they do not."""
    strategies = ["none"] if record.strategy == "none" else ["none", record.strategy]
    wanted = [(DUMMY, "none"), *((learner, strategy) for strategy in strategies for learner in record.learners)]
    found = [(arm.learner, arm.strategy) for arm in record.arms]
    compared = [comparison.learner for comparison in record.comparisons]
    if sorted(found) != sorted(wanted):
        return f"arms are {found} instead of {wanted}"[:300]
    wanted_learners = list(record.learners) if record.strategy != "none" else []
    return "" if compared == wanted_learners else f"comparisons are of {compared} instead of {wanted_learners}"[:300]


def _comparisons(record: MetricsRecord) -> Iterator[str]:
    arms = {(arm.learner, arm.strategy): arm.test for arm in record.arms}
    for comparison in record.comparisons:
        name = f"comparison of {comparison.learner}"
        if comparison.strategy != record.strategy:
            yield f"{name}: of {comparison.strategy[:100]}"
            continue
        ours, none = (arms[comparison.learner, strategy] for strategy in (record.strategy, "none"))
        yield from unequal(f"{name}: metrics", sorted(comparison.differences), sorted(ours))
        for metric, difference in comparison.differences.items():
            one, other = ours.get(metric), none.get(metric)
            wanted = one - other if one is not None and other is not None else None
            yield from unequal(f"{name}: {metric}", difference.difference, wanted)
            if difference.low is not None and (difference.high is None or difference.low > difference.high):
                yield f"{name}: {metric} from {difference.low} to {difference.high}"
        found = draws_differences(comparison.draws, comparison.differences)
        yield from (f"{name}: draws: {problem}" for problem in found)
        plain = comparison.model_dump(mode="json", exclude={"verdict"})
        stated = _strategy_verdict(record, plain)
        yield from unequal(f"{name}: verdict", comparison.verdict.model_dump(), stated)


def _threshold_alone(record: MetricsRecord) -> Iterator[str]:
    """Yield contradictions between what moving the threshold alone gives, the arm it is read from and its words."""
    found = record.threshold_alone
    if found is None:
        return
    arms = {arm.learner: arm for arm in record.arms if arm.strategy == "none"}
    added = {one.learner: one.differences for one in record.comparisons}
    if found.learner not in arms or found.metric not in arms[found.learner].test:
        yield f"threshold_alone is of {found.learner} and {found.metric}"
        return
    arm = arms[found.learner]
    plain = found.model_dump(mode="json", exclude={"text"})
    yield from unequal("threshold_alone: learner", found.learner, record.verdict_learner)
    yield from unequal("threshold_alone: tuned", found.tuned, arm.test[found.metric])
    yield from unequal(
        "threshold_alone: threshold", found.threshold, arm.threshold if isinstance(arm, BinaryArm) else None
    )
    yield from unequal("threshold_alone: added", found.added, added.get(found.learner, {}).get(found.metric))
    yield from unequal("threshold_alone: text", found.text, threshold_alone_text(plain, record.strategy))


def _strategy_verdict(record: MetricsRecord, comparison: dict[str, Any]) -> dict[str, Any]:
    if HEADLINE.name not in comparison["differences"]:
        return {}
    return strategy_verdict(
        comparison,
        strategy=record.strategy,
        rows=record.deciding_rows,
        counted=record.deciding_rows_are,
        equivalence=record.equivalence,
    )


def _verdict(record: MetricsRecord) -> Iterator[str]:
    """Check that the verdict is that of the learner that ranked best on validation."""
    trained = [arm for arm in record.arms if arm.learner != DUMMY]
    best: Arm = max(trained, key=lambda arm: arm.validation.average_precision or 0.0)
    verdicts = {comparison.learner: comparison.verdict.model_dump() for comparison in record.comparisons}
    wanted = verdicts.get(best.learner) or baseline_verdict(
        best.model_dump(mode="json", by_alias=True, exclude_unset=True),
        prevalence=record.chance_average_precision,
        rows=record.deciding_rows,
        counted=record.deciding_rows_are,
    )
    earlier = record.looks.earlier if record.looks else ()
    accesses = [AccessToTest(key=one.key, created=one.created, version=one.version) for one in earlier]
    yield from unequal("verdict", record.verdict, f"{wanted['text']}{accesses_sentence(accesses)}")
    yield from unequal("verdict_outcome", record.verdict_outcome, wanted["outcome"])
    yield from unequal("verdict_learner", record.verdict_learner, wanted["learner"])


def _accesses(record: MetricsRecord) -> Iterator[str]:
    if record.looks is None:
        return
    versions = sum(look.version > 0 for look in record.looks.earlier)
    yield from unequal("looks: earlier_versions", record.looks.earlier_versions, versions)
    yield from unequal(
        "looks: earlier_tournaments", record.looks.earlier_tournaments, len(record.looks.earlier) - versions
    )


def _correction(record: MetricsRecord) -> Iterator[str]:
    """Yield contradictions in the prior correction."""
    found, positive = record.correction, record.positive_class
    if found is None or positive is None:
        if (found is None) != (positive is None):
            yield "correction: there with more than two classes, or missing with two"
        return
    yield from unequal("correction: positive_class", found.positive_class, positive)
    contradictions = list(_prior(record, found, "correction"))
    yield from contradictions
    if "correction: of one class" not in contradictions:
        yield from _learner_corrections(record, PriorCorrection(found.natural_prevalence, found.training_prevalence))


def _prior(record: MetricsRecord, found: Correction, name: str) -> Iterator[str]:
    """Yield contradictions between a prior correction and the rows of its class."""
    natural, test = record.rows.train_natural, record.rows.test
    positive = found.positive_class
    yield from unequal(
        f"{name}: test_prevalence", found.test_prevalence, test.classes.get(positive, 0) / max(test.rows, 1)
    )
    yield from unequal(
        f"{name}: natural_prevalence", found.natural_prevalence, natural.classes.get(positive, 0) / max(natural.rows, 1)
    )
    if not 0 < found.training_prevalence < 1 or not 0 < found.natural_prevalence < 1:
        yield f"{name}: of one class"
        return
    if not gives_weights(record.strategy):
        resampled = record.rows.train_resampled
        share = resampled.classes.get(positive, 0) / max(resampled.rows, 1)
        yield from unequal(f"{name}: training_prevalence", found.training_prevalence, share)
    made = PriorCorrection(found.natural_prevalence, found.training_prevalence)
    for field, value in made.as_dict().items():
        yield from unequal(f"{name}: {field}", getattr(found, field), value)


def _one_vs_rest(record: MetricsRecord) -> Iterator[str]:
    """Yield contradictions in the corrections of single classes, of which there are none with two classes."""
    if record.one_vs_rest and record.positive_class is not None:
        yield "one_vs_rest: with two classes"
        return
    for found in record.one_vs_rest:
        name = f"one_vs_rest of {found.positive_class[:100]}"
        if found.positive_class not in record.classes:
            yield f"{name}: no such class"
            continue
        yield from _prior(record, found, name)
        yield from unequal(f"{name}: learners", sorted(found.learners), sorted(record.learners))
        for learner, part in found.learners.items():
            for difference in learner_differences(part, found.test_prevalence):
                yield f"{name}, {learner}: {difference}"


def _learner_corrections(record: MetricsRecord, made: PriorCorrection) -> Iterator[str]:
    learners = record.correction.learners if record.correction else {}
    yield from unequal("correction: learners", sorted(learners), sorted(record.learners))
    for arm in record.arms:
        found = learners.get(arm.learner)
        if not isinstance(arm, BinaryArm) or arm.strategy != record.strategy or found is None or not arm.calibration:
            continue
        name, known = f"correction of {arm.learner}", arm.calibration
        yield from unequal(f"{name}: threshold", found.threshold_training_scale, arm.threshold)
        yield from unequal(f"{name}: threshold_natural_scale", found.threshold_natural_scale, made.apply(arm.threshold))
        yield from unequal(f"{name}: before", found.before, known.before)
        yield from unequal(f"{name}: after", found.after, known.after or known.before)
        yield from unequal(f"{name}: calibrated_note", found.calibrated_note, known.note)
        yield from unequal(f"{name}: published", found.published, known.published)
        yield from unequal(f"{name}: mean_note", found.mean_note, known.mean_note)
        fields = {**(known.calibrated.model_dump() if known.calibrated else {})}
        fields |= known.calibrator.model_dump() if known.calibrator else {}
        stated = found.calibrated.model_dump(include=set(fields)) if found.calibrated else {}
        yield from unequal(f"{name}: calibrated", stated, fields)


def _parts(record: MetricsRecord) -> Iterator[str]:
    """Yield contradictions in slices and the simulated leak."""
    if record.slices is not None:
        arms = {(arm.learner, arm.strategy): arm.threshold for arm in record.arms}
        place = (record.slices.learner, record.slices.strategy)
        yield from unequal("slices: of", place, (record.verdict_learner, record.strategy))
        yield from unequal("slices: threshold", record.slices.threshold, arms.get(place))
        for segment in record.slices.segments:
            if not segment.rows or segment.rows > record.rows.test.rows:
                yield f"slices: {segment.rows} rows"
                continue
            yield from unequal("slices: prevalence", segment.prevalence, segment.positives / segment.rows)
    for group in record.groups.groups if record.groups is not None else ():
        for rate, found in group.rates.items():
            share = found.hits / found.of if found.of else None
            yield from unequal(f"groups: {rate} of {group.group[:100]}", found.share, share)
        if not 0 < group.rows <= record.rows.test.rows or group.positives != group.rates["recall"].of:
            yield f"groups: {group.rows} rows of {group.group[:100]}"
    for name in ("honest", "leaky"):
        scores = getattr(record.leak, name, None)
        if scores is not None and not math.isclose(scores.prevalence * scores.rows, scores.positives, rel_tol=1e-9):
            yield f"leak: prevalence of {name} is {scores.prevalence}"
