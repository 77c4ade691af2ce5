from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.linear_model import LogisticRegression

from counterpoise.strategies import STRATEGIES, Selection, Weighing, repeat_rows
from counterpoise.typing import Codes

LABELS = st.lists(st.integers(0, 3), min_size=2, max_size=80).filter(lambda labels: len(set(labels)) > 1)


def counted(sampler: RandomOverSampler | RandomUnderSampler, codes: Codes) -> list[int]:
    sampler.fit_resample(np.zeros((len(codes), 1)), codes)
    return list(np.bincount(sampler.sample_indices_, minlength=len(codes)))


@given(LABELS, st.data())
def test_repetitions_are_those_of_imbalanced_learn_on_all_rows(labels: list[int], data: st.DataObject) -> None:
    codes = np.array(labels, dtype=np.int32)
    present = {code: labels.count(code) for code in sorted(set(labels))}
    wanted = {code: count + data.draw(st.integers(0, 30)) for code, count in present.items()}
    seed = data.draw(st.integers(0, 2**32 - 1))
    theirs = counted(RandomOverSampler(sampling_strategy=wanted, random_state=seed), codes)
    assert repeat_rows(codes, wanted, seed=seed).tolist() == theirs


@given(LABELS, st.data())
def test_rows_left_are_those_of_imbalanced_learn_on_shrinking_classes(labels: list[int], data: st.DataObject) -> None:
    codes = np.array(labels, dtype=np.int32)
    wanted = {code: data.draw(st.integers(1, labels.count(code))) for code in sorted(set(labels))}
    seed = data.draw(st.integers(0, 2**32 - 1))
    shrinking = {code: number for code, number in wanted.items() if number < labels.count(code)}
    theirs = counted(RandomUnderSampler(sampling_strategy=shrinking, random_state=seed), codes)
    strategy = STRATEGIES["random_under"]
    assert isinstance(strategy, Selection)
    assert strategy.select(codes, wanted, seed=seed, options={}).tolist() == theirs


@given(LABELS, st.data())
def test_weights_are_one_constant_per_class_and_add_up_to_the_wanted_rows(
    labels: list[int], data: st.DataObject
) -> None:
    codes = np.array(labels, dtype=np.int32)
    wanted = {code: labels.count(code) + data.draw(st.integers(0, 30)) for code in sorted(set(labels))}
    strategy = STRATEGIES["weights"]
    assert isinstance(strategy, Weighing)
    weights = strategy.weigh(codes, wanted)
    for code, number in wanted.items():
        assert set(weights[codes == code]) == {number / labels.count(code)}
        assert weights[codes == code].sum() == pytest.approx(number)


def test_weights_give_the_same_model_as_class_weights_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    codes = (rng.random(2_000) < 0.06).astype(np.int32)
    points = rng.normal(codes[:, None], 1.0, (2_000, 3))
    strategy = STRATEGIES["weights"]
    assert isinstance(strategy, Weighing)
    weights = strategy.weigh(codes, {1: int((codes == 0).sum())})
    by_class = {0: 1.0, 1: (codes == 0).sum() / codes.sum()}
    ours = LogisticRegression(tol=1e-8).fit(points, codes, sample_weight=weights)
    theirs = LogisticRegression(tol=1e-8, class_weight=by_class).fit(points, codes)
    assert ours.coef_ == pytest.approx(theirs.coef_)
