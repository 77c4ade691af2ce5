"""What the evaluation takes as independent, and, where equal rows may be so too, what single rows would say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import EvaluatedArm
from counterpoise.evaluate._draws import LearnerDraws
from counterpoise.evaluate._inference.differences import paired_differences, resample_arms
from counterpoise.evaluate._inference.intervals import ranking_interval
from counterpoise.evaluate._inference.mean_effects import mean_effects
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._verdict import baseline_verdict, strategy_verdict
from counterpoise.metrics import HEADLINE
from counterpoise.split import unit_sizes


def independence_record(
    task: EvaluationTask, evaluated: list[EvaluatedArm], draws: dict[str, LearnerDraws], *, learner: str, seed: int
) -> dict[str, Any]:
    """Return the unit of independence, its numbers and sizes on validation and test, and the verdict of single rows.

    Args:
        task: The evaluation task.
        evaluated: The evaluated arms.
        draws: The draws of each learner; empty if nothing was resampled.
        learner: The verdict's learner.
        seed: The run's seed.
    """
    codes = task.codes
    by_strategy = {arm.strategy: arm for arm in evaluated if arm.learner == learner}
    return {
        "unit": codes.unit,
        **{part: _sizes(codes, part).model_dump() for part in ("validation", "test")},
        "test_units": dict(zip(codes.classes, task.units_by_class.tolist(), strict=True)),
        "coincidences": codes.coincidences,
        "as_rows": _as_rows(task, by_strategy, draws, learner=learner, seed=seed) if codes.coincidences else None,
    }


def single_rows(task: EvaluationTask) -> EvaluationTask:
    """Return the task if each row were independent."""
    return replace(task, codes=replace(task.codes, groups={}, equal_rows=False, coincidences=False))


def _sizes(codes: LabelCodes, part: str) -> Any:
    groups = codes.groups.get(part)
    return unit_sizes(np.ones(len(getattr(codes, part)), np.int64) if groups is None else np.bincount(groups))


def _as_rows(
    task: EvaluationTask, arms: dict[str, EvaluatedArm], draws: dict[str, LearnerDraws], *, learner: str, seed: int
) -> dict[str, Any]:
    """Return the verdict if each test row were independent, on the same draws."""
    single = single_rows(task)
    counts: dict[str, Any] = {"rows": single.deciding_rows, "counted": single.counted}
    pair = [arms[name] for name in dict.fromkeys(("none", task.strategy))]
    resampled = list(resample_arms(single, pair, seed=seed)[0].values())
    none = arms["none"].record["test"]
    if task.strategy == "none":
        name = HEADLINE.name
        positives, negatives = single.test_units
        found = ranking_interval(name, resampled[0][name], none[name], positives=positives, negatives=negatives)
        intervals = {name: {"low": found.low, "high": found.high}} if found else {}
        arm = {"learner": learner, "test": none, "intervals": intervals}
        verdict = baseline_verdict(arm, prevalence=task.chance, **counts)
    else:
        comparison = {
            "learner": learner,
            "differences": paired_differences(arms[task.strategy].record["test"], none, resampled[1], resampled[0]),
            "draws": mean_effects(single, {learner: draws[learner]}, seed=seed)[learner],
        }
        verdict = strategy_verdict(
            comparison, strategy=task.strategy, equivalence=task.config.equivalence, **counts
        )  # fmt: skip
    return {"deciding_rows": counts["rows"], "deciding_rows_are": counts["counted"], **verdict}
