from __future__ import annotations

from typing import Any

import pytest

from counterpoise.config import ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.resample._targets import unmet_ratios, wanted_rows
from counterpoise.strategies import STRATEGIES

COUNTS = {"a": 100, "b": 60, "c": 10, "absent": 0}
OVER = [name for name, one in STRATEGIES.items() if one.grows]


def notes(counts: dict[str, int] = COUNTS, **settings: Any) -> list[str]:
    return list(unmet_ratios(counts, ResamplingConfig(**settings)))


@pytest.mark.parametrize("strategy", OVER)
def test_a_class_above_its_ratio_is_told_where_classes_grow(strategy: str) -> None:
    (note,) = notes(strategy=strategy, ratio=0.5)
    assert note.startswith("class 'b': 60 rows already are 0.6 of the largest class, above its ratio 0.5")


def test_a_class_above_its_ratio_is_told_where_classes_shrink() -> None:
    (note,) = notes({"a": 100, "b": 15, "c": 10}, strategy="random_under", ratio=0.5)
    assert note.startswith("class 'b': the smallest class already is 0.667 of its 15 rows, above its ratio 0.5")


@pytest.mark.parametrize(("strategy", "name", "which"), [("smote", "a", "largest"), ("random_under", "c", "smallest")])
def test_a_ratio_of_the_class_that_the_others_are_measured_by_is_told(strategy: str, name: str, which: str) -> None:
    (note,) = notes(strategy=strategy, ratio={name: 0.5})
    assert note.startswith(f"class '{name}' is the {which}")


@pytest.mark.parametrize(
    ("counts", "settings"),
    [
        (COUNTS, {"strategy": "smote"}),
        (COUNTS, {"strategy": "random_under"}),
        (COUNTS, {"strategy": "smote", "ratio": 0.6}),
        (COUNTS, {"strategy": "smote", "ratio": {"b": 0.6, "c": 0.2}}),
        ({"a": 50, "b": 50, "c": 10}, {"strategy": "smote", "ratio": 0.5}),
        (COUNTS, {"strategy": "smote", "ratio": {"a": 1}}),
        (COUNTS, {"strategy": "tomek_links", "ratio": 0.1}),
        (COUNTS, {"strategy": "none", "ratio": 0.1}),
    ],
)
def test_nothing_is_told_where_every_ratio_is_met_or_there_is_none(counts: dict[str, int], settings: Any) -> None:
    assert notes(counts, **settings) == []


def test_classes_are_changed_in_one_direction_only() -> None:
    over = wanted_rows(COUNTS, ResamplingConfig(strategy="smote", ratio=0.5))
    assert over == {"a": 100, "b": 60, "c": 50}
    assert wanted_rows(COUNTS, ResamplingConfig(strategy="random_under", ratio=0.2)) == {"a": 50, "b": 50, "c": 10}


def test_a_ratio_of_an_unknown_class_is_refused() -> None:
    with pytest.raises(ResamplingError, match=r"unknown_class.*'z'"):
        notes(strategy="smote", ratio={"z": 0.5})
