"""What the evaluation takes as independent, and what single rows or whole days would say where they may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import EvaluatedArm
from counterpoise.evaluate._day_codes import DayCodes
from counterpoise.evaluate._draws import LearnerDraws
from counterpoise.evaluate._inference.bootstrap import Interval
from counterpoise.evaluate._inference.differences import paired_differences, resample_arms
from counterpoise.evaluate._inference.intervals import ranking_interval
from counterpoise.evaluate._inference.mean_effects import mean_effects
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._verdict import baseline_verdict, strategy_verdict
from counterpoise.metrics import HEADLINE
from counterpoise.split import unit_sizes

FEWEST_DAYS = 7
"""Fewer days than a week do not tell how days differ."""


def independence_record(
    task: EvaluationTask, evaluated: list[EvaluatedArm], draws: dict[str, LearnerDraws], *, learner: str,
    days: DayCodes | None = None, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Return the unit of independence, its numbers and sizes on validation and test, and verdicts of other units.

    Args:
        task: The evaluation task.
        evaluated: The evaluated arms.
        draws: The draws of each learner; empty if nothing was resampled.
        learner: The verdict's learner.
        days: The days of the test rows; None if they are unknown or mean nothing.
        seed: The run's seed.
    """
    codes = task.codes
    by_strategy = {arm.strategy: arm for arm in evaluated if arm.learner == learner}
    settings: dict[str, Any] = {"arms": by_strategy, "draws": draws, "learner": learner, "seed": seed}
    return {
        "unit": codes.unit,
        **{part: _sizes(codes, part).model_dump() for part in ("validation", "test")},
        "test_units": dict(zip(codes.classes, task.units_by_class.tolist(), strict=True)),
        "coincidences": codes.coincidences,
        "as_rows": _as_rows(task, **settings) if codes.coincidences else None,
        "as_days": _as_days(task, days, **settings) if days and len(days.names) >= FEWEST_DAYS else None,
    }


def single_rows(task: EvaluationTask) -> EvaluationTask:
    """Return the task if each row were independent."""
    return replace(task, codes=replace(task.codes, groups={}, equal_rows=False, coincidences=False))


def _sizes(codes: LabelCodes, part: str) -> Any:
    groups = codes.groups.get(part)
    return unit_sizes(np.ones(len(getattr(codes, part)), np.int64) if groups is None else np.bincount(groups))


def _as_rows(task: EvaluationTask, **settings: Any) -> dict[str, Any]:
    """Return the verdict if each test row were independent, on the same draws."""
    single = single_rows(task)
    verdict, _ = _verdict_with(single, counts=single, **settings)
    return {"deciding_rows": single.deciding_rows, "deciding_rows_are": single.counted, **verdict}


def _as_days(task: EvaluationTask, days: DayCodes, **settings: Any) -> dict[str, Any]:
    """Return the verdict and the headline's interval with whole days drawn, on the same draws."""
    codes = replace(task.codes, groups={**task.codes.groups, "test": days.codes.astype(np.int32)})
    verdict, interval = _verdict_with(replace(task, codes=codes), counts=task, **settings)
    bounds = {"low": interval.low if interval else None, "high": interval.high if interval else None}
    return {"days": len(days.names), **bounds, **verdict}


def _verdict_with(
    task: EvaluationTask, *, counts: EvaluationTask, arms: dict[str, EvaluatedArm], draws: dict[str, LearnerDraws],
    learner: str, seed: int,
) -> tuple[dict[str, Any], Interval | None]:  # fmt: skip
    """Return the verdict and the headline's interval with the units of one task, counting those of another."""
    pair = [arms[name] for name in dict.fromkeys(("none", task.strategy))]
    resampled = list(resample_arms(task, pair, seed=seed)[0].values())
    none, ours, name = arms["none"].record["test"], pair[-1].record["test"], HEADLINE.name
    positives, negatives = counts.test_units
    values = resampled[-1].get(name, np.empty(0))
    found = ranking_interval(name, values, ours[name], positives=positives, negatives=negatives)
    rows: dict[str, Any] = {"rows": counts.deciding_rows, "counted": counts.counted}
    if task.strategy == "none":
        intervals = {name: {"low": found.low, "high": found.high}} if found else {}
        arm = {"learner": learner, "test": none, "intervals": intervals}
        return baseline_verdict(arm, prevalence=task.chance, **rows), found
    comparison = {
        "learner": learner,
        "differences": paired_differences(ours, none, resampled[1], resampled[0]),
        "draws": mean_effects(task, {learner: draws[learner]}, seed=seed)[learner],
    }
    return strategy_verdict(comparison, strategy=task.strategy, equivalence=task.config.equivalence, **rows), found
