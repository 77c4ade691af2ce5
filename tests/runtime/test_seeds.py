from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.runtime._seeds import child_generator, child_seed, child_sequence

SEEDS = st.integers(0, 2**32 - 1)
NAMES = st.lists(
    st.text(st.characters(exclude_characters="\x1f", codec="utf-8"), max_size=5) | st.integers(), max_size=3
)


@given(SEEDS, NAMES)
def test_a_stream_is_decided_by_seed_and_name(seed: int, names: list[str | int]) -> None:
    first, again = child_generator(seed, *names), child_generator(seed, *names)
    assert np.array_equal(first.integers(0, 2**63, 5), again.integers(0, 2**63, 5))


@given(SEEDS, NAMES, NAMES)
def test_other_names_give_other_streams(seed: int, names: list[str | int], others: list[str | int]) -> None:
    same = [str(name) for name in names] == [str(name) for name in others]
    one, two = child_sequence(seed, *names), child_sequence(seed, *others)
    if len(names) == len(others) or (names and others):
        assert (one.generate_state(4).tolist() == two.generate_state(4).tolist()) is same


@given(SEEDS)
def test_an_integer_seed_fits_into_32_bits(seed: int) -> None:
    assert 0 <= child_seed(seed, "learner") < 2**32


def test_streams_stay_what_they_are_from_release_to_release() -> None:
    assert child_seed(0, "split") == 3_910_479_686
    assert child_seed(7, "resample", 1) == 1_255_814_065


def test_neighbouring_streams_are_not_correlated() -> None:
    draws = np.array([child_generator(seed, "noise").standard_normal(4000) for seed in range(8)])
    off_diagonal = np.corrcoef(draws)[~np.eye(8, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.07
