"""DuckDB over plain delimited text: it reads every cell as text and bases every decision on whole-column counts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from counterpoise.errors import EngineError
from counterpoise.ingest._text.column_types import CODED, TypeRule

if TYPE_CHECKING:
    import duckdb

_MEMORY = "1GB"
COLUMNS_PER_QUERY = 500


@dataclass(frozen=True)
class TextTable:
    """A plain text file and how DuckDB reads it.

    Attributes:
        path: The file.
        name: Its name in notes and errors.
        delimiter: The field delimiter.
        quote: The quote character.
        skip: The number of lines before the first row.
        columns: The number of fields per row.
        order: For each field, the position of its column; empty if fields are in the order of the columns.
    """

    path: Path
    name: str
    delimiter: str
    quote: str
    skip: int
    columns: int
    order: tuple[int, ...] = ()

    def sql(self) -> str:
        """Return the table function: text columns `c0`, `c1` …, with empty cells as nulls."""
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in self.order or range(self.columns))
        quote = quoted(self.quote)
        return (
            f"read_csv([{quoted_path(self.path)}], auto_detect=false, columns={{{columns}}}, header=false, "
            f"delim={quoted(self.delimiter)}, quote={quote}, escape={quote}, skip={self.skip}, comment='', "
            "compression='none')"
        )


@dataclass(frozen=True)
class Cell:
    """A column's cells in SQL.

    Attributes:
        number: The column's position.
        missing: The texts, stripped of blanks, that mean missing.
    """

    number: int
    missing: tuple[str, ...]

    def is_missing(self) -> str:
        """Return the SQL condition for a missing cell."""
        return f"v{self.number} IN ({', '.join(map(quoted, self.missing))})" if self.missing else "false"

    def condition(self, template: str) -> str:
        """Return a rule's condition applied to this column."""
        names = {"<v>": f"v{self.number}", "<d>": f"d{self.number}", "<c>": f"c{self.number}"}
        for placeholder, name in names.items():
            template = template.replace(placeholder, name)
        return f"coalesce({template}, false)"


@dataclass(frozen=True)
class Tally:
    """Cell counts of one column: all, missing, numbers, numbers written as codes, and cells preserved by each rule."""

    rows: int
    missing: int
    numeric: int
    coded: int
    kept: tuple[int, ...]

    @property
    def present(self) -> int:
        """The number of cells that are not missing."""
        return self.rows - self.missing

    def __add__(self, other: Tally) -> Tally:
        kept = tuple(map(sum, zip(self.kept, other.kept, strict=True)))
        return Tally(
            self.rows + other.rows,
            self.missing + other.missing,
            self.numeric + other.numeric,
            self.coded + other.coded,
            kept,
        )


def quoted(text: str) -> str:
    """Return a text as a SQL literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def quoted_path(path: Path) -> str:
    """Return a path as a SQL literal that matches only this file, although DuckDB expands globs.

    >>> quoted_path(Path("a[1].csv"))
    "'a[[]1].csv'"
    """
    return quoted(re.sub(r"([\[*?])", r"[\1]", str(path)))


@contextmanager
def open_engine(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB that spills to a folder and never uses the network.

    Raises:
        EngineError: DuckDB fails unexpectedly.
    """
    import duckdb

    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": _MEMORY,
        "preserve_insertion_order": "true",
        "temp_directory": str(folder / "spill"),
        "threads": str(os.cpu_count() or 2),
    }
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")  # it would mix with the caller's output
            yield connection
    except duckdb.Error as error:
        raise EngineError(
            "duckdb_failed",
            expected="a text that DuckDB can read",
            found=str(error).split("\n", 1)[0],
            remedy="check free memory and disk space; if it happens again, report it with the file",
        ) from error


def cells_sql(table: TextTable, numbers: Sequence[int]) -> str:
    """Return a subquery with each column's text `c`, its stripped text `v` and its value as a double `d`."""
    texts = ", ".join(f"coalesce(c{number}, '') AS c{number}" for number in numbers)
    bare = ", ".join(
        f"c{n}, CASE WHEN {_has_blanks(f'c{n}')} THEN trim(c{n}, ' \t') ELSE c{n} END AS v{n}" for n in numbers
    )
    values = ", ".join(f"c{n}, v{n}, TRY_CAST(v{n} AS DOUBLE) AS d{n}" for n in numbers)
    # Here and below, only numbers and quoted literals are interpolated, so S608 does not apply.
    return f"(SELECT {values} FROM (SELECT {bare} FROM (SELECT {texts} FROM {table.sql()})))"  # noqa: S608


def _has_blanks(cell: str) -> str:
    """Return a cheap condition that holds if a cell may start or end with blanks."""
    return f"{cell} < '!' OR suffix({cell}, ' ') OR suffix({cell}, '\t')"


def count_cells(
    engine: duckdb.DuckDBPyConnection, table: TextTable, cells: Sequence[Cell], rules: Sequence[Sequence[str]]
) -> list[Tally]:
    """Return the tally of each column.

    Args:
        engine: An open engine.
        table: The text.
        cells: The columns.
        rules: The conditions to count for each column.
    """
    tallies: list[Tally] = []
    for start in range(0, len(cells), COLUMNS_PER_QUERY):
        part = slice(start, start + COLUMNS_PER_QUERY)
        tallies += _count_part(engine, table, cells[part], rules[part])
    return tallies


def _count_part(
    engine: duckdb.DuckDBPyConnection, table: TextTable, cells: Sequence[Cell], rules: Sequence[Sequence[str]]
) -> list[Tally]:
    counts = ["count(*)"]
    for cell, conditions in zip(cells, rules, strict=True):
        present = f"NOT {cell.is_missing()}"
        number = f"d{cell.number} IS NOT NULL AND {present}"
        counts += [f"count_if({cell.is_missing()})", f"count_if({number})"]
        counts.append(f"count_if({number} AND {cell.condition(CODED)})" if len(conditions) > 1 else "0")
        counts += [f"count_if({present} AND {cell.condition(condition)})" for condition in conditions]
    source = cells_sql(table, [cell.number for cell in cells])
    row = engine.execute(f"SELECT {', '.join(counts)} FROM {source}").fetchone()  # noqa: S608
    values = iter(row or ())
    rows = next(values)
    return [
        Tally(rows, next(values), next(values), next(values), tuple(next(values) for _ in conditions))
        for conditions in rules
    ]


def embedded_counts(engine: duckdb.DuckDBPyConnection, table: TextTable) -> tuple[int, int]:
    """Return the number of newlines and of delimiters inside cells."""
    newlines = delimiters = 0
    for start in range(0, table.columns, COLUMNS_PER_QUERY):
        numbers = range(start, min(start + COLUMNS_PER_QUERY, table.columns))
        totals = [_total_inside(f"c{n}", what) for what in ("chr(10)", quoted(table.delimiter)) for n in numbers]
        row = engine.execute(f"SELECT {', '.join(totals)} FROM {table.sql()}").fetchone() or ()  # noqa: S608
        newlines += sum(row[: len(numbers)])
        delimiters += sum(row[len(numbers) :]) // len(table.delimiter.encode())
    return newlines, delimiters


def _total_inside(cell: str, what: str) -> str:
    lengths = f"sum(strlen({cell}) - strlen(replace({cell}, {what}, '')))"
    return f"coalesce({lengths} FILTER (contains({cell}, {what})), 0)::BIGINT"


def first_misfit(
    engine: duckdb.DuckDBPyConnection, table: TextTable, cell: Cell, rule: TypeRule
) -> tuple[int, str] | None:
    """Return the first cell that a type does not preserve: its 1-based row number in the file and its text."""
    misfit = f"NOT ({cell.is_missing()}) AND NOT {cell.condition(rule.fits)}"
    rows = f"SELECT row_number() OVER () AS row, * FROM {cells_sql(table, [cell.number])}"  # noqa: S608
    sql = f"SELECT row, c{cell.number} FROM ({rows}) WHERE {misfit} ORDER BY row LIMIT 1"  # noqa: S608
    found = engine.execute(sql).fetchone()
    return None if found is None else (int(found[0]), str(found[1]))
