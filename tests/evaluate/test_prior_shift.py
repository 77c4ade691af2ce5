from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from counterpoise.errors import EvaluationError
from counterpoise.evaluate import adjust_to_prior, prior_by_black_box, prior_by_em

KNOWN = 0.1
DISTANCE = 1.5


def rows(number: int, prevalence: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a score of rows whose classes look the same at every prevalence, and labels."""
    positive = rng.random(number) < prevalence
    return rng.normal(size=number) + DISTANCE * positive, positive


def right_probability(score: np.ndarray, prevalence: float) -> np.ndarray:
    """Return the share of positives among rows of this score, by Bayes' theorem."""
    return np.asarray(expit(logit(prevalence) + DISTANCE * score - DISTANCE**2 / 2))


@pytest.mark.parametrize("prevalence", [0.02, 0.1, 0.3, 0.6])
def test_both_estimates_cover_the_true_share_of_new_rows(prevalence: float) -> None:
    covered = {"em": 0, "black box": 0}
    estimates: dict[str, list[float]] = {"em": [], "black box": []}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        (known, truth), (new, _) = rows(3_000, KNOWN, rng), rows(2_000, prevalence, rng)
        found = {
            "em": prior_by_em(right_probability(new, KNOWN), prevalence=KNOWN),
            "black box": prior_by_black_box(new > 1, validation_called=known > 1, validation_positive=truth),
        }
        for name, one in found.items():
            covered[name] += one.low <= prevalence <= one.high
            estimates[name].append(one.prevalence)
    for name, number in covered.items():
        assert number >= 86, name
        assert np.mean(estimates[name]) == pytest.approx(prevalence, rel=0.1), name


def test_adjusted_probabilities_are_those_of_a_learner_that_knew_the_share() -> None:
    score, positive = rows(50_000, 0.4, np.random.default_rng(0))
    before = right_probability(score, KNOWN)
    share = prior_by_em(before, prevalence=KNOWN).prevalence
    after = adjust_to_prior(before, prevalence=KNOWN, to=share)
    assert after == pytest.approx(right_probability(score, 0.4), abs=0.01)
    assert after.mean() == pytest.approx(share, abs=1e-4)
    assert brier_score_loss(positive, after) < 0.9 * brier_score_loss(positive, before)


def test_a_trained_learner_s_estimates_follow_the_share_of_the_new_rows() -> None:
    rng = np.random.default_rng(3)
    (train, labels), (known, truth), (new, positive) = (
        rows(6_000, KNOWN, rng),
        rows(4_000, KNOWN, rng),
        rows(5_000, 0.35, rng),
    )
    model = LogisticRegression().fit(train[:, None], labels)
    on_new, on_known = model.predict_proba(new[:, None])[:, 1], model.predict_proba(known[:, None])[:, 1]
    by_em = prior_by_em(on_new, prevalence=KNOWN).prevalence
    by_decisions = prior_by_black_box(on_new >= 0.2, validation_called=on_known >= 0.2, validation_positive=truth)
    assert on_new.mean() < 0.8 * positive.mean(), "the learner still assumes one in ten"
    assert by_em == pytest.approx(positive.mean(), abs=0.03)
    assert by_decisions.prevalence == pytest.approx(positive.mean(), abs=0.03)


def test_no_positives_at_all_are_estimated_as_none() -> None:
    rng = np.random.default_rng(0)
    (known, truth), (new, _) = rows(3_000, KNOWN, rng), rows(2_000, 0.0, rng)
    assert prior_by_em(right_probability(new, KNOWN), prevalence=KNOWN).prevalence < 0.005
    found = prior_by_black_box(new > 1, validation_called=known > 1, validation_positive=truth)
    assert found.low == 0
    assert found.prevalence < 0.03


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: prior_by_em([], prevalence=0.1), "one probability between 0 and 1 for each row"),
        (lambda: prior_by_em([0.5, 1.5], prevalence=0.1), "one probability between 0 and 1"),
        (lambda: prior_by_em([0.5, np.nan], prevalence=0.1), "one probability between 0 and 1"),
        (lambda: prior_by_em([0.5], prevalence=1.0), "a share of positives between 0 and 1"),
        (lambda: adjust_to_prior([0.5], prevalence=0.5, to=0.0), "a share of positives between 0 and 1"),
        (
            lambda: prior_by_black_box([0.3], validation_called=[1, 0], validation_positive=[1, 0]),
            "compare the probabilities with the published threshold",
        ),
        (
            lambda: prior_by_black_box([1], validation_called=[1, 0], validation_positive=[1, 1]),
            "both classes",
        ),
        (
            lambda: prior_by_black_box([1], validation_called=[1, 1, 1], validation_positive=[1, 0, 0]),
            "decisions that differ between the classes",
        ),
    ],
)
def test_what_gives_no_estimate_is_refused_by_name(call: Callable[[], object], told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        call()
