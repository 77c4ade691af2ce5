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
from counterpoise.compare._rounds.scores import ModelOutput, detect_anomalies, predict_classes
from counterpoise.compare._rounds.thresholds import tuned
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.compare._rounds.weights import double_counting, weights_by_code
from counterpoise.config import Step, parse_learner, parse_strategy
from counterpoise.errors import CounterpoiseError, EvaluationError
from counterpoise.evaluate import gathered_warnings, weighting
from counterpoise.results import DUMMY, Candidate
from counterpoise.strategies import STRATEGIES, TRAINING, gives_weights
from counterpoise.typing import Matrix

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

    @property
    def decides(self) -> bool:
        """Whether it is a detector whose contamination is set, so that it decides without a threshold from labels."""
        return _is_detector(self.steps) and "contamination" in self.steps[0].options


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


def train(training_rows: TrainingRows, candidate: Candidate, number: int, run_notes: RunNotes) -> Trained:
    """Fit a candidate on the resampled rows of a round.

    Args:
        training_rows: The rows of the comparison.
        candidate: The strategy and the learner.
        number: The round.
        run_notes: Collects time, memory and notes.

    Raises:
        EvaluationError: The strategy does not fit the learner or the classes.
        ResamplingError: The strategy cannot work on these rows, or would need more memory than allowed.
    """
    steps = parse_strategy(candidate.strategy)
    model = _model(training_rows, candidate, steps, number, run_notes)
    with gathered_warnings() as notes:
        rows = _resampled(training_rows, steps, number, run_notes)
        with run_notes.clock.on("fit"):
            model.fit(rows.features, *_targets(steps, rows), **weighting(model, rows.weights))
    run_notes.notes += notes
    return Trained(model, rows, steps)


def predict(training_rows: TrainingRows, trained: Trained, features: Matrix, run_notes: RunNotes) -> ModelOutput:
    """Predict other rows with a fitted candidate, encoded like the rows that it was fitted on."""
    with gathered_warnings() as notes, run_notes.clock.on("predict"):
        if _is_detector(trained.steps):
            output = detect_anomalies(trained.model, features, decides=trained.decides)
        else:
            output = predict_classes(trained.model, features, classes=len(training_rows.comparison.classes))
    run_notes.notes += notes
    return output


def _resampled(training_rows: TrainingRows, steps: tuple[Step, ...], number: int, run_notes: RunNotes) -> TrainMatrix:
    """Return the rows to train on; the time of the plan counts for every candidate that uses it."""
    plan: FoldPlan | None = None
    if steps[0].name in STRATEGIES and steps[0].name != "none":
        plan = fold_plan(training_rows, steps, number)
        run_notes.clock.add("sampling", plan.facts["seconds"])
        run_notes.notes += plan.facts["notes"]
        run_notes.peaks += [plan.facts["peak_mb"]] if plan.facts["peak_mb"] is not None else []
    with run_notes.clock.on("sampling"):
        return train_matrix(training_rows, plan, number)


def _targets(steps: tuple[Step, ...], rows: TrainMatrix) -> tuple[npt.NDArray[np.int64], ...]:
    return () if _is_detector(steps) else (rows.targets,)


def _is_detector(steps: tuple[Step, ...]) -> bool:
    own = TRAINING.get(steps[0].name)
    return own is not None and not own.supervised


def _model(
    training_rows: TrainingRows, candidate: Candidate, steps: tuple[Step, ...], number: int, run_notes: RunNotes
) -> Any:
    """Return a candidate's unfitted model; add a warning if its own weights duplicate the strategy's effect.

    Raises:
        EvaluationError: The strategy does not fit the learner or the classes.
    """
    comparison = training_rows.comparison
    name, seed = steps[0].name, comparison.rules.seeds.learner
    if candidate.learner == DUMMY:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")
    own = TRAINING.get(name)
    if own and own.two_classes and comparison.positive < 0:
        raise _only_two_classes(own.two_classes, len(comparison.classes))
    if own and own.learner:
        return own_model(steps[0], seed=seed)
    model = weights_by_code(build_model(parse_learner(candidate.learner), seed=seed), training_rows.target_names)
    run_notes.warnings += [warning] if (warning := double_counting(model, steps)) else []
    if gives_weights(name):
        check_takes_weights(model)
    if name == "class_weight":
        return balanced(model)
    return tuned(model, training_rows, number) if name == "threshold" else model


def _only_two_classes(what: str, classes: int) -> EvaluationError:
    return EvaluationError(
        "two_classes_only",
        expected=f"two classes, because {what} only with two",
        found=f"{classes} classes",
        remedy="choose another strategy",
    )
