from __future__ import annotations

import pytest

from counterpoise.report._sections.operating_points import money_sentences


@pytest.mark.parametrize(("missed", "largest"), [(30, 0.02), (4, 0.02), (30, 0.4), (4, 0.4)])
def test_few_missed_positives_and_a_giant_are_told(missed: int, largest: float) -> None:
    saved = {"difference": 1.0, "low": 0.5, "high": 2.0}
    money = {"column": "amount", "largest": largest, "cost": 1.0, "never": 2.0, "always": 3.0}
    money |= {"saved_to_never": saved, "saved_to_always": saved}
    point = {"threshold": 0.3, "confusion": {"false_negatives": missed}, "money": money}
    (line,) = money_sentences("SMOTE", [point])
    assert ("Only 4 positives of test are missed" in line) == (missed == 4)
    assert ("A single positive has 40" in line) == (largest == 0.4)
