"""The types of text columns: guessed from the first rows, confirmed by every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest._text.column_types import RULES, TEXT, TypeRule, declared_rule, label_condition
from counterpoise.ingest._text.dialect import Dialect
from counterpoise.ingest._text.engine import Cell, Tally, TextTable, count_cells, first_misfit
from counterpoise.ingest._text.value_shapes import Shape, guess_shape

if TYPE_CHECKING:
    import duckdb

__all__ = ["ColumnPlan", "Question", "TypedColumns", "ask_types", "decide_types", "first_look"]

_NUMERIC_SHARE = 0.99
_NUMBER = TypeRule("number", "DOUBLE", "<d> IS NOT NULL")


@dataclass(frozen=True)
class ColumnPlan:
    """What becomes of a column: its name, its cells, its type, and how many of its cells are missing."""

    name: str
    cell: Cell
    rule: TypeRule
    missing: int


@dataclass(frozen=True)
class TypedColumns:
    """The plans of all columns and what the reader should know."""

    plans: tuple[ColumnPlan, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A column to be typed: what was declared for it, or what its first rows look like."""

    name: str
    cell: Cell
    label: bool
    declared: TypeRule | None
    guess: Shape | None

    def shapes(self) -> list[Shape]:
        """Return the types that the column may have, narrowest first."""
        return [shape for shape in RULES if not self.label or label_condition(shape)]

    def condition(self, shape: Shape) -> str:
        """Return what must hold for every cell of the type."""
        strict = label_condition(shape) if self.label else None
        return f"({RULES[shape].fits}) AND {strict}" if strict else RULES[shape].fits

    def first_conditions(self) -> list[str]:
        """Return the one condition to count in the first pass, or none."""
        if self.declared is not None:
            return [self.declared.fits]
        return [self.condition(self.guess)] if self.guess in self.shapes() else []

    def settled(self, tally: Tally) -> bool:
        """Return whether the first pass has decided the type."""
        if self.declared is not None:
            return True
        if tally.kept:
            return tally.present > 0 and tally.kept[0] == tally.present
        return self.guess is not None and tally.numeric < _NUMERIC_SHARE * tally.present


def ask_types(dialect: Dialect, source: SourceConfig, label: str) -> list[Question]:
    """Return what is to be decided for each column.

    Args:
        dialect: The columns and the first rows.
        source: Missing values and declared types.
        label: The label's column: there only an empty cell is missing, and class names stay as written.

    Raises:
        ColumnNotFoundError: A type is declared for a column that is not there.
        ConfigError: A declared type does not exist.
    """
    declared = source.type_overrides()
    if unknown := [name for name in declared if name not in dialect.names]:
        raise ColumnNotFoundError.from_names(unknown, dialect.names, field="source.types")
    tokens = tuple(dict.fromkeys(token.strip() for token in source.missing_values))
    questions = []
    for number, name in enumerate(dialect.names):
        missing = ("",) if name == label else tokens
        texts = [record.fields[number] for record in dialect.rows if number < len(record.fields)]
        rule = declared_rule(name, declared[name]) if name in declared else None
        guess = guess_shape(texts, frozenset(missing))
        questions.append(Question(name, Cell(number, missing), name == label, rule, guess))
    return questions


def first_look(engine: duckdb.DuckDBPyConnection, table: TextTable, questions: Sequence[Question]) -> list[Tally]:
    """Return each column's tally over one file, counting the guessed or declared type only."""
    cells = [question.cell for question in questions]
    return count_cells(engine, table, cells, [question.first_conditions() for question in questions])


def decide_types(
    engine: duckdb.DuckDBPyConnection,
    tables: Sequence[TextTable],
    questions: Sequence[Question],
    looks: Sequence[Sequence[Tally]],
) -> TypedColumns:
    """Return each column's type: the declared one, or the narrowest that keeps every cell.

    Args:
        engine: An open engine.
        tables: The files.
        questions: The columns, as `ask_types` gives them.
        looks: For each file what `first_look` gives.

    Raises:
        InputError: A value that a declared type does not fit, or a few texts in a column of numbers.
    """
    tallies = [reduce(add, column) for column in zip(*looks, strict=True)]
    unsettled = [n for n, question in enumerate(questions) if not question.settled(tallies[n])]
    closer = dict(zip(unsettled, _look_closer(engine, tables, [questions[n] for n in unsettled]), strict=True))
    plans, notes = [], []
    for number, question in enumerate(questions):
        tally = closer.get(number, tallies[number])
        rule, note = _answer(question, tally, closer=number in closer)
        if rule is None or (question.declared and tally.kept[0] < tally.present):
            raise _misfit(engine, tables, question, rule or _NUMBER, tally)
        plans.append(ColumnPlan(question.name, question.cell, rule, tally.missing))
        notes += [note] if note else []
    return TypedColumns(tuple(plans), tuple(notes))


def _look_closer(
    engine: duckdb.DuckDBPyConnection, tables: Sequence[TextTable], questions: Sequence[Question]
) -> list[Tally]:
    """Count every type's condition for the columns that the first pass left open."""
    if not questions:
        return []
    cells = [question.cell for question in questions]
    rules = [[question.condition(shape) for shape in question.shapes()] for question in questions]
    counted = [count_cells(engine, table, cells, rules) for table in tables]
    return [reduce(add, column) for column in zip(*counted, strict=True)]


def _answer(question: Question, tally: Tally, *, closer: bool) -> tuple[TypeRule | None, str]:
    """Return the column's type and a note; no type where a few texts stand among numbers."""
    if question.declared is not None:
        return question.declared, ""
    if not closer:
        return (RULES[question.guess] if tally.kept and question.guess else TEXT), ""
    if tally.present == 0:
        return TEXT, f"column {question.name!r} is entirely missing: kept as text"
    for shape, kept in zip(question.shapes(), tally.kept, strict=True):
        if kept == tally.present:
            return RULES[shape], ""
    return _text_or_mistake(question, tally)


def _text_or_mistake(question: Question, tally: Tally) -> tuple[TypeRule | None, str]:
    if tally.numeric < _NUMERIC_SHARE * tally.present:
        return TEXT, ""
    if tally.coded:
        return TEXT, f"column {question.name!r} is kept as text: {tally.coded:,} numbers have leading zeros or signs"
    if question.label:
        return TEXT, f"the label {question.name!r} is kept as text, so that its class names stay as written"
    if tally.numeric == tally.present:
        return TEXT, f"column {question.name!r} is kept as text: no numeric type holds all its digits"
    return None, ""


def _misfit(
    engine: duckdb.DuckDBPyConnection, tables: Sequence[TextTable], question: Question, rule: TypeRule, tally: Tally
) -> InputError:
    """Return the error that names the first cell that does not fit."""
    for table in tables:
        found = first_misfit(engine, table, question.cell, rule)
        if found is not None:
            break
    row, value = found or (0, "")
    declared = question.declared is not None
    count = tally.present - (tally.kept[0] if declared else tally.numeric)
    remedy = f"add {value.strip()!r} to source.missing_values if it means missing, " + (
        f"or correct {question.name} in source.types"
        if declared
        else f"or declare source.types: {question.name}=string"
    )
    return InputError(
        "value_does_not_fit" if declared else "type_change",
        expected=f"every value of column {question.name!r} to be a {rule.name}",
        found=f"{value[:120]!r} in row {row:,} of {table.name} ({count:,} of {tally.present:,} values do not fit)",
        remedy=remedy,
        values={"column": question.name, "row": row, "value": value[:2_000], "file": table.name, "misfits": count},
    )
