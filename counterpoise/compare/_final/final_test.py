"""The one access to test: all finalists are scored on the same bootstrap resamples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from counterpoise.compare._final.finalist_scores import FinalistScores, question_of, score_finalist
from counterpoise.compare._final.finalists import LEAVES_ROWS, about, finalists, reference_of
from counterpoise.compare._labels import candidate_words, learner_words, strategy_words
from counterpoise.evaluate import (
    CONFIDENCE,
    FLOOR,
    LabelCodes,
    Predictions,
    Question,
    Resampled,
    arm_record,
    baseline_verdict,
    binary_facts,
    bootstrap_method,
    correction_record,
    paired_differences,
    prior_correction,
    resample_arms,
    rival_verdict,
    strategy_verdict,
    threshold_rule,
    without_nan,
)
from counterpoise.metrics import HEADLINE
from counterpoise.results import DUMMY, Candidate, Comparison, Final, HeldOut, Leaderboard, Refit, Role

__all__ = ["judge"]

_PARTS = 10**9
"""The total weight that expresses a training prevalence: the largest power of ten in an int32, hence nine digits."""


def judge(comparison: Comparison, board: Leaderboard, held_out: HeldOut, *, refits: Sequence[Refit]) -> Final:
    """Score the finalists on test, with thresholds from validation and stratified, paired bootstrap intervals.

    Args:
        comparison: Defines the class of interest, and how thresholds and intervals are computed.
        board: The ranking, which test does not affect.
        held_out: Validation and test.
        refits: The finalists, fitted on all train rows.

    Raises:
        EvaluationError: A validation or test row has a class that train does not have.
    """
    question, seed = question_of(comparison, held_out), comparison.rules.seeds.bootstrap
    contenders = {_entry(refit): score_finalist(question, refit) for refit in refits if refit.status == "ok"}
    resampled, resamples = resample_arms(question, [one.arm for one in contenders.values()], seed=seed)
    judged = {candidate: _judged(question, one, resampled[one.key], seed=seed) for candidate, one in contenders.items()}
    comparisons, roles = list(_comparisons(board, contenders, resampled)), finalists(board)
    record = {
        **_setting(question, resamples),
        "finalists": [_finalist(refit, roles[_entry(refit)], judged.get(_entry(refit), {})) for refit in refits],
        "comparisons": comparisons,
        "about": about(board),
        **_verdict(board, question, judged, comparisons),
        "test_digest": held_out.digest,
        "looks": held_out.looks,
        "earlier_looks": len(held_out.looks),
        "notes": _notes(question, resamples, contenders.values()),
    }
    return Final.model_validate(without_nan(record))


def _setting(question: Question, resamples: int) -> dict[str, Any]:
    codes, binary = question.codes, question.positive is not None
    tables = {"train": codes.train_natural, "validation": codes.validation, "test": codes.test}
    return {
        "rows": {name: codes.counts(labels) for name, labels in tables.items()},
        "chance": question.chance,
        "deciding_rows": question.deciding_rows,
        "deciding_rows_are": question.counted,
        "verdict_floor": FLOOR,
        "threshold_rule": threshold_rule(question) if binary else None,
        "bootstrap": {"resamples": resamples, "confidence": CONFIDENCE, "method": bootstrap_method(question)},
    }


def _judged(question: Question, one: FinalistScores, resampled: Resampled, *, seed: int) -> dict[str, Any]:
    """Return a finalist's arm as the metrics record has it, and its correction; for ranking models the ranking only."""
    arm, positive = arm_record(one.arm, one.predictions, resampled, question=question), question.positive
    if positive is None or not one.refit.probabilities:
        return {"arm": arm, "correction": None}
    asked = replace(question, codes=_trained_on(question, one.refit))
    facts = binary_facts(asked, _as_trained(question, one), threshold=arm["threshold"], seed=seed)
    told = {name: value for name, value in facts.record.items() if name != "thresholds"}
    if facts.correction is None:
        return {"arm": arm | told, "correction": None}
    correction = correction_record(
        prior_correction(asked.codes, positive, resampled=True),
        {},
        positive_class=question.codes.classes[positive],
        test_prevalence=float((question.codes.test == positive).mean()),
    )
    if one.refit.training_prevalence is None:
        correction |= {"training_prevalence": None, "formula": None, "snippet": None}
    return {"arm": arm | told, "correction": {**correction, **facts.correction}}


def _as_trained(question: Question, one: FinalistScores) -> Predictions:
    """Return a finalist's predictions, as class-weighted ones if the learner's own weights shift the prevalence."""
    if one.refit.strategy in LEAVES_ROWS and _moved(question, one.refit):
        return replace(one.predictions, strategy="class_weight")
    return one.predictions


def _trained_on(question: Question, refit: Refit) -> LabelCodes:
    """Return the labels with those that a refit was trained on: one weighted row per class.

    If the training prevalence is unknown, there is no prior correction and the natural labels are kept.
    """
    if refit.training_prevalence is None or question.positive is None or not _moved(question, refit):
        return question.codes
    share, positive = round(refit.training_prevalence * _PARTS), question.positive
    resampled = np.array([1 - positive, positive], np.int32)
    return replace(question.codes, train_resampled=resampled, weights=np.array([_PARTS - share, share], np.int32))


def _moved(question: Question, refit: Refit) -> bool:
    """Whether a refit is known to have been trained at a prevalence other than the natural one."""
    natural = float((question.codes.train_natural == question.positive).mean())
    return refit.training_prevalence is not None and not math.isclose(refit.training_prevalence, natural)


def _comparisons(
    board: Leaderboard, contenders: Mapping[Candidate, FinalistScores], resampled: dict[str, Resampled]
) -> Iterator[dict[str, Any]]:
    """Yield each finalist's paired differences from its reference, for the metrics that both have."""
    for candidate, one in contenders.items():
        reference = reference_of(candidate, board)
        if candidate.learner == DUMMY or reference is None or reference not in contenders:
            continue
        other = contenders[reference]
        test = {name: value for name, value in one.arm.record["test"].items() if name in other.arm.record["test"]}
        differences = paired_differences(test, other.arm.record["test"], resampled[one.key], resampled[other.key])
        yield {**candidate.model_dump(), "reference": reference.model_dump(), "differences": differences}


def _verdict(
    board: Leaderboard,
    question: Question,
    judged: Mapping[Candidate, dict[str, Any]],
    comparisons: list[dict[str, Any]],
) -> dict[str, str]:
    """Return the verdict on the challenger, and its outcome."""
    candidate = about(board)
    assert candidate is not None  # noqa: S101  # without a chosen candidate there is no final
    if candidate not in judged:
        text = f"No verdict: {candidate_words(candidate)} could not be trained on all train rows."
        return {"verdict": text, "outcome": "undecided"}
    found = [one for one in comparisons if (one["strategy"], one["learner"]) == (candidate.strategy, candidate.learner)]
    rows, counted = question.deciding_rows, question.counted
    if not found or candidate.strategy in LEAVES_ROWS:
        arm = {**judged[candidate]["arm"], "learner": learner_words(candidate.learner)}
        told = baseline_verdict(arm, prevalence=question.chance, rows=rows, counted=counted)
    elif found[0]["reference"]["learner"] == candidate.learner:
        named = {**found[0], "learner": learner_words(candidate.learner)}
        told = strategy_verdict(named, strategy=strategy_words(candidate.strategy), rows=rows, counted=counted)
    else:
        names = candidate_words(candidate), candidate_words(Candidate(**found[0]["reference"]))
        told = rival_verdict(found[0]["differences"][HEADLINE.name], names=names, rows=rows, counted=counted)
    return {"verdict": told["text"], "outcome": told["outcome"]}


def _finalist(refit: Refit, roles: tuple[Role, ...], judged: dict[str, Any]) -> dict[str, Any]:
    same = {"strategy", "learner", "status", "reason", "seconds", "peak_mb", "notes", "warnings"}
    judged_by = "probabilities" if refit.probabilities else "ranking"
    return {
        **refit.model_dump(include=same),
        "roles": roles,
        "judged_by": judged_by,
        "train_rows": refit.after,
        **judged,
    }


def _notes(question: Question, resamples: int, contenders: Iterable[FinalistScores]) -> list[str]:
    notes = []
    if resamples < question.config.bootstrap:
        notes.append(f"{resamples:,} instead of {question.config.bootstrap:,} bootstrap resamples, for speed")
    for one in contenders:
        if not one.refit.probabilities:
            notes.append(
                f"{candidate_words(one.candidate)} gives no probabilities: "
                "it is compared by its ranking, without a threshold"
            )
        elif question.positive is not None and one.refit.training_prevalence is None and one.candidate.learner != DUMMY:
            notes.append(
                f"{candidate_words(one.candidate)}: "
                "its training prevalence is unknown or not a single number: "
                "there is no prior correction, and only the calibrator corrects its probabilities"
            )
        notes += [f"{candidate_words(one.candidate)}: {warning}" for warning in one.refit.warnings]
        if one.refit.strategy == "threshold":
            notes.append("the final chooses every threshold on validation, so threshold is its plain learner here")
    return notes


def _entry(refit: Refit) -> Candidate:
    return Candidate(strategy=refit.strategy, learner=refit.learner)
