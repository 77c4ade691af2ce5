"""One entry on all folds: resample, fit, predict, measure; what cannot be done becomes a reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.core.errors import CounterpoiseError, EvaluationError
from counterpoise.core.evaluate.features import Matrix
from counterpoise.core.evaluate.learners import gathered_warnings, weighting
from counterpoise.core.redact import redact
from counterpoise.core.strategies import STRATEGIES
from counterpoise.core.tournament.arena import Field
from counterpoise.core.tournament.models import balanced, build_model, check_takes_weights, own_model
from counterpoise.core.tournament.peak import peak_mb
from counterpoise.core.tournament.plans import FoldPlan, TrainMatrix, fold_plan, train_matrix
from counterpoise.core.tournament.records import DUMMY, METRICS, Arena, Entry, EntryResult
from counterpoise.core.tournament.scores import Answers, ask, ask_detector, measure
from counterpoise.core.tournament.syntax import ANOMALY, ENSEMBLES, TREATMENTS, Step, parse_learner, parse_strategy

__all__ = ["play"]

_INNER_FOLDS = 5


@dataclass
class _Clock:
    """Seconds by what they were spent on."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


@dataclass
class _Sheet:
    """What is written down of an entry while it plays."""

    folds: list[dict[str, float | None]] = field(default_factory=list)
    clock: _Clock = field(default_factory=_Clock)
    notes: list[str] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


def play(arena: Arena, entry: Entry) -> EntryResult:
    """Return what becomes of an entry on all folds; learners run on one thread.

    Args:
        arena: The rows, folds and encoded features.
        entry: The strategy and the learner.
    """
    from threadpoolctl import threadpool_limits

    sheet = _Sheet()
    try:
        with threadpool_limits(limits=1):
            steps, opened = parse_strategy(entry.strategy), Field(arena)
            for number in range(arena.rounds):
                _round(opened, entry, steps, number, sheet)
    except CounterpoiseError as error:
        return EntryResult(**entry.model_dump(), status="refused", reason=_why(error))
    except MemoryError:
        return EntryResult(**entry.model_dump(), status="refused", reason="not enough memory")
    except Exception as error:  # noqa: BLE001  # one entry that breaks down must not cost the others
        said = redact(str(error)).strip().splitlines() or [""]
        reason = f"fold {len(sheet.folds) + 1}: {type(error).__name__}: {said[0]}"
        return EntryResult(**entry.model_dump(), status="failed", reason=reason)
    return _result(entry, sheet)


def _why(error: CounterpoiseError) -> str:
    return f"needs {error.expected}; found {error.found}; {error.remedy}"


def _round(opened: Field, entry: Entry, steps: tuple[Step, ...], number: int, sheet: _Sheet) -> None:
    model = _model(opened.arena, entry, steps)
    with gathered_warnings() as notes:
        train = _resampled(opened, steps, number, sheet)
        with sheet.clock.on("fit"):
            model.fit(train.features, *_asked(steps, train), **weighting(model, train.weights))
        tested = opened.features("test", number)
        with sheet.clock.on("predict"):
            answers = _ask(opened.arena, steps, model, tested)
    sheet.folds.append(measure(answers, opened.truth(number)))
    sheet.notes += notes


def _resampled(opened: Field, steps: tuple[Step, ...], number: int, sheet: _Sheet) -> TrainMatrix:
    """Return the rows to train on; the time that the plan took is counted whoever has made it."""
    plan: FoldPlan | None = None
    if steps[0].name in STRATEGIES and steps[0].name != "none":
        plan = fold_plan(opened, steps, number)
        sheet.clock.add("sampling", plan.facts["seconds"])
        sheet.notes += plan.facts["notes"]
        sheet.peaks += [plan.facts["peak_mb"]] if plan.facts["peak_mb"] is not None else []
    with sheet.clock.on("sampling"):
        return train_matrix(opened, plan, number)


def _asked(steps: tuple[Step, ...], train: TrainMatrix) -> tuple[npt.NDArray[np.int64], ...]:
    return () if steps[0].name == ANOMALY else (train.asked,)


def _ask(arena: Arena, steps: tuple[Step, ...], model: Any, tested: Matrix) -> Answers:
    if steps[0].name == ANOMALY:
        return ask_detector(model, tested)
    return ask(model, tested, classes=len(arena.classes))


def _model(arena: Arena, entry: Entry, steps: tuple[Step, ...]) -> Any:
    """Return an entry's unfitted model.

    Raises:
        EvaluationError: The strategy does not go with the learner or with the classes.
    """
    name, seed = steps[0].name, arena.rules.seeds.learner
    if entry.learner == DUMMY:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")
    if name in (ANOMALY, "threshold") and arena.positive < 0:
        raise _only_two_classes(name, len(arena.classes))
    if name in (ANOMALY, *ENSEMBLES):
        return own_model(name, seed=seed)
    model = build_model(parse_learner(entry.learner), seed=seed)
    if name == "weights":
        check_takes_weights(model)
    if name in TREATMENTS:
        return {
            "none": lambda: model,
            "class_weight": lambda: balanced(model),
            "threshold": lambda: _tuned(arena, model),
        }[name]()
    return model


def _tuned(arena: Arena, model: Any) -> Any:
    """Return the learner with its threshold tuned by cross-validation within the rows that it is fitted on."""
    from sklearn.metrics import fbeta_score, make_scorer, matthews_corrcoef
    from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV

    scorers = {"f2": make_scorer(fbeta_score, beta=2, zero_division=0), "mcc": make_scorer(matthews_corrcoef)}
    wanted, seed = arena.rules.threshold, arena.rules.seeds.learner
    return TunedThresholdClassifierCV(
        model,
        scoring=scorers.get(wanted, wanted),
        cv=StratifiedKFold(_INNER_FOLDS, shuffle=True, random_state=seed),
        random_state=seed,
    )


def _only_two_classes(name: str, classes: int) -> EvaluationError:
    what = "a threshold is tuned" if name == "threshold" else "an anomaly is told from the rest"
    return EvaluationError(
        "two_classes_only",
        expected=f"two classes, as {what}",
        found=f"{classes} classes, while {what} with two only",
        remedy="choose another strategy",
    )


def _result(entry: Entry, sheet: _Sheet) -> EntryResult:
    seconds = {name: round(sheet.clock.seconds.get(name, 0.0), 4) for name in ("sampling", "fit", "predict")}
    peak = peak_mb()
    peaks = [*sheet.peaks, *([peak] if peak is not None else [])]
    return EntryResult(
        **entry.model_dump(),
        status="ok",
        folds=tuple(sheet.folds),
        mean={name: _mean(sheet.folds, name) for name in METRICS},
        deviation={name: _deviation(sheet.folds, name) for name in METRICS},
        seconds=round(sum(seconds.values()), 4),
        **{f"{name}_seconds": value for name, value in seconds.items()},
        peak_mb=max(peaks) if peak is not None else None,
        notes=tuple(dict.fromkeys(sheet.notes)),
    )


def _values(folds: list[dict[str, float | None]], metric: str) -> list[float]:
    return [value for fold in folds if (value := fold[metric]) is not None]


def _mean(folds: list[dict[str, float | None]], metric: str) -> float | None:
    values = _values(folds, metric)
    return float(np.mean(values)) if values else None


def _deviation(folds: list[dict[str, float | None]], metric: str) -> float | None:
    values = _values(folds, metric)
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
