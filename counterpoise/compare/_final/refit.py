"""Fit a candidate on all train rows, resampled by the same plan engine, and predict the untouched rows."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path

import numpy as np

from counterpoise.compare._final.finalists import LEAVES_ROWS
from counterpoise.compare._models import own_threshold
from counterpoise.compare._processes.subprocesses import JobFailed, run_in_process
from counterpoise.compare._rounds.plans import TrainMatrix
from counterpoise.compare._rounds.training import Failure, RunNotes, Trained, attempted, predict, train
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.compare._rounds.weights import share_trained_at
from counterpoise.config import OWN_LEARNERS
from counterpoise.results import DUMMY, Candidate, Comparison, Refit


def refit(comparison: Comparison, candidate: Candidate) -> Refit:
    """Run a candidate in the final's round; learners use one thread.

    The strategy `threshold` is its plain learner here: the final chooses every threshold on validation.

    Args:
        comparison: The comparison, with the final's round encoded and validation and test written.
        candidate: The strategy and the learner.
    """
    from threadpoolctl import threadpool_limits

    run_notes, refitted = (
        RunNotes(),
        candidate.model_copy(update={"strategy": "none"}) if candidate.strategy in LEAVES_ROWS else candidate,
    )
    with threadpool_limits(limits=1):
        done = attempted(lambda: _refit(TrainingRows(comparison), refitted, run_notes), where=lambda: "all train rows")
    facts = {name: value for name, value in run_notes.facts().items() if name in Refit.model_fields}
    if isinstance(done, Failure):
        return Refit(**candidate.model_dump(), status=done.status, reason=done.reason)
    return Refit(**candidate.model_dump(), status="ok", **done, **facts)


def refit_in_process(comparison: Comparison, candidate: Candidate) -> Refit:
    """Refit a candidate in a process of its own; without a valid answer the candidate has failed.

    Args:
        comparison: As for `refit`; its rules limit the time of a candidate (`timeouts.entry`).
        candidate: The strategy and the learner.

    Raises:
        EngineError: The comparison was ended in the meantime.
        OSError: The job cannot be written to the comparison's folder.
    """
    rules, work = comparison.rules, partial(refit, comparison, candidate)
    try:
        return run_in_process(
            work, Refit, folder=comparison.folder, at_a_time=rules.tournament.workers, minutes=rules.minutes_per_entry
        )
    except JobFailed as failed:
        return Refit(**candidate.model_dump(), status="failed", reason=str(failed))


def _refit(training_rows: TrainingRows, candidate: Candidate, run_notes: RunNotes) -> dict[str, object]:
    number = training_rows.comparison.rounds
    trained = train(training_rows, candidate, number, run_notes)
    folder = Path(training_rows.comparison.folder) / f"final-{uuid.uuid4().hex}"
    folder.mkdir()
    for part in ("validation", "test"):
        output = predict(training_rows, trained, training_rows.features(part, number), run_notes)
        np.save(folder / f"{part}.npy", output.scores)
    return {
        "answers": str(folder),
        "probabilities": output.probabilities,
        "after": _counts(training_rows, trained.rows),
        "own_threshold": own_threshold(trained.model) if trained.decides else None,
        "training_prevalence": _training_prevalence(training_rows, candidate, trained),
    }


def _counts(training_rows: TrainingRows, rows: TrainMatrix) -> dict[str, int]:
    """Return the number of rows that were trained on, by class, counting weights."""
    classes, positive = training_rows.comparison.classes, training_rows.comparison.positive
    found = np.rint(np.bincount(rows.targets, weights=rows.weights, minlength=len(classes))).astype(int).tolist()
    ordered = found if positive < 0 else [found[int(code == positive)] for code in range(len(classes))]
    return dict(zip(classes, ordered, strict=True))


def _training_prevalence(training_rows: TrainingRows, candidate: Candidate, trained: Trained) -> float | None:
    """Return the training prevalence of the class of interest; None if it is not a single number."""
    if training_rows.comparison.positive < 0 or candidate.learner == DUMMY or trained.steps[0].name in OWN_LEARNERS:
        return None
    return share_trained_at(trained.model, trained.rows)
