from __future__ import annotations

import numpy as np
import pytest

from benchmarks.group_splits import METRICS, SHARES, balance, covered, repeated

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["lognormal", "uniform"])
def test_the_groups_of_each_partition_represent_all_groups(kind: str) -> None:
    found = balance(kind, 15)
    sizes = found["mean size"].mean(axis=0)
    assert np.abs(sizes / sizes.mean() - 1).max() < 0.1
    assert np.abs(found["largest 5 %"].mean(axis=0) - SHARES).max() < 0.05
    assert found["rows off"].max() < 2


@pytest.mark.parametrize("kind", ["lognormal", "uniform"])
def test_the_intervals_of_grouped_rows_cover_new_customers(kind: str) -> None:
    found = list(covered(kind, 40, 200))
    for metric in METRICS:
        assert np.mean([one[metric][2] for one in found]) >= 0.8  # 90 % less two standard errors


def test_rows_that_stand_four_times_are_covered_and_too_few_for_a_verdict() -> None:
    average_precision, difference, enough = np.mean(list(repeated(30, 200)), axis=0)
    assert average_precision >= 0.8
    assert difference >= 0.8
    assert enough == 0
