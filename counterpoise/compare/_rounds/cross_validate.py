"""Cross-validate one candidate: resample, fit, predict and score each fold, and turn failures into reasons."""

from __future__ import annotations

from functools import partial

import numpy as np

from counterpoise.compare._corrected_error import interval
from counterpoise.compare._processes.subprocesses import JobFailed, run_in_process
from counterpoise.compare._rounds.scores import ModelOutput, measure, measure_together
from counterpoise.compare._rounds.training import Failure, RunNotes, attempted, predict, train
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.metrics import METRICS, names
from counterpoise.results import Candidate, CandidateResult, Comparison, Scores


def cross_validate(comparison: Comparison, candidate: Candidate) -> CandidateResult:
    """Cross-validate a candidate on all folds; learners use one thread.

    Args:
        comparison: The rows, folds and encoded features.
        candidate: The strategy and the learner.
    """
    from threadpoolctl import threadpool_limits

    run_notes, training_rows, folds = RunNotes(), TrainingRows(comparison), list[Scores]()
    outputs = list[ModelOutput]()

    def cross_validate_all() -> list[Scores]:
        for number in range(comparison.rounds):
            outputs.append(_output(training_rows, candidate, number, run_notes))
            folds.append(measure(outputs[-1], training_rows.truth(number)))
        return folds

    with threadpool_limits(limits=1):
        scores = attempted(cross_validate_all, where=lambda: f"fold {len(folds) + 1}")
    if isinstance(scores, Failure):
        return CandidateResult(**candidate.model_dump(), status=scores.status, reason=scores.reason)
    over_folds = _over_folds(folds, test_to_train=comparison.test_to_train)
    return CandidateResult(
        **candidate.model_dump(), status="ok", folds=tuple(folds), **over_folds, pooled=_pooled(training_rows, outputs),
        **run_notes.facts(),
    )  # fmt: skip


def cross_validate_in_process(comparison: Comparison, candidate: Candidate) -> CandidateResult:
    """Cross-validate a candidate in a process of its own; without a valid answer the candidate has failed.

    Args:
        comparison: The rows, folds and encoded features; `timeouts.entry` in its rules limits the time.
        candidate: The strategy and the learner.

    Raises:
        EngineError: The comparison was ended in the meantime.
        OSError: The job cannot be written to the comparison's folder.
    """
    rules, work = comparison.rules, partial(cross_validate, comparison, candidate)
    try:
        result = run_in_process(
            work,
            CandidateResult,
            folder=comparison.folder,
            at_a_time=rules.tournament.workers,
            minutes=rules.minutes_per_entry,
        )
        _check(result, comparison, candidate)
    except JobFailed as failed:
        return CandidateResult(**candidate.model_dump(), status="failed", reason=str(failed))
    return result


def _check(result: CandidateResult, comparison: Comparison, candidate: Candidate) -> None:
    """Check that a result belongs to this candidate: a learner may have changed the code that it runs in.

    Raises:
        JobFailed: It does not.
    """
    if (result.strategy, result.learner) != (candidate.strategy, candidate.learner):
        raise JobFailed("its answer is about another candidate")
    if result.status == "ok" and len(result.folds) != comparison.rounds:
        raise JobFailed(f"its answer has {len(result.folds)} folds instead of {comparison.rounds}")
    for metric, value in (
        (name, value) for scores in (*result.folds, result.mean, result.pooled) for name, value in scores.items()
    ):
        if value is not None and not METRICS[metric].holds(value):
            least, most = METRICS[metric].range
            raise JobFailed(f"its answer has {value:g} as {metric}, which must be between {least:g} and {most:g}")


def _output(training_rows: TrainingRows, candidate: Candidate, number: int, run_notes: RunNotes) -> ModelOutput:
    trained = train(training_rows, candidate, number, run_notes)
    return predict(training_rows, trained, training_rows.features("test", number), run_notes)


def _pooled(training_rows: TrainingRows, outputs: list[ModelOutput]) -> Scores:
    """Return the mean over repeats of the ranking of all out-of-fold scores together; empty for folds in time order.

    There, models trained on very different numbers of rows would be compared.
    """
    comparison = training_rows.comparison
    if comparison.in_time is not None:
        return {}
    number = comparison.rules.tournament.folds
    truths = [training_rows.truth(one) for one in range(comparison.rounds)]
    together = [
        measure_together(outputs[first : first + number], truths[first : first + number])
        for first in range(0, comparison.rounds, number)
    ]
    known = {name: [value for one in together if (value := one[name]) is not None] for name in together[0]}
    return {name: float(np.mean(values)) if values else None for name, values in known.items()}


def _over_folds(folds: list[Scores], *, test_to_train: float) -> dict[str, Scores]:
    """Return the mean, standard deviation and interval of each metric over the folds where it is defined."""
    values = {metric: [value for fold in folds if (value := fold[metric]) is not None] for metric in names("folds")}
    bounds = {
        metric: _possible(metric, interval(known, test_to_train=test_to_train)) for metric, known in values.items()
    }
    return {
        "mean": {metric: float(np.mean(known)) if known else None for metric, known in values.items()},
        "deviation": {metric: _deviation(known) for metric, known in values.items()},
        "low": {metric: low for metric, (low, _) in bounds.items()},
        "high": {metric: high for metric, (_, high) in bounds.items()},
    }


def _possible(metric: str, bounds: tuple[float, float] | None) -> tuple[float | None, float | None]:
    """Clip bounds to the range of the metric."""
    if bounds is None:
        return None, None
    least, most = METRICS[metric].range
    return max(bounds[0], least), min(bounds[1], most)


def _deviation(values: list[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
