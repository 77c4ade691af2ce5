from __future__ import annotations

import json
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import ValidationConfig
from counterpoise.errors import ConfigError, ContractError, EngineError
from counterpoise.records import ExpectationOutcome, Validation
from counterpoise.table import REJECTS_SCHEMA
from counterpoise.validate._gx.runner import load_engine
from counterpoise.validate._run import validate_snapshot
from counterpoise.validate._suites.suite import Suite
from tests.snapshots import snapshot_of

LENIENT = ValidationConfig(max_rejected=1)


def expectation(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": "because"}


def above(value: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": "x"}, "operator": ">", "parameter": value}


def suite(*expectations: dict[str, Any]) -> Suite:
    return Suite(source="suite", expectations=expectations)


def validate(
    table: pa.Table, folder: Path, *expectations: dict[str, Any], config: ValidationConfig = LENIENT
) -> Validation:
    snapshot = snapshot_of(table, folder, group_rows=100)
    return validate_snapshot(snapshot, [suite(*expectations)], config=config, folder=folder / "validation")


def rejects(validation: Validation) -> list[dict[str, Any]]:
    table = pq.read_table(validation.rejects_file)
    assert table.schema.equals(REJECTS_SCHEMA)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def only(validation: Validation) -> ExpectationOutcome:
    (outcome,) = validation.outcomes
    return outcome


NUMBERS = pa.table({"x": pa.array([*range(250), None]), "word": [*(["a", "b"] * 125), "c"]})
BETWEEN = "expect_column_values_to_be_between"


def test_rows_that_break_a_critical_expectation_are_set_apart_once_for_the_first_reason(tmp_path: Path) -> None:
    validation = validate(
        NUMBERS,
        tmp_path,
        expectation(BETWEEN, column="x", max_value=247),
        expectation("expect_column_values_to_not_be_null", column="x"),
        expectation(BETWEEN, column="x", max_value=246),
        expectation("expect_column_values_to_be_in_set", "warning", column="word", value_set=["a"]),
    )
    assert validation.success
    assert validation.rejected_rows == 4
    assert rejects(validation) == [
        {"source_row": 247, "reason": f"{BETWEEN}(max_value=246)", "column": "x", "value": "247"},
        {"source_row": 248, "reason": f"{BETWEEN}(max_value=247)", "column": "x", "value": "248"},
        {"source_row": 249, "reason": f"{BETWEEN}(max_value=247)", "column": "x", "value": "249"},
        {"source_row": 250, "reason": "expect_column_values_to_not_be_null", "column": "x", "value": None},
    ]
    assert [outcome.status for outcome in validation.outcomes] == ["failed"] * 4
    assert [outcome.unexpected for outcome in validation.outcomes] == [2, 1, 3, 126]
    assert validation.outcomes[3].examples == ("b", "b", "b", "b", "b")
    assert validation.outcomes[1].examples == ("missing",)


def test_a_share_of_exceptions_allowed_by_mostly_is_not_set_apart(tmp_path: Path) -> None:
    validation = validate(NUMBERS, tmp_path, expectation(BETWEEN, column="x", max_value=247, mostly=0.9))
    assert (validation.rejected_rows, validation.rejects_file) == (0, "")
    assert only(validation).status == "passed"


def test_several_columns_are_told_with_their_values(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2, None], "b": [1, 3, 4]})
    same = expectation("expect_column_pair_values_to_be_equal", column_A="a", column_B="b", ignore_row_if="neither")
    found = rejects(validate(table, tmp_path, same))
    assert [(row["source_row"], row["column"], row["value"]) for row in found] == [
        (1, "a, b", "a=2, b=3"),
        (2, "a, b", "a=missing, b=4"),
    ]


def test_integers_beside_nulls_are_compared_exactly(tmp_path: Path) -> None:
    table = pa.table({"a": [2**53 + 1, None, 2**53 + 1], "b": [2**53 + 1, 4, 2**53]})
    same = expectation("expect_column_pair_values_to_be_equal", column_A="a", column_B="b")
    assert [row["source_row"] for row in rejects(validate(table, tmp_path, same))] == [1, 2]


@pytest.mark.parametrize(
    ("values", "kwargs", "shown"),
    [
        (pa.array([b"\xff\xfe", b"ok"]), {"value_set": []}, "b'\\xff\\xfe'"),
        (pa.array(["x" * 5000, "y"]), {"value_set": ["y"]}, "x" * 1000),
        (pa.array(["x", "y"]).dictionary_encode(), {"value_set": ["y"]}, "x"),
        (pa.array([2**53 + 1, None]), {"value_set": [1]}, "9007199254740993"),
    ],
)
def test_a_rejected_value_is_shown_as_text(
    values: pa.Array, kwargs: dict[str, Any], shown: str, tmp_path: Path
) -> None:
    asked = expectation("expect_column_values_to_be_in_set", column="v", **kwargs)
    assert rejects(validate(pa.table({"v": values}), tmp_path, asked))[0]["value"] == shown


def test_stop_refuses_invalid_rows_and_still_writes_the_evidence(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"max_value=247.* on 'x': 2 of 250 do not hold, such as '248'") as caught:
        validate(
            NUMBERS,
            tmp_path,
            expectation(BETWEEN, column="x", max_value=247),
            config=ValidationConfig(on_invalid_rows="stop"),
        )
    assert caught.value.reason == "expectations_failed"
    assert "quarantine" in caught.value.remedy
    assert pq.read_table(caught.value.values["rejects_file"]).num_rows == 2
    assert json.loads(json.dumps(caught.value.values))["failed"][0]["unexpected"] == 2


def test_an_expectation_on_the_whole_column_stops_in_any_case(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"expect_column_max_to_be_between\(max_value=1\) on 'x': 249"):
        validate(NUMBERS, tmp_path, expectation("expect_column_max_to_be_between", column="x", max_value=1))


def test_all_failures_are_listed_in_one_error(tmp_path: Path) -> None:
    asked = [expectation("expect_column_max_to_be_between", column="x", max_value=value) for value in range(12)]
    with pytest.raises(ContractError, match="12 that fail") as caught:
        validate(NUMBERS, tmp_path, *asked)
    assert "max_value=9" in caught.value.found
    assert "and 2 more" in caught.value.found
    assert len(caught.value.values["failed"]) == 12


def test_a_warning_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    validation = validate(NUMBERS, tmp_path, expectation(BETWEEN, "warning", column="x", max_value=1))
    outcome = only(validation)
    assert validation.success
    assert validation.rejected_rows == 0
    assert (outcome.status, outcome.severity, outcome.unexpected, outcome.checked) == ("failed", "warning", 248, 250)
    assert outcome.observed == "248 of 250 do not hold"
    assert outcome.notes == "because"


def test_too_many_rejected_rows_stop(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"at most 0\.1 .*26 of 251 .*max_value=223") as caught:
        validate(NUMBERS, tmp_path, expectation(BETWEEN, column="x", max_value=223), config=ValidationConfig())
    assert caught.value.reason == "too_many_rejected"
    assert pq.read_table(caught.value.values["rejects_file"]).num_rows == 26


def test_lines_that_ingest_rejected_count_towards_the_share(tmp_path: Path) -> None:
    snapshot = snapshot_of(NUMBERS, tmp_path).model_copy(update={"rejected_lines": 28})
    validate_snapshot(snapshot, [], config=ValidationConfig(max_rejected=28 / 279), folder=tmp_path)
    with pytest.raises(ContractError, match=r"29 of 279 .*28 lines could not be read; expect_column_values_to_not_be"):
        validate_snapshot(
            snapshot,
            [suite(expectation("expect_column_values_to_not_be_null", column="x"))],
            config=ValidationConfig(max_rejected=28 / 279),
            folder=tmp_path,
        )


@pytest.mark.parametrize(
    ("table", "asked"),
    [
        (NUMBERS.slice(0, 0), expectation("expect_column_values_to_not_be_null", column="x")),
        (NUMBERS.slice(0, 0), expectation("expect_column_unique_value_count_to_be_between", column="x", max_value=9)),
        (
            pa.table({"x": pa.nulls(9, pa.int64())}),
            expectation("expect_column_values_to_be_in_set", column="x", value_set=[1]),
        ),
        (pa.table({"x": [float("nan")] * 9}), expectation(BETWEEN, column="x", max_value=1)),
        (pa.table({"x": [float("nan")] * 9}), expectation("expect_column_mean_to_be_between", column="x", max_value=1)),
        (pa.table({"x": pa.nulls(9)}), expectation("expect_column_values_to_be_of_type", column="x", type_="int")),
        (
            NUMBERS,
            expectation(BETWEEN, column="x", max_value=1, row_condition=above(1000)),
        ),
    ],
    ids=["no rows", "no rows, aggregate", "all null", "all NaN", "mean of NaN", "type of null", "no row meets it"],
)
def test_nothing_checked_is_not_a_pass(table: pa.Table, asked: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="there was nothing to check"):
        validate(table, tmp_path / "critical", asked)
    outcome = only(validate(table, tmp_path / "warning", {**asked, "severity": "warning"}))
    assert (outcome.status, outcome.checked) == ("nothing_checked", 0)


def test_what_is_about_the_table_itself_is_checked_without_rows(tmp_path: Path) -> None:
    validation = validate(
        NUMBERS.slice(0, 0),
        tmp_path,
        expectation("expect_table_row_count_to_equal", value=0),
        expectation("expect_column_to_exist", column="x"),
    )
    assert [outcome.status for outcome in validation.outcomes] == ["passed", "passed"]


def test_a_column_that_is_gone_is_bad_data_and_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="on 'gone': the table has no column 'gone'"):
        validate(NUMBERS, tmp_path, expectation(BETWEEN, column="gone", max_value=1))


def test_an_expectation_that_cannot_be_answered_is_our_error_and_not_bad_data(tmp_path: Path) -> None:
    asked = expectation("expect_column_mean_to_be_between", column="word", max_value=1)
    with pytest.raises(EngineError, match=r"expect_column_mean_to_be_between.*on 'word'") as caught:
        validate(NUMBERS, tmp_path / "critical", asked)
    assert caught.value.reason == "expectation_not_answered"
    outcome = only(validate(NUMBERS, tmp_path / "warning", {**asked, "severity": "warning"}))
    assert outcome.status == "error"


def test_a_condition_that_cannot_be_met_by_the_values_is_our_error(tmp_path: Path) -> None:
    asked = expectation(BETWEEN, column="x", max_value=1, row_condition=above("a word"))
    with pytest.raises(EngineError, match=r"max_value=1.*on 'x'"):
        validate(NUMBERS, tmp_path, asked)


def test_a_condition_written_as_text_is_refused_before_anything_runs(tmp_path: Path) -> None:
    asked = expectation(BETWEEN, column="x", max_value=1, row_condition="x > 1", condition_parser="pandas")
    with pytest.raises(ConfigError, match=r"condition_parser 'pandas' \(suite, expectation 1\).*condition object"):
        validate(NUMBERS, tmp_path, asked)


@pytest.mark.parametrize(
    ("kind", "kwargs", "observed"),
    [
        ("expect_column_sum_to_be_between", {"column": "x"}, "31125"),
        (
            "expect_column_distinct_values_to_be_in_set",
            {"column": "word", "value_set": ["a", "b"]},
            "unexpected values: c",
        ),
        ("expect_column_distinct_values_to_contain_set", {"column": "word", "value_set": ["z"]}, "missing values: z"),
        ("expect_table_columns_to_match_ordered_list", {"column_list": ["x"]}, "x, word"),
        (
            "expect_column_quantile_values_to_be_between",
            {"column": "x", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 9]]}},
            "quantiles=0.5, values=124",
        ),
    ],
)
def test_what_was_observed_is_told_in_words(kind: str, kwargs: dict[str, Any], observed: str, tmp_path: Path) -> None:
    assert only(validate(NUMBERS, tmp_path, expectation(kind, "info", **kwargs))).observed == observed


def test_answers_that_contradict_each_other_are_our_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_engine()
    from counterpoise.validate._gx.frame_validator import FrameResult, FrameValidator

    def one_row_less(validator: FrameValidator, kind: str, kwargs: dict[str, Any]) -> FrameResult:
        found = check(validator, kind, kwargs)
        return FrameResult(found.success, {**found.result, "unexpected_count": 1}, found.error, found.needs)

    check = FrameValidator.check
    monkeypatch.setattr(FrameValidator, "check", one_row_less)
    with pytest.raises(EngineError, match="2 failing rows, but expect_column_values_to_be_between counted 1"):
        validate(NUMBERS, tmp_path, expectation(BETWEEN, column="x", max_value=247))


def test_bad_data_goes_before_unanswered_expectations(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"max_value=1.*on 'x'.*on 'word'"):
        validate(
            NUMBERS,
            tmp_path,
            expectation("expect_column_mean_to_be_between", column="word", max_value=1),
            expectation("expect_column_max_to_be_between", column="x", max_value=1),
        )


def test_severity_is_critical_unless_told_otherwise(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="max_value=1"):
        validate(
            NUMBERS, tmp_path, {"type": "expect_column_max_to_be_between", "kwargs": {"column": "x", "max_value": 1}}
        )


def test_several_suites_run_in_order_and_keep_their_source(tmp_path: Path) -> None:
    first = expectation(BETWEEN, column="x", max_value=248)
    second = expectation(BETWEEN, column="x", max_value=247)
    snapshot = snapshot_of(NUMBERS, tmp_path)
    told: list[tuple[int, int]] = []
    validation = validate_snapshot(
        snapshot,
        [Suite(source="contract", expectations=(first,)), suite(second)],
        config=LENIENT,
        folder=tmp_path / "validation",
        progress=lambda done, total: told.append((done, total)),
    )
    assert [outcome.source for outcome in validation.outcomes] == ["contract", "suite"]
    assert [row["reason"][-4:-1] for row in rejects(validation)] == ["247", "248"]
    assert told[-1] == (2, 2)


def test_no_expectation_at_all_is_a_verdict_on_nothing_but_the_lines(tmp_path: Path) -> None:
    assert validate(NUMBERS, tmp_path).outcomes == ()


def test_nothing_is_printed_or_warned(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        validate(NUMBERS, tmp_path, expectation(BETWEEN, column="x", min_value=0, row_condition=above(3)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_million_failing_rows_are_set_apart_without_an_object_each(tmp_path: Path) -> None:
    rows = 1_000_000
    snapshot = snapshot_of(pa.table({"x": np.arange(rows)}), tmp_path, group_rows=200_000)
    asked = suite(expectation(BETWEEN, column="x", max_value=-1))
    validate_snapshot(snapshot, [suite()], config=LENIENT, folder=tmp_path / "first")
    tracemalloc.start()
    validation = validate_snapshot(snapshot, [asked], config=LENIENT, folder=tmp_path / "validation")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert validation.rejected_rows == rows
    assert peak < 60 * rows
    found = pq.read_table(validation.rejects_file, columns=["source_row"])["source_row"].to_numpy()
    assert np.array_equal(found, np.arange(rows))
