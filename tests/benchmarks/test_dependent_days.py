from __future__ import annotations

import pytest

from benchmarks.dependent_days import Shocks, coverage

pytestmark = pytest.mark.slow


def test_whole_days_cover_where_rows_do_not() -> None:
    rows, whole = coverage(14, Shocks(both=0.3), tables=60, resamples=100)
    assert whole[0] >= 0.88
    assert rows[0] <= 0.85
    assert whole[1] >= 0.85
