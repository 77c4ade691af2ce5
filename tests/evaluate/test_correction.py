from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.evaluate._calibration.correction import PriorCorrection

pytestmark = pytest.mark.slow

_shares = st.floats(0.001, 0.999)


@given(natural=_shares, training=_shares, probability=_shares)
def test_correcting_back_and_forth_gives_the_probability_again(
    natural: float, training: float, probability: float
) -> None:
    there = PriorCorrection(natural=natural, training=training).apply(probability)
    back = PriorCorrection(natural=training, training=natural).apply(there)
    assert back == pytest.approx(probability, rel=1e-9)


@given(natural=_shares, training=_shares)
def test_certain_probabilities_and_the_prevalence_itself_are_mapped_exactly(natural: float, training: float) -> None:
    correction = PriorCorrection(natural=natural, training=training)
    assert correction.apply(0.0) == 0
    assert correction.apply(1.0) == 1
    assert correction.apply(training) == pytest.approx(natural)


@given(share=_shares, probability=_shares)
def test_without_resampling_nothing_is_corrected(share: float, probability: float) -> None:
    assert PriorCorrection(natural=share, training=share).apply(probability) == pytest.approx(probability)


@pytest.mark.parametrize("natural", [0.02, 0.2])
def test_known_probabilities_come_back_after_random_under_sampling(natural: float) -> None:
    rng = np.random.default_rng(0)
    odds = natural / (1 - natural) * np.exp(rng.normal(size=200_000))
    known = odds / (1 + odds)
    labels = rng.random(len(known)) < known
    kept = labels | (rng.random(len(known)) < 0.1)
    correction = PriorCorrection(natural=labels.mean(), training=labels[kept].mean())
    seen_odds = odds * (1 - labels).sum() / (~labels & kept).sum()
    assert correction.apply(seen_odds / (1 + seen_odds)) == pytest.approx(known, rel=1e-9)


def test_the_published_snippet_does_what_the_correction_does() -> None:
    correction = PriorCorrection(natural=0.02, training=0.5)
    record = correction.as_dict()
    names: dict[str, object] = {"c": record, "q": 0.7}
    exec(str(record["snippet"]), names)  # noqa: S102  # our own three lines, which users will paste
    assert len(str(record["snippet"]).splitlines()) == 3
    assert names["p"] == pytest.approx(correction.apply(0.7))
