from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, CounterpoiseError, InputError
from tests.ingest.reading import Reading, ingest

DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=number) for number in range(4)]
TIMES = [dt.datetime(2024, 1, 1, 3 * number, 30) for number in range(4)]  # noqa: DTZ001  # Excel knows no time zones
COLUMNS: dict[str, list[Any]] = {
    "code": ["007", "1e5", "a", " b "],
    "whole": [1, None, 2**53 - 1, -3],
    "ratio": [0.1, 1e-300, None, 1 / 3],
    "flag": [True, False, None, True],
    "day": DAYS,
    "at": TIMES,
    "midnight": [dt.datetime(2024, 1, 1), *TIMES[1:]],  # noqa: DTZ001
    "clock": [dt.time(1, 2, 3), None, dt.time(23, 59), dt.time(12)],
    "2019": [1.5, 2.5, 3.5, 4.5],
    "label": ["x", "y", "x", "y"],
}


def write(
    path: Path, columns: dict[str, list[Any]], *, above: list[list[Any]] | None = None, sheet: str = "Data",
    more: Callable[[xlsxwriter.Workbook], None] = lambda _: None, first: int = 0, **options: Any,
) -> Path:  # fmt: skip
    with xlsxwriter.Workbook(path, options) as workbook:
        formats = {
            dt.datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            dt.date: workbook.add_format({"num_format": "yyyy-mm-dd"}),
            dt.time: workbook.add_format({"num_format": "hh:mm:ss"}),
        }
        page = workbook.add_worksheet(sheet)
        lines = [*(above or []), list(columns), *map(list, zip(*columns.values(), strict=True))]
        for row, cells in enumerate(lines, first):
            for place, cell in enumerate(cells, first):
                if isinstance(cell, str) and cell.startswith("="):
                    page.write_formula(row, place, cell, None, 3)
                elif isinstance(cell, str):
                    page.write_string(row, place, cell)
                else:
                    page.write(row, place, cell, formats.get(type(cell)))
        more(workbook)
    return path


def read(path: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(path=str(path), **options), path.parent / "work", target=target)


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_every_kind_of_cell_comes_back_as_it_is(tmp_path: Path, first: int, options: dict[str, Any]) -> None:
    reading = read(write(tmp_path / "t.xlsx", COLUMNS, first=first, **options))
    assert reading.table.to_pydict() == COLUMNS
    assert reading.types["whole"] == "int64"
    assert reading.types["at"] == reading.types["midnight"] == "timestamp[us]"
    assert reading.snapshot.notes == ()


def test_formulas_give_their_stored_values(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "t.xlsx", {"sum": ["=1+2"] * 4, "label": COLUMNS["label"]}))
    assert reading.column("sum") == [3, 3, 3, 3]


def test_titles_above_the_header_and_empty_rows_and_columns_are_no_rows(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"a": [1, None, 2, 3], "": [None] * 4, "label": ["x", None, "y", "x"]}
    reading = read(write(tmp_path / "t.xlsx", columns, above=[["Sales of 2024"], []]))
    assert reading.table.to_pydict() == {"a": [1, 2, 3], "label": ["x", "y", "x"]}
    assert "skipped above the table in t.xlsx: 'Sales of 2024'" in reading.snapshot.notes


def test_a_header_of_years_is_known_by_the_configured_name(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"2019": [1, 2, 3], "2020": [4, 5, 6], "label": [0, 1, 0]}
    assert read(write(tmp_path / "t.xlsx", columns)).table.to_pydict() == columns


def test_a_sheet_is_read_by_its_name_and_the_first_visible_one_otherwise(tmp_path: Path) -> None:
    def other(workbook: Any) -> None:
        page = workbook.add_worksheet("Other & more")
        for number, row in enumerate([["b", "label"], [5, "p"], [6, "q"]]):
            page.write_row(number, 0, row)

    path = write(tmp_path / "t.xlsx", {"a": [1, 2], "label": ["x", "y"]}, more=other)
    first = read(path)
    assert first.column("a") == [1, 2]
    assert first.snapshot.notes == (
        "sheet 'Data' of t.xlsx is read, the first; set source.sheet for another: 'Other & more'",
    )
    assert read(path, sheet="Other & more").column("b") == [5, 6]
    with pytest.raises(ConfigError, match=r"sheet_not_found.*'Othr'.*'Data', 'Other & more'"):
        read(path, sheet="Othr")


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?"])
def test_error_values_are_named_with_their_cell_and_may_be_declared_missing(tmp_path: Path, error: str) -> None:
    def break_it(workbook: Any) -> None:
        page = workbook.get_worksheet_by_name("Data")
        page.write_formula("A3", "=1/0", None, error)
        page.write_formula("A4", "=1/0", None, error)

    path = write(tmp_path / "t.xlsx", {"a": [1, 2, 3, 4], "label": ["x", "y", "x", "y"]}, more=break_it)
    with pytest.raises(InputError, match=r"error_value.*in cell A3 \(2 .*missing_values") as caught:
        read(path)
    assert caught.value.values["value"] == error
    assert read(path, missing_values=["", error]).column("a") == [1, None, None, 4]


def test_several_workbooks_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    write(tmp_path / "t" / "0.xlsx", {"a": [1, 2], "label": ["x", "y"]})
    write(tmp_path / "t" / "1.xlsx", {"label": ["x", "y"], "a": [3, 4.5]})
    reading = ingest(SourceConfig(path=str(tmp_path / "t")), tmp_path / "work")
    assert reading.table.to_pydict() == {"a": [1, 2, 3, 4.5], "label": ["x", "y", "x", "y"]}
    assert [part.rows for part in reading.snapshot.parts] == [2, 2]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"Excel 97-2003 workbook \(\.xls\)"),
        ("t.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "with a password"),
        ("t.xls", b"<html><table><tr><td>1</td></tr></table></html>", "HTML"),
        ("t.xls", b'<?xml version="1.0"?><Workbook/>', "XML"),
    ],
)
def test_what_is_no_workbook_of_today_is_named(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"unsupported_format.*{what}"):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("member", "what"),
    [("xl/workbook.bin", r"\.xlsb"), ("content.xml", r"\.ods"), ("word/document.xml", "a zip archive")],
)
def test_other_archives_are_named(tmp_path: Path, member: str, what: str) -> None:
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("mimetype", "x")
        archive.writestr(member, "x")
    with pytest.raises(InputError, match=rf"unsupported_format.*{what}"):
        read(tmp_path / "t.xlsx")


def test_a_text_that_is_named_xls_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "t.xls").write_text("a\tlabel\n1\tx\n2\ty\n")
    assert read(tmp_path / "t.xls").column("a") == [1, 2]


@pytest.mark.slow
def test_a_workbook_that_expands_to_gigabytes_is_refused(tmp_path: Path) -> None:
    """One long text that a hundred thousand cells share, and a sheet of blanks."""
    path = write(tmp_path / "t.xlsx", {"a": ["x" * 32_000] * 40_000, "label": ["x", "y"] * 20_000})
    assert path.stat().st_size < 5_000_000
    with pytest.raises(InputError, match="decompression_bomb"):
        read(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * (1 << 20) * 1025)
    with pytest.raises(InputError, match="decompression_bomb"):
        read(path)


def test_a_damaged_workbook_is_refused_by_name(tmp_path: Path) -> None:
    whole = write(tmp_path / "t.xlsx", COLUMNS).read_bytes()
    for number in range(0, len(whole), 211):
        damaged = bytearray(whole)
        damaged[number : number + 3] = b"\xff\x00\xff"
        (tmp_path / "d.xlsx").write_bytes(damaged if number % 2 else whole[:number])
        try:
            reading = read(tmp_path / "d.xlsx")
        except CounterpoiseError:
            continue
        assert reading.snapshot.rows == 4


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(ConfigError, match=r"missing_extra.*counterpoise\[excel\]"):
        read(write(tmp_path / "t.xlsx", COLUMNS))
