"""An entry fitted on all train rows, resampled by the same plan engine, and asked about the untouched rows."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path

import numpy as np

from counterpoise.compare._processes.subprocesses import JobFailed, run_in_process
from counterpoise.compare._rounds.arena import Field
from counterpoise.compare._rounds.plans import TrainMatrix
from counterpoise.compare._rounds.training import Setback, Sheet, Trained, answers, attempted, train
from counterpoise.compare._rounds.weights import share_trained_at
from counterpoise.config import ANOMALY, ENSEMBLES
from counterpoise.results import DUMMY, Arena, Entry, Refit

__all__ = ["refit", "refit_in_process"]


def refit(arena: Arena, entry: Entry) -> Refit:
    """Return what becomes of an entry in the round after the last; learners run on one thread.

    The strategy `threshold` is its learner alone here: in the final every threshold is chosen on validation.

    Args:
        arena: With the final's round encoded, and validation and test.
        entry: The strategy and the learner.
    """
    from threadpoolctl import threadpool_limits

    sheet, played = Sheet(), entry.model_copy(update={"strategy": "none"}) if entry.strategy == "threshold" else entry
    with threadpool_limits(limits=1):
        done = attempted(lambda: _refit(Field(arena), played, sheet), where=lambda: "all train rows")
    facts = {name: value for name, value in sheet.facts().items() if name in Refit.model_fields}
    if isinstance(done, Setback):
        return Refit(**entry.model_dump(), status=done.status, reason=done.reason)
    return Refit(**entry.model_dump(), status="ok", **done, **facts)


def refit_in_process(arena: Arena, entry: Entry) -> Refit:
    """Return what becomes of an entry fitted in a process of its own; one without a valid answer has failed.

    Args:
        arena: As for `refit`; its rules say how long an entry may take (`timeouts.entry`).
        entry: The strategy and the learner.

    Raises:
        EngineError: The tournament was ended meanwhile.
        OSError: The job cannot be written to the arena's folder.
    """
    rules, work = arena.rules, partial(refit, arena, entry)
    try:
        return run_in_process(
            work, Refit, folder=arena.folder, at_a_time=rules.tournament.workers, minutes=rules.minutes_per_entry
        )
    except JobFailed as failed:
        return Refit(**entry.model_dump(), status="failed", reason=str(failed))


def _refit(opened: Field, entry: Entry, sheet: Sheet) -> dict[str, object]:
    number = opened.arena.rounds
    trained = train(opened, entry, number, sheet)
    folder = Path(opened.arena.folder) / f"final-{uuid.uuid4().hex}"
    folder.mkdir()
    for part in ("validation", "test"):
        said = answers(opened, trained, opened.features(part, number), sheet)
        np.save(folder / f"{part}.npy", said.scores)
    return {
        "answers": str(folder),
        "probabilities": said.probabilities,
        "after": _counts(opened, trained.rows),
        "training_prevalence": _training_prevalence(opened, entry, trained),
    }


def _counts(opened: Field, rows: TrainMatrix) -> dict[str, int]:
    """Return the rows that were trained on by class, with their weights."""
    classes, positive = opened.arena.classes, opened.arena.positive
    found = np.bincount(rows.asked, weights=rows.weights, minlength=len(classes)).astype(int).tolist()
    ordered = found if positive < 0 else [found[int(code == positive)] for code in range(len(classes))]
    return dict(zip(classes, ordered, strict=True))


def _training_prevalence(opened: Field, entry: Entry, trained: Trained) -> float | None:
    """Return the share of the class of interest as the model was trained; None where that is not one number."""
    if opened.arena.positive < 0 or entry.learner == DUMMY or trained.steps[0].name in (ANOMALY, *ENSEMBLES):
        return None
    return share_trained_at(trained.model, trained.rows)
