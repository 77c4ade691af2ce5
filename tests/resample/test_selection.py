from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from counterpoise.strategies import STRATEGIES, Selection, repeat_rows
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
