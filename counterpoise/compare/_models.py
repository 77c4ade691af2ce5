"""Unfitted learners by name or import path, and the errors for those that cannot be built."""

from __future__ import annotations

import importlib
import math
from typing import Any

from counterpoise.compare._processes.messages import described
from counterpoise.config import Step, parse_learner
from counterpoise.errors import EvaluationError
from counterpoise.evaluate import build_learner
from counterpoise.records import Record
from counterpoise.strategies import TRAINING


def build_model(learner: Step, *, seed: int) -> Any:
    """Return an unfitted learner on one thread, with the preprocessing that it needs.

    Estimators by import path that do not accept missing values get imputed and standardised features.

    Args:
        learner: Its name or import path, and its parameters.
        seed: Its `random_state`, if it has one and the configuration sets none.

    Raises:
        EvaluationError: It is not installed, is not a scikit-learn classifier, or rejects its parameters.
    """
    if "." in learner.name or ":" in learner.name:
        model = _prepared(_instance(_class_at(learner.name), learner, seed))
    elif learner.name == "lightgbm":
        model = _instance(_class_at("lightgbm:LGBMClassifier"), Step("", {"verbosity": -1, **learner.options}), seed)
    else:
        model = build_learner(learner.name, seed)
        _set_parameters(model, learner)
    _on_one_thread(model)
    return model


def check_learner(text: str) -> Record:
    """Build a learner from its text in the configuration, so that an invalid one is reported before any work starts.

    Raises:
        EvaluationError: As for `build_model`.
    """
    build_model(parse_learner(text), seed=0)
    return Record()


def own_model(strategy: Step, *, seed: int) -> Any:
    """Return the ensemble or anomaly detector of that name with its options, with imputation before it."""
    model = _imputed(_class_at(TRAINING[strategy.name].learner)(random_state=seed, **strategy.options))
    _on_one_thread(model)
    return model


def balanced(model: Any) -> Any:
    """Return the learner with classes weighted inversely to their frequency.

    Raises:
        EvaluationError: It has no class weights.
    """
    names = [name for name in model.get_params() if name.split("__")[-1] == "class_weight"]
    if not names:
        raise _cannot(
            "no_class_weight", "a learner with the parameter class_weight", _kind(model), "choose another strategy"
        )
    return model.set_params(**dict.fromkeys(names, "balanced"))


def check_takes_weights(model: Any) -> None:
    """Check that a learner accepts sample weights.

    Raises:
        EvaluationError: It does not.
    """
    from sklearn.utils.validation import has_fit_parameter

    if not has_fit_parameter(_last(model), "sample_weight"):
        raise _cannot("no_sample_weight", "a learner that takes row weights", _kind(model), "choose random_over")


def own_threshold(model: Any) -> float | None:
    """Return the anomaly score from which a fitted detector calls a row an anomaly; None for other models.

    It flags scores above its offset; the next larger number is the smallest such score.
    """
    offset = getattr(_last(model), "offset_", None)
    return None if offset is None else math.nextafter(-float(offset), math.inf)


def _class_at(path: str) -> type[Any]:
    module, _, name = path.replace(":", ".").rpartition(".")
    try:
        imported = importlib.import_module(module)
    except ImportError as error:
        remedy = f"install it, for example with pip install {module.split('.')[0]}, or correct the import path"
        raise _cannot("not_installed", f"an installed module {module}", described(error), remedy) from error
    except Exception as error:  # a third-party module may raise anything
        raise _cannot(
            "not_importable", f"a module {module} that can be imported", described(error), "fix the module"
        ) from error
    found = getattr(imported, name, None)
    if found is None:
        raise _cannot("no_such_class", f"a class {name!r} in {module}", "none", "correct the import path")
    from sklearn.base import BaseEstimator

    if not (isinstance(found, type) and issubclass(found, BaseEstimator) and hasattr(found, "fit")):
        raise _cannot("no_estimator", "a scikit-learn estimator class", path, "choose a classifier")
    return found


def _instance(kind: type[Any], learner: Step, seed: int) -> Any:
    try:
        model = kind(**learner.options)
    except Exception as error:
        raise _cannot("parameters", f"parameters of {kind.__name__}", described(error), "correct them") from error
    if "random_state" in model.get_params() and "random_state" not in learner.options:
        model.set_params(random_state=seed)
    return model


def _set_parameters(model: Any, learner: Step) -> None:
    try:
        _last(model).set_params(**learner.options)
    except ValueError as error:
        raise _cannot("parameters", f"parameters of {learner.name}", described(error), "correct them") from error


def _prepared(model: Any) -> Any:
    from sklearn.base import is_classifier
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils import get_tags

    if not is_classifier(model):
        raise _cannot("no_classifier", "a classifier", _kind(model), "choose another class")
    return model if get_tags(model).input_tags.allow_nan else _imputed(StandardScaler(), model)


def _imputed(*steps: Any) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    return make_pipeline(SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), *steps)


def _on_one_thread(model: Any) -> None:
    """Restrict a learner to one thread: candidates run in parallel, and multi-threaded learners slow each other down.

    scikit-learn's default None already means one thread, and some of its learners warn about any other value.
    """
    single = (1, None) if type(_last(model)).__module__.startswith("sklearn.") else (1,)
    several = [
        name
        for name, value in model.get_params().items()
        if name.split("__")[-1] in ("n_jobs", "num_threads") and value not in single
    ]
    model.set_params(**dict.fromkeys(several, 1))


def _last(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    return steps[-1][1] if steps else model


def _kind(model: Any) -> str:
    return type(_last(model)).__name__


def _cannot(reason: str, expected: str, found: str, remedy: str) -> EvaluationError:
    return EvaluationError(reason, expected=expected, found=found, remedy=remedy)
