from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.three_weeks import ROWS_A_DAY, figures, transactions

pytestmark = pytest.mark.slow


def test_three_weeks_in_time_promise_what_comes_true_and_a_random_split_promises_more(tmp_path: Path) -> None:
    month = transactions(28, seed=0)
    weeks = month.slice(0, 21 * ROWS_A_DAY)
    found = {kind: figures(tmp_path / kind, weeks, kind)[0] for kind in ("random", "time")}
    later = figures(tmp_path / "later", month, "production")
    assert found["random"] > later[0] + 0.08
    assert abs(found["time"] - later[0]) < abs(found["random"] - later[0])
    assert 0 < later[2] <= later[1] <= 1


def test_the_weeks_that_are_known_do_not_depend_on_the_one_that_follows() -> None:
    assert transactions(28, seed=3).slice(0, 21 * ROWS_A_DAY).equals(transactions(21, seed=3))
    fraud = np.asarray(transactions(28, seed=3)["fraud"])
    assert 0.005 < fraud.mean() < 0.05
