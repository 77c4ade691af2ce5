from __future__ import annotations

import json
from typing import Any

import pytest

from counterpoise.records import ExpectationOutcome
from counterpoise.report._facts import count_up, report_record


def test_what_the_page_adds_up_is_counted(make_data: Any, make_review: Any) -> None:
    counts = count_up(
        make_data(counts={"no": 750, "yes": 250}, synthetic=make_review(), checks={"a": True, "b": False})
    )
    assert counts.columns == 3
    assert (counts.expectations, counts.expectations_passed) == (4, 1)
    assert counts.partition_rows == {"train": 1_000, "validation": 1_000, "test": 1_000}
    assert counts.partition_shares["test"] == {"no": 0.75, "yes": 0.25}
    assert (counts.train_rows_before, counts.train_rows_after) == (1_000, 1_500)
    assert counts.train_shares_after == {"no": 0.5, "yes": 0.5}
    assert (counts.checks, counts.checks_passed) == (2, 1)
    assert counts.rules is not None
    assert counts.rules.model_dump() == {"asked": 3, "held": 1, "broken_by_synthetic_rows": 1, "left_out": 1}


@pytest.mark.parametrize(("status", "unmet"), [("passed", 0), ("failed", 1), ("error", 1)])
def test_expectations_on_partitions_and_on_drift_are_counted_apart(make_data: Any, status: Any, unmet: int) -> None:
    shared: dict[str, Any] = {"columns": ("age",), "severity": "warning", "status": status}
    missing = "expect_column_missing_share_to_stay(max_difference=0.05)"
    results = (
        ExpectationOutcome(expectation="disjoint", source="partitions", **shared),
        ExpectationOutcome(expectation=missing, source="drift", **shared),
    )
    counts = count_up(make_data(results=results, baseline=4))
    assert (counts.partition_expectations, counts.partition_expectations_unmet) == (1, unmet)
    assert (counts.columns_compared, counts.columns_moved) == (1, unmet)
    assert counts.expectations == 0


def test_the_record_is_plain_json_without_what_the_metrics_have_already(
    make_data: Any, metrics: dict[str, Any], make_review: Any
) -> None:
    record = report_record(make_data(metrics=metrics, synthetic=make_review()))
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["split"]["duplicate_rows"] == 7
    assert record["counts"]["columns"] == 3
    assert not {"metrics", "synthetic", "previous"} & set(record)
