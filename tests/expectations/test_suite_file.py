from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from counterpoise.errors import ConfigError
from counterpoise.expectations.registration import register_expectations
from counterpoise.expectations.suite_file import load_suite, write_suite
from counterpoise.validate import load_engine, quiet
from tests.validate import every_expectation

GOOD: dict[str, Any] = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "age", "min_value": 0.0, "max_value": 120.0},
    "severity": "warning",
    "notes": "People.",
    "meta": {"owner": "us"},
}


def written(folder: Path, content: object) -> Path:
    path = folder / "suite.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def with_one(**changes: Any) -> dict[str, Any]:
    one = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return {"name": "people", "expectations": [GOOD, one]}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "suite.json"
    write_suite(path, "people", [GOOD, *every_expectation.EXPECTATIONS])
    suite = load_suite(path)
    assert suite.source == "suite"
    assert suite.expectations == (GOOD, *every_expectation.EXPECTATIONS)


def test_great_expectations_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "suite.json"
    own = {"type": "expect_column_class_rows_to_be_at_least", "kwargs": {"column": "age", "min_rows": 3}}
    write_suite(path, "people", [GOOD, own])
    register_expectations()
    suite = load_engine().ExpectationSuite(**json.loads(path.read_text()))
    assert suite.name == "people"
    assert [one.expectation_type for one in suite.expectations] == [GOOD["type"], own["type"]]
    assert suite.expectations[0].severity.value == "warning"
    assert suite.expectations[0].notes == "People."


def test_a_suite_exported_by_great_expectations_works_unchanged(tmp_path: Path) -> None:
    engine = load_engine()
    with quiet():
        expectations = engine.expectations
        from great_expectations.expectations.row_conditions import Column

        engine.get_context(mode="ephemeral")
        suite = engine.ExpectationSuite(name="exported")
        suite.add_expectation(
            expectations.ExpectColumnValuesToBeBetween(
                column="age", min_value=0, severity="info", row_condition=Column("kind") == "a"
            )
        )
        suite.add_expectation(expectations.ExpectTableRowCountToEqual(value=3))
        exported = json.dumps(suite.to_json_dict())
    first, second = load_suite(written(tmp_path, exported)).expectations
    assert first["severity"] == "info"
    assert first["kwargs"]["row_condition"]["column"] == {"name": "kind"}
    assert second["kwargs"] == {"value": 3}


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "invalid JSON"),
        ("{", "invalid JSON"),
        ("[" * 100_000, "invalid JSON"),
        ([], "a JSON list"),
        ({"name": "x"}, "no list named 'expectations'"),
        ({"name": "x", "expectations": {}}, "no list named 'expectations'"),
        ({"expectations": ["x"]}, "no 'type'.*expectation 1"),
        (with_one(type=7), "no 'type'.*expectation 2"),
        (with_one(kwargs=[]), "kwargs that are not an object"),
        (with_one(severity="fatal"), "severity 'fatal'.*critical, warning, info"),
        (with_one(type="expect_column_values_to_be_betwen"), "perhaps expect_column_values_to_be_between"),
        (with_one(type="zzz"), "unknown type 'zzz'.*gallery"),
        (with_one(type="unexpected_rows_expectation", kwargs={}), "needs a SQL source"),
        (with_one(kwargs={"column": "age", "mim_value": 1}), "mim_value: extra fields not permitted.*expectation 2"),
        (with_one(kwargs={"min_value": 1}), "column: field required"),
        (with_one(kwargs={"column": "age", "min_value": {"$PARAMETER": "low"}}), "a suite parameter"),
        (with_one(kwargs={"column": "age", "min_value": 1, "row_condition": {"type": "x"}}), "row_condition"),
        (
            with_one(
                kwargs={
                    "column": "age",
                    "min_value": 1,
                    "row_condition": "col(",
                    "condition_parser": "great_expectations",
                }
            ),
            "condition_parser.*condition object|a condition written as text.*condition object",
        ),
    ],
)
def test_a_wrong_suite_is_refused_with_the_place(content: object, match: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=match) as caught:
        load_suite(written(tmp_path, content))
    assert caught.value.exit_code == 2
    assert "suite.json" in caught.value.found


def test_a_missing_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"validation\.suite.*No such file"):
        load_suite(tmp_path / "gone.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "suite.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="invalid JSON"):
        load_suite(path)
