from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.expectations.partitions import build_partition_suite
from counterpoise.records import PARTITIONS, SplitPlan
from counterpoise.validate import quiet
from counterpoise.validate._gx.runner import run_expectations

COLUMNS = ("partition", "label")


def plan(method: Any, counts: dict[str, dict[str, int]]) -> SplitPlan:
    return SplitPlan(file="", sha256="", classes=("no", "yes"), counts=counts, method=method)


def unmet(split: SplitPlan) -> list[tuple[str, str]]:
    """Return severity and notes of the expectations that rows with such counts do not meet."""
    rows = [(part, name) for part, counts in split.counts.items() for name, n in counts.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    suite = dict(enumerate(build_partition_suite(split, COLUMNS).expectations))
    with quiet():
        answers = run_expectations(frame, suite)
    assert not any(answer.error for answer in answers.values())
    return [(suite[number]["severity"], suite[number]["notes"]) for number, one in answers.items() if not one.success]


def even(positives: int) -> dict[str, dict[str, int]]:
    return {part: {"no": 20 * positives, "yes": positives} for part in PARTITIONS}


@pytest.mark.parametrize("method", ["stable", "time"])
def test_too_few_rows_of_a_class_in_a_partition_are_a_warning_where_no_draw_sees_to_it(method: str) -> None:
    found = unmet(plan(method, even(9)))
    assert found == [
        ("warning", f"The {part} partition has enough rows of every class, at least 10.") for part in PARTITIONS
    ]
    assert unmet(plan(method, even(10))) == []
    assert unmet(plan("random", even(9))) == []


@pytest.mark.parametrize(
    ("method", "severities"), [("random", {"warning"}), ("grouped", {"warning"}), ("time", {"info"}), ("stable", set())]
)
def test_other_prevalence_is_a_warning_unless_time_or_chance_explains_it(method: str, severities: set[str]) -> None:
    counts = {"train": {"no": 500, "yes": 100}, "validation": {"no": 165, "yes": 35}, "test": {"no": 173, "yes": 27}}
    found = unmet(plan(method, counts))
    assert {severity for severity, _ in found} == severities


def test_prevalence_beyond_chance_is_a_warning_where_keys_decide() -> None:
    rows, share = 2000, 0.1
    spread = 3 * np.sqrt(share * (1 - share) / rows)
    off = round(rows * (share + 1.4 * spread))
    counts = {"train": {"no": 54_000, "yes": 6_000}, "validation": {"no": 1800, "yes": 200}}
    ((severity, notes),) = unmet(plan("stable", {**counts, "test": {"no": rows - off, "yes": off}}))
    assert severity == "warning"
    assert notes.endswith("within a tenth or 3 standard errors.")
