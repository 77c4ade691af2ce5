"""The one access to test: all finalists are scored on the same bootstrap resamples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from counterpoise.compare._final.draws import FinalDraws
from counterpoise.compare._final.finalist_scores import FinalistScores, score_finalist, task_of
from counterpoise.compare._final.finalists import LEAVES_ROWS, about, finalists
from counterpoise.compare._final.judge import Compared, final_verdict, scored_draws
from counterpoise.compare._labels import candidate_words
from counterpoise.evaluate import (
    CONFIDENCE,
    FLOOR,
    EvaluationTask,
    LabelCodes,
    Predictions,
    Resampled,
    arm_record,
    binary_facts,
    bootstrap_method,
    correction_record,
    prior_correction,
    ranking_facts,
    resample_arms,
    threshold_rule,
    without_nan,
)
from counterpoise.results import DUMMY, Candidate, Comparison, Final, HeldOut, Leaderboard, Refit, Role

_PARTS = 10**9
"""The total weight that expresses a training prevalence: the largest power of ten in an int32, hence nine digits."""


def score_finalists(
    comparison: Comparison, leaderboard: Leaderboard, held_out: HeldOut, *, refits: Sequence[Refit],
    draws: FinalDraws | None = None,
) -> Final:  # fmt: skip
    """Score the finalists on test, with thresholds from validation and stratified, paired bootstrap intervals.

    Args:
        comparison: Defines the class of interest, and how thresholds and intervals are computed.
        leaderboard: The ranking, which test does not affect.
        held_out: Validation and test.
        refits: The finalists, fitted on all train rows.
        draws: Further draws of the pair that the verdict is about.

    Raises:
        EvaluationError: A validation or test row has a class that the comparison does not know.
    """
    task, seed = task_of(comparison, held_out), comparison.rules.seeds.bootstrap
    contenders = {_candidate(refit): score_finalist(task, refit) for refit in refits if refit.status == "ok"}
    resampled, resamples = resample_arms(task, [one.arm for one in contenders.values()], seed=seed)
    evaluated = {
        candidate: _evaluated(task, one, resampled[one.key], seed=seed) for candidate, one in contenders.items()
    }
    drawn = scored_draws(task, leaderboard, contenders, draws or FinalDraws())
    compared = Compared(leaderboard, contenders, drawn, seed=seed)
    comparisons, roles = compared.comparisons(task, resampled), finalists(leaderboard)
    record = {
        **_setting(task, resamples),
        "finalists": [
            _finalist(refit, roles[_candidate(refit)], evaluated.get(_candidate(refit), {})) for refit in refits
        ],
        "comparisons": comparisons,
        "about": about(leaderboard),
        "test_digest": held_out.digest,
        "looks": held_out.looks,
        "earlier_looks": len(held_out.looks),
        "notes": [*_notes(task, resamples, contenders.values()), *filter(None, [drawn.note if drawn else ""])],
        "as_rows": compared.as_rows(task) if task.codes.coincidences else None,
        "verdict": "",
        "outcome": "",
    }
    final = Final.model_validate(without_nan(record))
    return final.model_copy(update=final_verdict(final, equivalence=task.config.equivalence))


def _setting(task: EvaluationTask, resamples: int) -> dict[str, Any]:
    codes, binary = task.codes, task.positive is not None
    tables = {"train": codes.train_natural, "validation": codes.validation, "test": codes.test}
    return {
        "rows": {name: codes.counts(labels) for name, labels in tables.items()},
        "chance": task.chance,
        "deciding_rows": task.deciding_rows,
        "deciding_rows_are": task.counted,
        "verdict_floor": FLOOR,
        "threshold_rule": threshold_rule(task) if binary else None,
        "bootstrap": {"resamples": resamples, "confidence": CONFIDENCE, "method": bootstrap_method(task)},
    }


def _evaluated(task: EvaluationTask, one: FinalistScores, resampled: Resampled, *, seed: int) -> dict[str, Any]:
    """Return a finalist's arm as the metrics record has it, and its correction; for ranking models the ranking only."""
    arm, positive = arm_record(one.arm, one.predictions, resampled, task=task), task.positive
    if not one.refit.probabilities:
        facts_of_ranking = ranking_facts(task, one.predictions, own=one.refit.own_threshold, seed=seed)
        return {"arm": arm | facts_of_ranking, "correction": None}
    if positive is None:
        return {"arm": arm, "correction": None}
    trained_task = replace(task, codes=_trained_on(task, one.refit))
    facts = binary_facts(trained_task, _as_trained(task, one), threshold=arm["threshold"], seed=seed)
    facts_record = {name: value for name, value in facts.record.items() if name != "thresholds"}
    if facts.correction is None:
        return {"arm": arm | facts_record, "correction": None}
    correction = correction_record(
        prior_correction(trained_task.codes, positive, resampled=True),
        {},
        positive_class=task.codes.classes[positive],
        test_prevalence=float((task.codes.test == positive).mean()),
    )
    if one.refit.training_prevalence is None:
        correction |= {"training_prevalence": None, "formula": None, "snippet": None}
    return {"arm": arm | facts_record, "correction": {**correction, **facts.correction}}


def _as_trained(task: EvaluationTask, one: FinalistScores) -> Predictions:
    """Return a finalist's predictions, as class-weighted ones if the learner's own weights shift the prevalence."""
    if one.refit.strategy in LEAVES_ROWS and _moved(task, one.refit):
        return replace(one.predictions, strategy="class_weight")
    return one.predictions


def _trained_on(task: EvaluationTask, refit: Refit) -> LabelCodes:
    """Return the labels with those that a refit was trained on: one weighted row per class.

    If the training prevalence is unknown, there is no prior correction and the natural labels are kept.
    """
    if refit.training_prevalence is None or task.positive is None or not _moved(task, refit):
        return task.codes
    share, positive = round(refit.training_prevalence * _PARTS), task.positive
    resampled = np.array([1 - positive, positive], np.int32)
    return replace(task.codes, train_resampled=resampled, weights=np.array([_PARTS - share, share], np.float64))


def _moved(task: EvaluationTask, refit: Refit) -> bool:
    """Whether a refit is known to have been trained at a prevalence other than the natural one."""
    natural = float((task.codes.train_natural == task.positive).mean())
    return refit.training_prevalence is not None and not math.isclose(refit.training_prevalence, natural)


def _finalist(refit: Refit, roles: tuple[Role, ...], evaluated: dict[str, Any]) -> dict[str, Any]:
    same = {"strategy", "learner", "status", "reason", "seconds", "peak_mb", "notes", "warnings"}
    judged_by = "probabilities" if refit.probabilities else "ranking"
    return {
        **refit.model_dump(include=same),
        "roles": roles,
        "judged_by": judged_by,
        "train_rows": refit.after,
        **evaluated,
    }


def _notes(task: EvaluationTask, resamples: int, contenders: Iterable[FinalistScores]) -> list[str]:
    notes = []
    if resamples < task.config.bootstrap:
        notes.append(f"{resamples:,} instead of {task.config.bootstrap:,} bootstrap resamples, for speed")
    for one in contenders:
        if not one.refit.probabilities:
            notes.append(
                f"{candidate_words(one.candidate)} gives no probabilities: "
                "it is compared by its ranking, and its threshold is one of its scores"
            )
        elif task.positive is not None and one.refit.training_prevalence is None and one.candidate.learner != DUMMY:
            notes.append(
                f"{candidate_words(one.candidate)}: "
                "its training prevalence is unknown or not a single number: "
                "there is no prior correction, and only the calibrator corrects its probabilities"
            )
        notes += [f"{candidate_words(one.candidate)}: {warning}" for warning in one.refit.warnings]
        if one.refit.strategy == "threshold":
            notes.append("the final chooses every threshold on validation, so threshold is its plain learner here")
    return notes


def _candidate(refit: Refit) -> Candidate:
    return Candidate(strategy=refit.strategy, learner=refit.learner)
