"""Short forms of `benchmarks/text_dialects.py`."""

from __future__ import annotations

import pytest

from benchmarks.text_dialects import count_outcomes, rate_readings


@pytest.mark.slow
def test_no_table_of_any_dialect_is_read_wrong_without_a_word() -> None:
    counts, wrong = count_outcomes(60, number=21)
    assert wrong == []
    assert counts["same"] > 40


@pytest.mark.slow
def test_the_right_reading_is_nearly_always_among_those_shown() -> None:
    first, shown, total = rate_readings(samples=1)
    assert shown >= 0.9 * total
    assert first >= 0.75 * total
