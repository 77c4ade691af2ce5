from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from counterpoise.evaluate._inference.bootstrap import iter_weights
from counterpoise.metrics import Ranking


def _case(seed: int, rows: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.3
    positive[:2] = True, False
    return rng.integers(0, levels, rows) / levels, positive


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(2, 60), levels=st.sampled_from([1, 3, 20, 10_000]))
def test_every_resample_equals_what_scikit_learn_computes_with_its_weights(seed: int, rows: int, levels: int) -> None:
    scores, positive = _case(seed, rows, levels)
    (weights,) = iter_weights(positive.astype(np.int32), resamples=5, rng=np.random.default_rng(seed))
    quality = Ranking.from_scores(scores, positive).weigh(weights)
    for index, weight in enumerate(weights):
        expected = average_precision_score(positive, scores, sample_weight=weight)
        assert quality.average_precision[index] == pytest.approx(expected, abs=1e-12)
        assert quality.roc_auc[index] == pytest.approx(roc_auc_score(positive, scores, sample_weight=weight), abs=1e-12)


def test_a_resample_equals_scikit_learn_on_the_repeated_rows() -> None:
    scores, positive = _case(3, 500, 50)
    (weights,) = iter_weights(positive.astype(np.int32), resamples=20, rng=np.random.default_rng(0))
    quality = Ranking.from_scores(scores, positive).weigh(weights)
    for index, weight in enumerate(weights):
        rows = np.repeat(np.arange(500), weight)
        assert quality.average_precision[index] == pytest.approx(average_precision_score(positive[rows], scores[rows]))
        assert quality.roc_auc[index] == pytest.approx(roc_auc_score(positive[rows], scores[rows]))


@pytest.mark.parametrize("positive", [np.zeros(4, bool), np.ones(4, bool)], ids=["no positives", "no negatives"])
def test_a_ranking_of_one_class_is_undefined(positive: np.ndarray) -> None:
    quality = Ranking.from_scores(np.arange(4.0), positive).weigh(np.ones((2, 4), np.int32))
    assert np.isnan(quality.average_precision).all()
    assert np.isnan(quality.roc_auc).all()
