"""Groups of expectations as pieces of work that another process can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counterpoise.expectations.registration import register_expectations
from counterpoise.records import Snapshot
from counterpoise.validate._gx.group_piece import make_pieces
from counterpoise.validate._gx.groups import plan_groups
from counterpoise.validate._gx.runner import load_engine, quiet
from counterpoise.validate._run import answer_all, scope_expectations
from counterpoise.validate._suites.suite import Suite
from tests.elsewhere import Elsewhere
from tests.snapshots import mixed_table, snapshot_of

OURS = "expect_column_values_to_not_be_infinite"
EXPECTATIONS: tuple[dict[str, Any], ...] = (
    {"type": "expect_table_column_count_to_equal", "kwargs": {"value": 12}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "big", "min_value": 2**53 + 500_000}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "word", "value_set": ["red", "blüe"]}},
    {"type": "expect_column_max_to_be_between", "kwargs": {"column": "price", "max_value": 10}},
    {"type": OURS, "kwargs": {"column": "single"}},
)


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    load_engine()
    register_expectations()
    monkeypatch.setattr("counterpoise.validate._run.plan_groups", one_column_a_group)
    monkeypatch.chdir(tmp_path)
    return snapshot_of(mixed_table(2_000), Path())


def one_column_a_group(*arguments: Any, **named: Any) -> Any:
    return plan_groups(*arguments, **named, cells=1)


def asked(snapshot: Snapshot) -> Any:
    suite = Suite(source="suite", expectations=EXPECTATIONS)
    return scope_expectations([suite], [column.name for column in snapshot.columns])


def test_answers_from_elsewhere_are_the_same(tmp_path: Path, snapshot: Snapshot) -> None:
    (tmp_path / "elsewhere").mkdir()
    engine = Elsewhere(tmp_path / "elsewhere")
    with quiet():
        here, there = answer_all(snapshot, asked(snapshot)), answer_all(snapshot, asked(snapshot), engine=engine)
    assert len(engine.done) == 6
    assert here.keys() == there.keys() == set(range(6))
    for index, answer in here.items():
        other = there[index]
        assert (answer.success, answer.error, answer.checked) == (other.success, other.error, other.checked)
        assert str(answer.result) == str(other.result)
        rows, others = answer.failing_rows, other.failing_rows
        assert (rows is None) == (others is None)
        assert rows is None or others is None or rows.tolist() == others.tolist()
    assert sum(answer.failing_rows is not None for answer in here.values()) == 3


def test_a_piece_says_where_its_expectations_are_defined(snapshot: Snapshot) -> None:
    scopes = {index: question.scope for index, question in asked(snapshot).items()}
    groups = one_column_a_group(scopes, names=[column.name for column in snapshot.columns], rows=snapshot.rows)
    modules = {piece.group.columns: piece.modules for piece in make_pieces(snapshot, groups, asked(snapshot))}
    assert modules["single",] == ("counterpoise.expectations.custom.finite_values",)
    assert modules["x",] == ()


def test_a_single_group_is_not_sent_anywhere(tmp_path: Path, snapshot: Snapshot) -> None:
    engine, suite = Elsewhere(tmp_path), Suite(source="suite", expectations=EXPECTATIONS[:2])
    with quiet():
        answers = answer_all(snapshot, scope_expectations([suite], ["x"]), engine=engine)
    assert engine.done == []
    assert sorted(answers) == [0, 1]
