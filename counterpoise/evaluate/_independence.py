"""What the evaluation takes as independent, and, where equal rows may be so too, what single rows would say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import EvaluatedArm
from counterpoise.evaluate._inference.differences import arm_key, paired_differences, resample_arms
from counterpoise.evaluate._inference.intervals import ranking_interval
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._verdict import baseline_verdict, strategy_verdict
from counterpoise.metrics import HEADLINE
from counterpoise.split import unit_sizes


def independence_record(
    task: EvaluationTask, evaluated: list[EvaluatedArm], arms: list[dict[str, Any]], *, learner: str, seed: int
) -> dict[str, Any]:
    """Return the unit of independence, its numbers and sizes on validation and test, and the verdict of single rows.

    Args:
        task: The evaluation task.
        evaluated: The evaluated arms.
        arms: Their records.
        learner: The verdict's learner.
        seed: The run's seed.
    """
    codes = task.codes
    return {
        "unit": codes.unit,
        **{part: _sizes(codes, part).model_dump() for part in ("validation", "test")},
        "test_units": dict(zip(codes.classes, task.units_by_class.tolist(), strict=True)),
        "coincidences": codes.coincidences,
        "as_rows": _as_rows(task, evaluated, arms, learner=learner, seed=seed) if codes.coincidences else None,
    }


def _sizes(codes: LabelCodes, part: str) -> Any:
    groups = codes.groups.get(part)
    return unit_sizes(np.ones(len(getattr(codes, part)), np.int64) if groups is None else np.bincount(groups))


def _as_rows(
    task: EvaluationTask, evaluated: list[EvaluatedArm], arms: list[dict[str, Any]], *, learner: str, seed: int
) -> dict[str, Any]:
    """Return the verdict if each test row were independent."""
    single = replace(task, codes=replace(task.codes, groups={}, equal_rows=False, coincidences=False))
    rows, counted = single.deciding_rows, single.counted
    keys = arm_key(learner, task.strategy), arm_key(learner, "none")
    records = {arm_key(arm["learner"], arm["strategy"]): arm for arm in arms}
    ours = [arm for arm in evaluated if arm_key(arm.learner, arm.strategy) in keys]
    resampled, _ = resample_arms(single, ours, seed=seed)
    if task.strategy == "none":
        name, arm = HEADLINE.name, records[keys[1]]
        positives, negatives = single.test_units
        found = ranking_interval(
            name, resampled[keys[1]][name], arm["test"][name], positives=positives, negatives=negatives
        )
        intervals = {name: {"low": found.low, "high": found.high}} if found else {}
        verdict = baseline_verdict(arm | {"intervals": intervals}, prevalence=task.chance, rows=rows, counted=counted)
    else:
        differences = paired_differences(*(records[key]["test"] for key in keys), *(resampled[key] for key in keys))
        comparison = {"learner": learner, "differences": differences}
        verdict = strategy_verdict(comparison, strategy=task.strategy, rows=rows, counted=counted)
    return {"deciding_rows": rows, "deciding_rows_are": counted, **verdict}
