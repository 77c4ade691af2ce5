"""Published probabilities prove themselves on validation, and are left alone where nothing is better."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.ensemble import RandomForestClassifier

from counterpoise.evaluate._calibration.calibrators import OwnProbabilities
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._calibration.cross_fit import FOLDS, Units
from counterpoise.evaluate._calibration.resolution import resolution
from counterpoise.evaluate._calibration.selection import Selection, ValidationScores, fit_calibrator, select


def known(rows: int, *, level: float = -2.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return true probabilities and labels drawn from them."""
    rng = np.random.default_rng(seed)
    probability = expit(rng.normal(level, 1.5, rows))
    return probability, rng.random(rows) < probability


def chosen(
    own: np.ndarray, positive: np.ndarray, *, training: float | None = None, groups: np.ndarray | None = None,
    seed: int = 0,
) -> Selection:  # fmt: skip
    natural = float(positive.mean())
    correction = PriorCorrection(natural=natural, training=training or natural)
    scores = ValidationScores(
        own, positive, correction, training is not None, resolution(own, train_rows=10_000), groups
    )
    return select(scores, rng=np.random.default_rng(seed))


def candidate(found: Selection, method: str) -> dict[str, Any]:
    return next(one for one in found.as_dict()["candidates"] if one["method"] == method)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [400, 2_000, 20_000])
def test_right_probabilities_are_left_alone_nearly_always(rows: int) -> None:
    found = [chosen(*known(rows, seed=seed)).method for seed in range(12)]
    assert found.count("own") >= 10


def test_probabilities_of_over_sampled_rows_are_corrected_without_a_calibrator_where_that_is_right() -> None:
    probability, positive = known(10_000, seed=1)
    natural = float(positive.mean())
    raised = expit(logit(probability) - logit(natural))  # as a learner gives them that was trained at one half
    found = chosen(raised, positive, training=0.5)
    assert found.method == "prior"
    assert "not its own probabilities: its mean is" in found.why


def test_a_correction_whose_mean_misses_the_prevalence_says_so_and_is_not_the_default() -> None:
    """A learner that knows its copies by heart gives probabilities as if nothing had been resampled."""
    probability, positive = known(10_000, seed=1)
    found = chosen(probability, positive, training=0.5)
    assert found.method == "own"
    prior = candidate(found, "prior")
    assert prior["misses_prevalence"]
    assert prior["note"].endswith("below the prevalence")
    assert not candidate(found, "own")["misses_prevalence"]


@pytest.mark.parametrize(
    ("own", "method"),
    [
        (lambda odds: expit(2 * odds), "temperature"),
        (lambda odds: expit(1.6 * odds + 1.5), "sigmoid"),
    ],
)
def test_the_simplest_calibrator_that_repairs_them_is_published(own: Any, method: str) -> None:
    probability, positive = known(20_000)
    found = chosen(own(logit(probability)), positive)
    assert found.method == method
    assert candidate(found, found.method)["against_own"]["brier"]["high"] < 0


def test_beta_calibration_is_published_where_the_two_ends_are_wrong_in_different_ways() -> None:
    rng = np.random.default_rng(2)
    own = rng.beta(0.5, 1.5, 30_000)
    positive = rng.random(len(own)) < expit(1.8 * np.log(own) - 0.1 * np.log1p(-own) + 0.3)
    assert chosen(own, positive).method == "beta"


def test_a_step_that_only_isotonic_regression_can_undo_is_undone_by_it() -> None:
    rng = np.random.default_rng(0)
    own = rng.random(20_000)
    positive = rng.random(len(own)) < np.where((own > 0.4) & (own < 0.6), 0.4, np.where(own >= 0.6, 0.42, 0.05))
    assert chosen(own, positive).method == "isotonic"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_forest_is_not_made_worse_as_by_log_odds_that_are_clipped_where_it_cannot_see(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(24_000, 3))
    truth = expit(2 * features[:, 0] - features[:, 1] - 4)
    labels = rng.random(len(truth)) < truth
    model = RandomForestClassifier(100, random_state=seed).fit(features[:6_000], labels[:6_000])
    own = model.predict_proba(features[6_000:])[:, 1]
    validation, test = slice(0, 6_000), slice(6_000, None)
    positive, real = labels[6_000:], truth[6_000:]
    correction = PriorCorrection(natural=0.1, training=0.1)
    scores = ValidationScores(own[validation], positive[validation], correction, False, 0.005)
    assert resolution(own[validation], train_rows=6_000) == 0.005
    far = ValidationScores(own[validation], positive[validation], correction, False, 1e-8)
    errors = {}
    for name, what in (("resolved", scores), ("far", far)):
        calibrator, _ = fit_calibrator(what, method="sigmoid")
        assert calibrator is not None
        errors[name] = float(((calibrator.apply(own[test]) - real[test]) ** 2).mean())
    raw = float(((own[test] - real[test]) ** 2).mean())
    assert errors["resolved"] < raw
    assert errors["resolved"] < 0.8 * errors["far"]
    found = select(scores, rng=rng)
    published, _ = fit_calibrator(scores, method=found.method)
    assert published is not None
    assert float(((published.apply(own[test]) - real[test]) ** 2).mean()) <= raw


def test_rows_of_a_group_are_never_on_both_sides_and_all_folds_have_both_classes() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 300, 3_000).astype(np.int32)
    positive = (groups % 10 == 0) & (rng.random(3_000) < 0.5)
    fold = Units.of(positive, groups).folds(rng)
    assert len(np.unique(np.column_stack([groups, fold]), axis=0)) == len(np.unique(groups))
    assert np.unique(fold).tolist() == list(range(FOLDS))
    for number in range(FOLDS):
        assert 0 < positive[fold == number].sum() < (fold == number).sum()


def test_rows_that_stand_four_times_do_not_make_a_difference_look_certain() -> None:
    probability, positive = known(600, seed=3)
    own = expit(1.3 * logit(probability))
    times = np.repeat(np.arange(600, dtype=np.int32), 4)
    alone = candidate(chosen(own, positive), "sigmoid")["against_own"]["log_loss"]
    grouped = candidate(chosen(own[times], positive[times], groups=times), "sigmoid")["against_own"]["log_loss"]
    blind = candidate(chosen(own[times], positive[times]), "sigmoid")["against_own"]["log_loss"]
    width = {name: one["high"] - one["low"] for name, one in (("alone", alone), ("grouped", grouped), ("blind", blind))}
    assert width["grouped"] == pytest.approx(width["alone"], rel=0.25)
    assert width["blind"] < 0.6 * width["alone"]


@pytest.mark.parametrize(("rows", "repeats"), [(500, 6), (3_000, 3), (30_000, 1)])
def test_folds_are_drawn_repeatedly_where_positives_are_few(rows: int, repeats: int) -> None:
    assert chosen(*known(rows)).as_dict()["repeats"] == repeats


def test_with_too_few_positives_only_what_needs_no_fit_is_compared() -> None:
    probability, _ = known(400)
    positive = np.zeros(400, bool)
    positive[np.argsort(-probability)[:12]] = True
    own = np.where(positive, 0.9, 0.001)
    own[positive] = np.linspace(0.9, 1.0, 12)
    found = chosen(own, positive, training=0.5)
    assert [one.method for one in found.candidates] == ["own", "prior"]
    assert found.method == "own"
    assert "12 rows or groups of the rarer class" in found.why
    assert found.repeats == 0


def test_if_every_candidate_misses_it_says_so() -> None:
    positive = np.arange(400) < 10
    own = np.linspace(0.9, 0.3, 400)
    found = chosen(own, positive, training=0.3)
    assert all(one.note for one in found.candidates)
    assert "no candidate is without objection" in found.why
    assert "the prevalence" in found.why


@pytest.mark.parametrize("positive", [np.zeros(50, bool), np.ones(50, bool)])
def test_validation_of_one_class_is_no_error(positive: np.ndarray) -> None:
    correction = PriorCorrection(natural=0.1, training=0.5)
    scores = ValidationScores(np.linspace(0.1, 0.9, 50), positive, correction, True, 0.005)
    found = select(scores, rng=np.random.default_rng(0))
    assert found.method in ("own", "prior")
    assert np.isfinite([one["brier"] for one in found.as_dict()["candidates"]]).all()


def test_a_ranking_upside_down_publishes_nothing_that_reverses_it() -> None:
    probability, positive = known(3_000)
    found = chosen(probability[::-1].copy(), positive)
    turned = chosen(1 - probability, positive)
    assert found.method in ("own", "temperature", "sigmoid", "beta", "isotonic")
    assert candidate(turned, "sigmoid")["note"] == "it would reverse the ranking"
    assert turned.method != "sigmoid"


def test_the_same_seed_gives_the_same_selection() -> None:
    own, positive = known(900)
    assert chosen(own, positive).as_dict() == chosen(own, positive).as_dict()
    assert chosen(own, positive).as_dict() != chosen(own, positive, seed=1).as_dict()


def test_own_probabilities_can_be_named_and_are_the_learners() -> None:
    own, positive = known(500)
    scores = ValidationScores(own, positive, PriorCorrection(natural=0.1, training=0.5), True, 0.005)
    calibrator, note = fit_calibrator(scores, method="own")
    assert isinstance(calibrator, OwnProbabilities)
    assert note == ""
