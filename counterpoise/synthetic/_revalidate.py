"""Check the resampled train partition against the source's rules, which synthetic rows must obey, too.

Only expectations that check each row on its own are repeated. Those about a table as a whole (counts, shares,
uniqueness, order, the set of columns) cannot hold or cannot fail after rows were split, dropped, repeated or made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.records import ExpectationOutcome, Snapshot
from counterpoise.results import ResampledOutcome
from counterpoise.validate import (
    Answer,
    ScopedExpectation,
    Suite,
    answer_all,
    describe,
    find_scope,
    load_engine,
    outcome_of,
    quiet,
    scope_expectations,
    severity_of,
)

Expectation = dict[str, Any]

_NOT_OF_ROWS = {
    "expect_column_values_to_be_unique": "uniqueness: resampling may repeat rows and values",
    "expect_compound_columns_to_be_unique": "uniqueness: resampling may repeat rows and values",
    "expect_column_values_to_be_increasing": "the order of rows, which are shuffled",
    "expect_column_values_to_be_decreasing": "the order of rows, which are shuffled",
    "expect_column_value_z_scores_to_be_less_than": "the distribution of the whole column, which resampling changes",
    "expect_column_values_to_not_be_outliers": "the distribution of the whole column, which resampling changes",
    "expect_column_type_to_be": "the column's type, which the published files keep",
    "expect_column_values_to_be_in_type_list": "the column's type, which the published files keep",
    "expect_column_values_to_be_of_type": "the column's type, which the published files keep",
}
"""Expectations about single rows or columns that do not give a verdict on a row by itself."""

_ROW_FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "expect_column_distinct_values_to_be_in_set": ("expect_column_values_to_be_in_set", ("value_set",)),
    "expect_column_max_to_be_between": ("expect_column_values_to_be_between", ("max_value", "strict_max")),
    "expect_column_min_to_be_between": ("expect_column_values_to_be_between", ("min_value", "strict_min")),
}
"""Column expectations that imply one for each row: that expectation, and the arguments that it takes over."""
_KEPT = ("column", "row_condition", "condition_parser")


@dataclass(frozen=True)
class ResampledTrain:
    """The resampled train partition.

    Attributes:
        snapshot: Its files.
        synthetic: Whether each row is synthetic, in the order of the files.
        source_columns: The columns of the source.
    """

    snapshot: Snapshot
    synthetic: npt.NDArray[np.bool_]
    source_columns: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The published columns: features and label."""
        return tuple(column.name for column in self.snapshot.columns)


def validate_resampled(train: ResampledTrain, suites: Sequence[Suite]) -> tuple[ResampledOutcome, ...]:
    """Repeat the source's expectations, as far as they apply to resampled rows.

    A failed expectation never raises, whatever its severity: it is a finding.

    Args:
        train: The partition to check.
        suites: The expectations that the source was checked against.

    Returns:
        One outcome per expectation, in the order of the suites.
    """
    load_engine()
    with quiet():
        questions = scope_expectations(suites, train.source_columns)
        reasons = {index: _why_left_out(question, train.columns) for index, question in questions.items()}
        questions_of_rows = {
            index: _row_question(question, train.columns) for index, question in questions.items() if not reasons[index]
        }
        answers = answer_all(train.snapshot, questions_of_rows)
    return tuple(
        _left_out(question, reasons[index]) if reasons[index] else _outcome(question, answers[index], train)
        for index, question in questions.items()
    )


def _why_left_out(question: ScopedExpectation, columns: Sequence[str]) -> str:
    """Return why an expectation does not apply to resampled rows; empty if it does."""
    kind, expectation = question.expectation["type"], question.expectation
    elsewhere = [name for name in question.scope.columns if name not in set(columns)]
    if elsewhere:
        return f"it uses {', '.join(map(repr, elsewhere))}, but train has only features and label"
    if kind in _NOT_OF_ROWS:
        return f"it is about {_NOT_OF_ROWS[kind]}"
    if kind == "expect_column_to_exist" or _judges_rows(kind) or _row_form(expectation) != expectation:
        return ""
    if question.scope.kind == "columns" and question.scope.columns:
        return "it is about the column as a whole: split and resampling change counts and shares on purpose"
    return "it is about the table as a whole: the rows and columns of train differ from those of the source"


def _judges_rows(kind: str) -> bool:
    """Return whether Great Expectations gives a verdict per row."""
    from great_expectations.expectations import expectation as base
    from great_expectations.expectations.registry import get_expectation_impl

    by_row = (base.ColumnMapExpectation, base.ColumnPairMapExpectation, base.MulticolumnMapExpectation)
    return issubclass(get_expectation_impl(kind), by_row)


def _row_form(expectation: Expectation) -> Expectation:
    """Return the row-wise form of a column expectation, or the expectation itself if it has none.

    >>> most = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "age", "min_value": 9, "max_value": 99}}
    >>> _row_form(most)["type"], _row_form(most)["kwargs"]
    ('expect_column_values_to_be_between', {'column': 'age', 'max_value': 99})
    """
    kind, taken = _ROW_FORMS.get(expectation["type"], ("", ()))
    kwargs: Mapping[str, Any] = expectation["kwargs"]
    arguments = {name: kwargs[name] for name in taken if kwargs.get(name) is not None}
    if not arguments.keys() & {"value_set", "min_value", "max_value"}:
        return expectation
    kept = {name: kwargs[name] for name in _KEPT if kwargs.get(name) is not None}
    return {**expectation, "type": kind, "kwargs": {**kept, **arguments}}


def _row_question(question: ScopedExpectation, columns: Sequence[str]) -> ScopedExpectation:
    """Return the question in row-wise form and as critical, so that the engine names the failing rows."""
    expectation = {**_row_form(question.expectation), "severity": "critical"}
    return replace(question, expectation=expectation, scope=find_scope(expectation, columns))


def _left_out(question: ScopedExpectation, reason: str) -> ResampledOutcome:
    return ResampledOutcome(
        expectation=describe(question.expectation),
        columns=question.scope.columns,
        severity=severity_of(question.expectation),
        status="nothing_checked",
        source=question.source,
        notes=f"Left out: {reason}.",
        left_out=True,
    )


def _outcome(question: ScopedExpectation, answer: Answer, train: ResampledTrain) -> ResampledOutcome:
    outcome: ExpectationOutcome = outcome_of(question, answer)
    if answer.failing_rows is None:
        return ResampledOutcome(**outcome.model_dump())
    made = int(train.synthetic[answer.failing_rows].sum())
    original = len(answer.failing_rows) - made
    return ResampledOutcome(**outcome.model_dump(), unexpected_synthetic=made, unexpected_original=original)
