from __future__ import annotations

import warnings

import numpy as np
import pytest

from counterpoise.config import LearnerName
from counterpoise.evaluate import _learners as learners
from counterpoise.evaluate._learners import fit_learner, gathered_warnings

_ALL: list[LearnerName] = ["logistic_regression", "hist_gradient_boosting", "random_forest"]


def _data(rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = (np.arange(rows) % 2).astype(np.int32)
    features = rng.normal(size=(rows, 3)) + labels[:, None]
    features[::9, 1] = np.nan
    return features, labels


@pytest.mark.parametrize("name", _ALL)
def test_a_class_that_train_lacks_has_probability_zero(name: LearnerName) -> None:
    features, labels = _data()
    fitted, notes = fit_learner(name, features, labels * 2, classes=3, seed=0)
    answer = fitted.probabilities(features)
    assert answer.shape == (200, 3)
    assert (answer[:, 1] == 0).all()
    assert answer.sum(axis=1) == pytest.approx(np.ones(200))
    assert notes == []


@pytest.mark.parametrize("name", _ALL)
def test_a_learner_answers_the_same_each_time(name: LearnerName) -> None:
    features, labels = _data()
    answers = [
        fit_learner(name, features, labels, classes=2, seed=5)[0].probabilities(features).tobytes() for _ in range(2)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", _ALL)
def test_a_column_that_is_missing_in_validation_only_is_no_trouble(name: LearnerName) -> None:
    features, labels = _data()
    fitted, _ = fit_learner(name, features[:, [0, 2]], labels, classes=2, seed=0)
    answer = fitted.probabilities(np.full((3, 2), np.nan))
    assert np.isfinite(answer).all()


def test_no_rows_give_no_probabilities() -> None:
    features, labels = _data()
    fitted, _ = fit_learner("logistic_regression", features, labels, classes=2, seed=0)
    assert fitted.probabilities(np.zeros((0, 3))).shape == (0, 2)


def test_a_learner_that_does_not_converge_says_so_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "_MOST_ITERATIONS", 1)
    features, labels = _data()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, notes = fit_learner("logistic_regression", features, labels, classes=2, seed=0)
    assert len(notes) == 1
    assert "failed to converge" in notes[0]


def test_equal_warnings_are_gathered_once() -> None:
    with gathered_warnings() as notes:
        for _ in range(3):
            warnings.warn("first line\nsecond line", UserWarning, stacklevel=1)
    assert notes == ["first line"]


def test_what_other_code_left_open_is_no_warning_of_a_learner() -> None:
    with gathered_warnings() as notes:
        warnings.warn("unclosed database", ResourceWarning, stacklevel=1)
        warnings.warn("did not converge", UserWarning, stacklevel=1)
    assert notes == ["did not converge"]


@pytest.mark.parametrize("name", _ALL)
def test_a_learner_takes_weighted_rows_for_as_many_rows(name: LearnerName) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(600) < 0.1).astype(np.int32)
    features = rng.normal(size=(600, 2))
    weights = np.where(labels == 1, 9.0, 1.0)
    asked = rng.normal(size=(500, 2))
    plain, weighted = (
        fit_learner(name, features, labels, classes=2, seed=0, weights=given)[0].probabilities(asked)[:, 1].mean()
        for given in (None, weights)
    )
    assert weighted > plain * 1.1
