from __future__ import annotations

import numpy as np
import pytest

from benchmarks.interval_coverage import true_average_precision
from benchmarks.promotion_nights import PREVALENCE, distance_of, simulate

pytestmark = pytest.mark.slow


def test_the_distance_gives_the_average_precision() -> None:
    assert true_average_precision(distance_of(0.5), PREVALENCE) == pytest.approx(0.5)
    assert true_average_precision(0.0, PREVALENCE) == pytest.approx(0.1, abs=1e-3)


def test_equally_good_versions_keep_being_promoted_and_a_worse_one_is_not() -> None:
    found = simulate("stable", runs=1, nights=60, positives=500)
    assert found.equal.mean() >= 0.8
    assert found.equal[:, -20:].mean() >= 0.7
    assert found.worse.mean() <= 0.1
    assert len(found.worse) == 30


def test_fresh_test_rows_are_noise_but_no_ratchet() -> None:
    found = simulate("fresh", runs=2, nights=40, positives=300)
    assert found.equal[:, -20:].mean() >= 0.7
    assert np.isfinite(found.worse).all()
