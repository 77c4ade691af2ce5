"""The types of text columns, guessed from the first rows and confirmed by all rows, and the typed rows in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest._notations.numbers import looks_like_number
from counterpoise.ingest._notations.registry import has_decimal_comma
from counterpoise.ingest._notations.sentences import points_for_thousands
from counterpoise.ingest._snapshot_files import batch_rows, write_snapshot_file
from counterpoise.ingest._text.column_types import RULES, TEXT, TypeRule, declared_rule, label_condition
from counterpoise.ingest._text.dialect import Dialect
from counterpoise.ingest._text.engine import (
    COLUMNS_PER_QUERY,
    Cell,
    Tally,
    TextTable,
    cells_sql,
    count_cells,
    first_misfit,
)
from counterpoise.ingest._text.value_shapes import Shape, guess_shape
from counterpoise.records import UnreadColumn

if TYPE_CHECKING:
    import duckdb


_NUMERIC_SHARE = 0.99
_NUMBER = TypeRule("number", "DOUBLE", "<d> IS NOT NULL")


@dataclass(frozen=True)
class ColumnPlan:
    """A column with its decided type: name, cells, type and number of missing cells."""

    name: str
    cell: Cell
    rule: TypeRule
    missing: int


@dataclass(frozen=True)
class TypedColumns:
    """The plans of all columns, notes for the user, and columns whose decimal points may separate thousands."""

    plans: tuple[ColumnPlan, ...]
    notes: tuple[str, ...]
    unread: tuple[UnreadColumn, ...] = ()


@dataclass(frozen=True)
class ColumnTypeQuery:
    """A column whose type is to be decided: its declared type, or the shape of its first rows.

    With a decimal comma, declared for all columns, no number has a decimal point. `thousands` says why the points of
    the first rows may separate thousands.
    """

    name: str
    cell: Cell
    label: bool
    declared: TypeRule | None
    guess: Shape | None
    decimal_comma: bool = False
    thousands: UnreadColumn | None = None

    def shapes(self) -> list[Shape]:
        """Return the candidate types, narrowest first."""
        return [shape for shape in RULES if not self.label or label_condition(shape)]

    def condition(self, shape: Shape) -> str:
        """Return the condition that every cell of the type must meet."""
        strict = label_condition(shape) if self.label else None
        return f"({RULES[shape].fits}) AND {strict}" if strict else RULES[shape].fits

    def first_conditions(self) -> list[str]:
        """Return the condition to count in the first pass, if any."""
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


def type_queries(dialect: Dialect, source: SourceConfig, label: str) -> list[ColumnTypeQuery]:
    """Return a type query for each column.

    Args:
        dialect: The columns and the first rows.
        source: Missing values and declared types.
        label: The label column; it has its own missing values, and class names stay as written.

    Raises:
        ColumnNotFoundError: A type is declared for a column that does not exist.
        ConfigError: A declared type does not exist.
    """
    declared = source.types_to_read()
    if unknown := [name for name in source.type_overrides() if name not in dialect.names]:
        raise ColumnNotFoundError.from_names(unknown, dialect.names, field="source.types")
    tokens = tuple(dict.fromkeys(token.strip() for token in source.missing_values))
    comma = has_decimal_comma(source)
    queries = []
    for number, name in enumerate(dialect.names):
        missing = source.label_tokens() if name == label else tokens
        texts = [record.fields[number] for record in dialect.rows if number < len(record.fields)]
        rule = declared_rule(name, declared[name]) if name in declared else None
        guess = guess_shape(texts, frozenset(missing))
        thousands = points_for_thousands(name, texts) if guess == "float64" and rule is None else None
        queries.append(ColumnTypeQuery(name, Cell(number, missing), name == label, rule, guess, comma, thousands))
    return queries


def tally_first_pass(
    engine: duckdb.DuckDBPyConnection, table: TextTable, queries: Sequence[ColumnTypeQuery]
) -> list[Tally]:
    """Return each column's tally over one file, counting only the guessed or declared type."""
    cells = [query.cell for query in queries]
    return count_cells(engine, table, cells, [query.first_conditions() for query in queries])


def decide_types(
    engine: duckdb.DuckDBPyConnection,
    tables: Sequence[TextTable],
    queries: Sequence[ColumnTypeQuery],
    first_pass: Sequence[Sequence[Tally]],
) -> TypedColumns:
    """Return each column's type: the declared one, or the narrowest that preserves every cell.

    Args:
        engine: An open engine.
        tables: The files.
        queries: The columns, from `type_queries`.
        first_pass: The tallies of each file, from `tally_first_pass`.

    Raises:
        InputError: A value does not fit its declared type, or a column of numbers contains a few texts.
    """
    tallies = [reduce(add, column) for column in zip(*first_pass, strict=True)]
    unsettled = [n for n, query in enumerate(queries) if not query.settled(tallies[n])]
    second_pass = dict(zip(unsettled, _tally_all_types(engine, tables, [queries[n] for n in unsettled]), strict=True))
    plans, notes, unread, misfits = [], [], [], []
    for number, query in enumerate(queries):
        tally = second_pass.get(number, tallies[number])
        rule, note = _decide(query, tally, all_types=number in second_pass)
        if rule is None or (query.declared and tally.kept[0] < tally.present):
            misfit = _misfit(engine, tables, query, rule or _NUMBER, tally)
            if query.declared or not looks_like_number(misfit.values["value"]):
                misfits.append(misfit)
            rule = TEXT
        if rule is RULES["float64"] and query.decimal_comma and not query.label:
            rule = TEXT
        elif rule is RULES["float64"] and query.thousands:
            unread.append(query.thousands)
        plans.append(ColumnPlan(query.name, query.cell, rule, tally.missing))
        notes += [note] if note else []
    if misfits:
        raise _all_misfits(misfits)
    return TypedColumns(tuple(plans), tuple(notes), tuple(unread))


def _tally_all_types(
    engine: duckdb.DuckDBPyConnection, tables: Sequence[TextTable], queries: Sequence[ColumnTypeQuery]
) -> list[Tally]:
    """Count every type's condition for the columns that the first pass left open."""
    if not queries:
        return []
    cells = [query.cell for query in queries]
    rules = [[query.condition(shape) for shape in query.shapes()] for query in queries]
    counted = [count_cells(engine, table, cells, rules) for table in tables]
    return [reduce(add, column) for column in zip(*counted, strict=True)]


def _decide(query: ColumnTypeQuery, tally: Tally, *, all_types: bool) -> tuple[TypeRule | None, str]:
    """Return the column's type and a note; no type if a column of numbers contains a few texts."""
    if query.declared is not None:
        return query.declared, ""
    if not all_types:
        return (RULES[query.guess] if tally.kept and query.guess else TEXT), ""
    if tally.present == 0:
        return TEXT, f"column {query.name!r} has only missing values: kept as text"
    for shape, kept in zip(query.shapes(), tally.kept, strict=True):
        if kept == tally.present:
            return RULES[shape], ""
    return _text_or_mistake(query, tally)


def _text_or_mistake(query: ColumnTypeQuery, tally: Tally) -> tuple[TypeRule | None, str]:
    if tally.numeric < _NUMERIC_SHARE * tally.present:
        return TEXT, ""
    if tally.coded:
        return TEXT, f"column {query.name!r} is kept as text: {tally.coded:,} numbers have leading zeros or signs"
    if query.label:
        return TEXT, f"the label {query.name!r} is kept as text, so that its class names stay as written"
    if tally.numeric == tally.present:
        return TEXT, f"column {query.name!r} is kept as text: no numeric type holds all its digits"
    return None, ""


def _misfit(
    engine: duckdb.DuckDBPyConnection, tables: Sequence[TextTable], query: ColumnTypeQuery, rule: TypeRule, tally: Tally
) -> InputError:
    """Return an error with the first cell that does not fit."""
    for table in tables:
        found = first_misfit(engine, table, query.cell, rule)
        if found is not None:
            break
    row, value = found or (0, "")
    declared = query.declared is not None
    count = tally.present - (tally.kept[0] if declared else tally.numeric)
    remedy = f"add {value.strip()!r} to source.missing_values if it means missing, " + (
        f"or correct {query.name} in source.types" if declared else f"or declare source.types: {query.name}=string"
    )
    return InputError(
        "value_does_not_fit" if declared else "type_change",
        expected=f"only values of type {rule.name} in column {query.name!r}",
        found=f"{value[:120]!r} in row {row:,} of {table.name} ({count:,} of {tally.present:,} values do not fit)",
        remedy=remedy,
        values={"column": query.name, "row": row, "value": value[:2_000], "file": table.name, "misfits": count},
    )


def _all_misfits(misfits: Sequence[InputError]) -> InputError:
    """Return the first error, with the names of all columns whose type changes."""
    changing = [each.values["column"] for each in misfits if each.reason == "type_change"]
    first = misfits[0]
    more = f"; likewise {len(misfits) - 1:,} more columns" if len(misfits) > 1 else ""
    return InputError(
        first.reason,
        expected=first.expected,
        found=first.found + more,
        remedy=first.remedy,
        values={**first.values, "type_changes": changing},
    )


TypedText = tuple[pa.Schema, Iterator[pa.RecordBatch]]


def typed_text(
    engine: duckdb.DuckDBPyConnection, table: TextTable, plans: Sequence[ColumnPlan], *, folder: Path
) -> TypedText:
    """Return the schema of a text and its rows in order.

    DuckDB buffers thousands of rows of every column that it reads. A very wide table is therefore read in groups of
    columns through temporary files in the folder, which are deleted after the last row.
    """
    rows = batch_rows(len(plans))
    if len(plans) <= COLUMNS_PER_QUERY:
        return _columns(engine, table, plans, rows=rows)
    files = []
    for number, start in enumerate(range(0, len(plans), COLUMNS_PER_QUERY)):
        schema, batches = _columns(engine, table, plans[start : start + COLUMNS_PER_QUERY], rows=rows)
        files.append(folder / f"columns-{number:05}.parquet")
        write_snapshot_file(files[-1], schema, batches)
    schema = pa.schema([field for file in files for field in pq.read_schema(file)])
    return schema, _side_by_side(files, schema, rows=rows)


def _columns(
    engine: duckdb.DuckDBPyConnection, table: TextTable, plans: Sequence[ColumnPlan], *, rows: int
) -> TypedText:
    values = ", ".join(_value(plan) for plan in plans)
    source = cells_sql(table, [plan.cell.number for plan in plans])
    sql = f"SELECT {values} FROM {source}"  # noqa: S608  # columns are referenced by number, literals are quoted
    reader = engine.execute(sql).to_arrow_reader(rows)
    schema = pa.schema([pa.field(plan.name, kind) for plan, kind in zip(plans, reader.schema.types, strict=True)])
    return schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)


def _value(plan: ColumnPlan) -> str:
    number = plan.cell.number
    value = f"c{number}" if plan.rule.sql == "VARCHAR" else f"CAST(v{number} AS {plan.rule.sql})"
    return f"CASE WHEN {plan.cell.is_missing()} THEN NULL ELSE {value} END" if plan.missing else value


def _side_by_side(files: Sequence[Path], schema: pa.Schema, *, rows: int) -> Iterator[pa.RecordBatch]:
    readers = [pq.ParquetFile(file).iter_batches(batch_size=rows) for file in files]
    for parts in zip(*readers, strict=True):
        arrays = [column for part in parts for column in part.columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
    for file in files:
        file.unlink()
