"""One candidate in one round: its train rows, its model, and its predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from counterpoise.compare._models import balanced, build_model, check_takes_weights, own_model
from counterpoise.compare._processes.memory_peak import peak_mb
from counterpoise.compare._processes.messages import described, short_notes
from counterpoise.compare._rounds.answer_checks import LearnerAnswerError
from counterpoise.compare._rounds.plans import FoldPlan, TrainMatrix, fold_plan, train_matrix
from counterpoise.compare._rounds.scores import Answers, ask, ask_detector
from counterpoise.compare._rounds.thresholds import tuned
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.compare._rounds.weights import by_asked_codes, double_counting
from counterpoise.config import Step, parse_learner, parse_strategy
from counterpoise.errors import CounterpoiseError, EvaluationError
from counterpoise.evaluate import gathered_warnings, weighting
from counterpoise.results import DUMMY, Candidate
from counterpoise.strategies import STRATEGIES, TRAINING, gives_weights
from counterpoise.typing import Matrix

__all__ = ["Failure", "RunNotes", "Trained", "answers", "attempted", "train"]

Outcome = TypeVar("Outcome")

_TOO_SMALL = {
    "worse than random": "members that are better than chance on a balanced draw of these rows; found one that is not, "
    "as with few or unpredictable rows; choose balanced_random_forest or easy_ensemble",
}
"""The errors of learners that cannot work on rows like these, and the reason to report instead."""


@dataclass
class _Clock:
    """Seconds spent, by activity."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


@dataclass
class RunNotes:
    """The time, memory, notes and warnings of a candidate's run."""

    clock: _Clock = field(default_factory=_Clock)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return the seconds by activity and in total, the peak memory and the notes, by field of the records."""
        parts = {name: round(self.clock.seconds.get(name, 0.0), 4) for name in ("sampling", "fit", "predict")}
        peak = peak_mb()
        return {
            "seconds": round(sum(parts.values()), 4),
            **{f"{name}_seconds": value for name, value in parts.items()},
            "peak_mb": None if peak is None else max([peak, *self.peaks]),
            "notes": short_notes(self.notes),
            "warnings": short_notes(self.warnings),
        }


@dataclass(frozen=True)
class Trained:
    """A fitted model, the rows that it was fitted on, and the strategy's steps."""

    model: Any
    rows: TrainMatrix
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Failure:
    """Why a candidate has no result: refused because it cannot run on these rows, or failed with an error."""

    status: Literal["refused", "failed"]
    reason: str


def attempted(work: Callable[[], Outcome], where: Callable[[], str]) -> Outcome | Failure:
    """Run a candidate's work and return its result or the failure, so that one candidate cannot stop the others.

    Args:
        work: The function to run.
        where: Returns the current round, for the message.
    """
    try:
        return work()
    except LearnerAnswerError as error:
        return Failure("failed", f"{where()}: [{error.reason}] needs {error.expected}; found {error.found}")
    except CounterpoiseError as error:
        return Failure("refused", f"needs {error.expected}; found {error.found}; {error.remedy}")
    except MemoryError:
        return Failure("refused", "not enough memory")
    except Exception as error:  # noqa: BLE001  # any learner may fail in its own way
        for sign, needs in _TOO_SMALL.items():
            if sign in described(error):
                return Failure("refused", f"needs {needs}")
        return Failure("failed", f"{where()}: {described(error)}")


def train(opened: TrainingRows, candidate: Candidate, number: int, sheet: RunNotes) -> Trained:
    """Fit a candidate on the resampled rows of a round.

    Args:
        opened: The rows of the comparison.
        candidate: The strategy and the learner.
        number: The round.
        sheet: Collects time, memory and notes.

    Raises:
        EvaluationError: The strategy does not fit the learner or the classes.
        ResamplingError: The strategy cannot work on these rows, or would need more memory than allowed.
    """
    steps = parse_strategy(candidate.strategy)
    model = _model(opened, candidate, steps, number, sheet)
    with gathered_warnings() as notes:
        rows = _resampled(opened, steps, number, sheet)
        with sheet.clock.on("fit"):
            model.fit(rows.features, *_asked(steps, rows), **weighting(model, rows.weights))
    sheet.notes += notes
    return Trained(model, rows, steps)


def answers(opened: TrainingRows, trained: Trained, features: Matrix, sheet: RunNotes) -> Answers:
    """Predict other rows with a fitted candidate, encoded like the rows that it was fitted on."""
    with gathered_warnings() as notes, sheet.clock.on("predict"):
        if _is_detector(trained.steps):
            said = ask_detector(trained.model, features)
        else:
            said = ask(trained.model, features, classes=len(opened.comparison.classes))
    sheet.notes += notes
    return said


def _resampled(opened: TrainingRows, steps: tuple[Step, ...], number: int, sheet: RunNotes) -> TrainMatrix:
    """Return the rows to train on; the time of the plan counts for every candidate that uses it."""
    plan: FoldPlan | None = None
    if steps[0].name in STRATEGIES and steps[0].name != "none":
        plan = fold_plan(opened, steps, number)
        sheet.clock.add("sampling", plan.facts["seconds"])
        sheet.notes += plan.facts["notes"]
        sheet.peaks += [plan.facts["peak_mb"]] if plan.facts["peak_mb"] is not None else []
    with sheet.clock.on("sampling"):
        return train_matrix(opened, plan, number)


def _asked(steps: tuple[Step, ...], rows: TrainMatrix) -> tuple[npt.NDArray[np.int64], ...]:
    return () if _is_detector(steps) else (rows.asked,)


def _is_detector(steps: tuple[Step, ...]) -> bool:
    own = TRAINING.get(steps[0].name)
    return own is not None and not own.supervised


def _model(opened: TrainingRows, candidate: Candidate, steps: tuple[Step, ...], number: int, sheet: RunNotes) -> Any:
    """Return a candidate's unfitted model; add a warning if its own weights duplicate the strategy's effect.

    Raises:
        EvaluationError: The strategy does not fit the learner or the classes.
    """
    comparison = opened.comparison
    name, seed = steps[0].name, comparison.rules.seeds.learner
    if candidate.learner == DUMMY:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")
    own = TRAINING.get(name)
    if own and own.two_classes and comparison.positive < 0:
        raise _only_two_classes(own.two_classes, len(comparison.classes))
    if own and own.learner:
        return own_model(name, seed=seed)
    model = by_asked_codes(build_model(parse_learner(candidate.learner), seed=seed), opened.asked_names)
    sheet.warnings += [warning] if (warning := double_counting(model, steps)) else []
    if gives_weights(name):
        check_takes_weights(model)
    if name == "class_weight":
        return balanced(model)
    return tuned(model, opened, number) if name == "threshold" else model


def _only_two_classes(what: str, classes: int) -> EvaluationError:
    return EvaluationError(
        "two_classes_only",
        expected=f"two classes, because {what} only with two",
        found=f"{classes} classes",
        remedy="choose another strategy",
    )
