"""Excel workbooks (.xlsx): one sheet, its values as the workbook stores them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._names import check_names
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._tables.common_schema import check_same_names
from counterpoise.ingest._tables.workbook import check_size, column_letters, error_cells, unreadable_workbook
from counterpoise.ingest._text.delimiters import Trial
from counterpoise.ingest._text.preamble import find_beginning, shown_lines
from counterpoise.ingest._text.records import Marks, TextRecord
from counterpoise.ingest._values.spool import Spool, spool_rows

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

Row = list[Any]

_SAMPLE = 1_000
_EXACT = 2**53


def read_workbooks(job: ReadJob) -> Content:
    """Read one sheet of each workbook into one Parquet file.

    Raises:
        ConfigError: The extra is not installed, or a workbook has no sheet of the configured name.
        InputError: A workbook is damaged or too large, or a sheet is no table.
    """
    notes: list[str] = []
    rows_read: list[int] = []
    first: tuple[str, ...] = ()
    with Spool(job.folder / "spool.arrow", job.source, job.target, elsewhere=job.elsewhere) as spool:
        for path in job.paths:
            names, columns, said = _read_sheet(path, job)
            first = first or names
            check_same_names(job.paths[0], first, path, names)
            before = spool.rows
            most = spool_rows(len(names))
            for start in range(0, len(columns[0]), most):
                spool.add({name: column[start : start + most] for name, column in zip(names, columns, strict=True)})
            rows_read.append(spool.rows - before)
            notes += said
        content = spool.finish(job.folder / "snapshot-00000.parquet", job.progress)
    return replace(content, rows_read=tuple(rows_read), notes=(*notes, *content.notes))


def _read_sheet(path: Path, job: ReadJob) -> tuple[tuple[str, ...], list[list[Any]], list[str]]:
    """Return the names and columns of a sheet, and notes."""
    check_size(path)
    workbook = _open(path)
    name, notes = _sheet_name(workbook, path, job.source.sheet)
    sheet = _load(workbook, name, path)
    rows = [list(row) for row in sheet.iter_rows()]
    top, left = sheet.start or (0, 0)
    _mark_errors(rows, error_cells(path, name), (top, left), job)
    header, body, above = _beginning(rows, path, job)
    notes += [f"skipped above the table in {path.name}: {shown_lines(above)}"] if above else []
    used = [place for place in range(len(rows[0])) if header[place] or any(row[place] != "" for row in body)]
    names = tuple(header[place] or f"column_{place}" for place in used)
    check_names(names)
    columns = [_typed([row[place] for row in body]) for place in used]
    return names, columns, notes


def _open(path: Path) -> CalamineWorkbook:
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise ConfigError(
            "missing_extra",
            expected="python-calamine, which reads Excel workbooks",
            found="it is not installed",
            remedy="run pip install 'counterpoise[excel]', or save the sheet as CSV",
            values={"extra": "excel"},
        ) from None
    try:
        return CalamineWorkbook.from_path(str(path))
    except Exception as error:  # noqa: BLE001  # the library names no common class of its errors
        raise unreadable_workbook(path, str(error)) from None


def _load(workbook: CalamineWorkbook, name: str, path: Path) -> CalamineSheet:
    try:
        return workbook.get_sheet_by_name(name)
    except Exception as error:  # noqa: BLE001  # as above
        raise unreadable_workbook(path, str(error)) from None


def _sheet_name(workbook: CalamineWorkbook, path: Path, wanted: str) -> tuple[str, list[str]]:
    """Return the sheet to read: the configured one, or the first visible one with a note on the others."""
    sheets = workbook.sheet_names
    if wanted:
        if wanted not in sheets:
            raise ConfigError(
                "sheet_not_found",
                expected=f"the sheet {wanted!r} of source.sheet in {path.name}",
                found=f"the sheets {', '.join(map(repr, sheets[:20]))}",
                remedy="correct source.sheet",
                values={"file": path.name, "sheets": sheets[:100]},
            )
        return wanted, []
    visible = [each.name for each in workbook.sheets_metadata if "Visible" in str(each.visible)] or sheets
    others = [name for name in sheets if name != visible[0]]
    shown = ", ".join(map(repr, others[:10]))
    note = f"sheet {visible[0]!r} of {path.name} is read, the first; set source.sheet for another: {shown}"
    return visible[0], [note] if others else []


def _mark_errors(rows: list[Row], errors: dict[tuple[int, int], str], start: tuple[int, int], job: ReadJob) -> None:
    """Write error values such as #DIV/0! into the rows as texts, if the configuration says that they are missing.

    Raises:
        InputError: There are others.
    """
    missing = {token.strip() for token in job.source.missing_values}
    others = {cell: text for cell, text in errors.items() if text not in missing}
    if others:
        (row, column), text = next(iter(others.items()))
        counts = ", ".join(f"{count:,} {text}" for text, count in Counter(others.values()).most_common(5))
        raise InputError(
            "error_value",
            expected="values in all cells",
            found=f"{text} in cell {column_letters(column)}{row + 1} ({counts})",
            remedy=f"correct the formula, or add {text!r} to source.missing_values if it means missing",
            values={"cell": f"{column_letters(column)}{row + 1}", "value": text, "errors": len(others)},
        )
    for row, column in errors:
        rows[row - start[0]][column - start[1]] = ""


def _beginning(rows: list[Row], path: Path, job: ReadJob) -> tuple[list[str], list[Row], list[str]]:
    """Return the header, the rows below it without empty ones, and the lines above it."""
    filled = [(number, row) for number, row in enumerate(rows) if any(cell != "" for cell in row)]
    width = len(rows[0]) if rows else 0
    if not filled or width < 2:
        raise InputError(
            "no_rows" if width > 1 or not filled else "single_column",
            expected="a sheet with at least two columns and rows below their names",
            found=f"{len(filled):,} rows of {width:,} columns in {path.name}",
            remedy="set source.sheet to the sheet with the table",
            values={"file": path.name},
        )
    sample = [
        TextRecord(number, 1, " ".join(_text(row)).strip(), tuple(_text(row))) for number, row in filled[:_SAMPLE]
    ]
    names = [name for name in job.names() if not (name.isdigit() and int(name) < width)]
    trial = Trial(Marks("", ""), tuple(sample), width, 1, 1)
    found = find_beginning(trial, header=job.source.header, names=names, name=path.name, comment=None)
    top = found.header.line if found.header else -1
    body = [row for number, row in filled if number > top]
    if not body:
        raise InputError(
            "header_only",
            expected="rows below the header",
            found=f"a header only in {path.name}",
            remedy="set source.sheet to the sheet with the table, or source.header to no if its only line is a row",
            values={"file": path.name},
        )
    header = [name.strip() for name in found.header.fields] if found.header else [f"column_{n}" for n in range(width)]
    return header, body, [title.text for title in found.titles]


def _text(row: Sequence[Any]) -> list[str]:
    return [str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell) for cell in row]


def _typed(cells: Sequence[Any]) -> list[Any]:
    """Return a column's cells with one type: whole numbers as integers, dates beside times as times; None if empty."""
    present = [None if cell == "" else cell for cell in cells]
    kinds = {type(cell) for cell in present if cell is not None}
    if kinds == {float} and all(cell is None or (cell.is_integer() and abs(cell) <= _EXACT) for cell in present):
        return [None if cell is None else int(cell) for cell in present]
    if kinds == {dt.date, dt.datetime}:
        return [dt.datetime(cell.year, cell.month, cell.day) if type(cell) is dt.date else cell for cell in present]  # noqa: DTZ001
    return present


FORMAT = SourceFormat(
    name="excel",
    label="an Excel workbook",
    suffixes=(".xlsx", ".xlsm"),
    magic=b"PK\x03\x04",
    options=frozenset({"sheet", "header", "missing_values", "types"}),
    read=read_workbooks,
)
