"""By column group the answers are those of Great Expectations on the whole table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoise.table import SnapshotReader, to_frame
from counterpoise.validate._gx.group_piece import _frame
from counterpoise.validate._gx.groups import Group, plan_groups
from counterpoise.validate._gx.runner import Answer, load_engine, quiet, run_expectations
from counterpoise.validate._suites.scope import find_scope
from tests.snapshots import snapshot_of
from tests.validate import every_expectation

EXPECTATIONS = dict(enumerate(every_expectation.EXPECTATIONS))


@pytest.fixture(scope="module")
def whole() -> dict[int, Answer]:
    """Answer everything on the frame of all columns."""
    with quiet():
        load_engine()
        return run_expectations(to_frame(every_expectation.table()), EXPECTATIONS)


def answers_by_group(folder: Path, cells: int) -> tuple[tuple[Group, ...], dict[int, Answer]]:
    snapshot = snapshot_of(every_expectation.table(), folder, group_rows=7)
    names = SnapshotReader(snapshot).schema.names
    scopes = {index: find_scope(each, names) for index, each in EXPECTATIONS.items()}
    groups = plan_groups(scopes, names=names, rows=snapshot.rows, cells=cells)
    answers: dict[int, Answer] = {}
    with quiet():
        for group in groups:
            own = {index: EXPECTATIONS[index] for index in group.members}
            answers |= run_expectations(_frame(snapshot, group), own)
    return groups, answers


def test_every_expectation_for_pandas_is_tried_passing_and_failing(whole: dict[int, Answer]) -> None:
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    core = "great_expectations.expectations.core"
    shipped = {
        kind
        for kind in list_registered_expectation_implementations()
        if get_expectation_impl(kind).__module__.startswith(core)
    }
    tried: dict[str, set[bool]] = {}
    for index, each in EXPECTATIONS.items():
        assert whole[index].error == "", each
        tried.setdefault(each["type"], set()).add(whole[index].success)
    assert {kind for kind, verdicts in tried.items() if verdicts == {True, False}} == set(tried)
    assert shipped - set(tried) == every_expectation.SQL_ONLY | set(every_expectation.NOT_FOR_PANDAS)


@pytest.mark.parametrize("cells", [1, 200, 10**6])
def test_answers_by_column_group_equal_those_on_the_whole_table(
    cells: int, whole: dict[int, Answer], tmp_path: Path
) -> None:
    groups, answers = answers_by_group(tmp_path, cells)
    assert len(groups) > (10 if cells == 1 else 1)
    assert answers.keys() == whole.keys()
    for index, answer in answers.items():
        expected = whole[index]
        assert (answer.success, answer.error) == (expected.success, expected.error), EXPECTATIONS[index]
        assert repr(answer.result) == repr(expected.result), EXPECTATIONS[index]
        assert rows_of(answer) == rows_of(expected), EXPECTATIONS[index]


def rows_of(answer: Answer) -> list[int] | None:
    return None if answer.failing_rows is None else answer.failing_rows.tolist()


@pytest.fixture(scope="module")
def plain() -> dict[int, Any]:
    """Ask Great Expectations itself, by the way its users take."""
    engine = load_engine()
    with quiet():
        context = engine.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        batch = (
            context.data_sources.add_pandas("plain")
            .add_dataframe_asset("all")
            .add_batch_definition_whole_dataframe("all")
            .get_batch({"dataframe": to_frame(every_expectation.table())})
        )
        expectations = [{**each, "id": str(index)} for index, each in EXPECTATIONS.items()]
        suite = engine.ExpectationSuite(name="all", expectations=expectations)
        results = {
            number: batch.validate(suite, result_format=kind).results
            for number, kind in enumerate([{"result_format": "BASIC", "partial_unexpected_count": 5}, "COMPLETE"])
        }
    return {
        int(basic.expectation_config.id): (basic, complete)
        for basic, complete in zip(results[0], results[1], strict=True)
    }


@pytest.mark.slow
def test_answers_are_those_of_great_expectations(plain: dict[int, Any], whole: dict[int, Answer]) -> None:
    """Where it cannot read pandas' nullable types, we ask again: what it can answer, we answer alike."""
    answered = {index: theirs for index, (theirs, _) in plain.items() if not exceptions(theirs.exception_info)}
    assert len(answered) > 100
    for index, theirs in answered.items():
        assert (whole[index].success, whole[index].error) == (theirs.success, ""), EXPECTATIONS[index]
        assert repr(dict(theirs.result)) == repr(whole[index].result), EXPECTATIONS[index]


def exceptions(info: dict[str, Any]) -> list[Any]:
    parts = [info] if "raised_exception" in info else [part for part in info.values() if isinstance(part, dict)]
    return [part for part in parts if part.get("raised_exception")]


@pytest.mark.slow
def test_failing_rows_are_those_that_great_expectations_lists(plain: dict[int, Any], whole: dict[int, Answer]) -> None:
    judged_by_row = {index for index, answer in whole.items() if answer.failing_rows is not None}
    assert len(judged_by_row) > 25
    for index in judged_by_row:
        assert rows_of(whole[index]) == sorted(plain[index][1].result["unexpected_index_list"]), EXPECTATIONS[index]


def test_what_great_expectations_cannot_do_on_pandas_is_an_error_not_a_failure() -> None:
    asked: dict[int, dict[str, Any]] = {
        index: {"type": kind, "kwargs": kwargs}
        for index, (kind, kwargs) in enumerate(every_expectation.NOT_FOR_PANDAS.items())
    }
    with quiet():
        answers = run_expectations(to_frame(every_expectation.table()), asked)
    assert all(answer.error for answer in answers.values())
    assert np.all([answer.failing_rows is None for answer in answers.values()])
