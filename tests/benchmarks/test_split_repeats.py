from __future__ import annotations

import numpy as np
import pytest

from benchmarks.split_repeats import Rows, summary, table


def test_parts_keep_the_share_of_the_classes_and_every_row_once() -> None:
    rows = Rows.drawn(500, np.random.default_rng(0))
    parts = rows.parts((0.6, 0.2), np.random.default_rng(1))
    assert [(len(one.y), int(one.y.sum())) for one in parts] == [(300, 30), (100, 10), (100, 10)]
    assert sorted(np.concatenate([one.x[:, 0] for one in parts])) == sorted(rows.x[:, 0])
    assert rows.resampled("random_under", np.random.default_rng(2)).y.mean() == 0.5


@pytest.mark.slow
def test_both_designs_give_an_interval_for_each_split_seed() -> None:
    found = np.array(table("logistic", "random_over", 400, 0))
    assert found.shape == (4, 5)
    assert (found[:, 0] < found[:, 1]).all()
    assert (found[:, 2] < found[:, 3]).all()
    assert "covers" in summary(found[np.newaxis, :, :2], 0.0)
