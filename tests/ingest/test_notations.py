"""Values in the notations that people use: read exactly where declared, never reinterpreted and said elsewhere."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sqlite3
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, CounterpoiseError, InputError
from counterpoise.expectations.contract import build_contract
from counterpoise.versions import Version
from tests.ingest.notation_tables import Column, Table, random_table, silent_mistakes
from tests.ingest.notations import CASES, NANOSECONDS, Written
from tests.ingest.reading import ingest, ingest_text
from tests.snapshots import engine_config, publish_source

ROWS = 60
EVERY = (*CASES, NANOSECONDS)


def cycled(values: tuple[Any, ...]) -> list[Any]:
    return list(itertools.islice(itertools.cycle(values), ROWS))


def columns(cases: tuple[Written, ...] = EVERY) -> dict[str, list[str]]:
    """Return a table of all cases, with a number for each row and a label."""
    labels = ["rare" if row % 6 == 0 else "usual" for row in range(ROWS)]
    return {"row": list(map(str, range(ROWS))), **{case.name: cycled(case.texts) for case in cases}, "label": labels}


def declared(cases: tuple[Written, ...] = EVERY) -> dict[str, str]:
    return {case.name: case.notation for case in cases}


def delimited(table: dict[str, list[str]], folder: Path) -> SourceConfig:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerows([list(table), *zip(*table.values(), strict=True)])
    (folder / "table.csv").write_text(text.getvalue(), encoding="utf-8")
    return SourceConfig(path=str(folder / "table.csv"), notations=declared())


def json_lines(table: dict[str, list[str]], folder: Path) -> SourceConfig:
    rows = (dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True))
    (folder / "table.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return SourceConfig(path=str(folder / "table.jsonl"), notations=declared())


def parquet(table: dict[str, list[str]], folder: Path) -> SourceConfig:
    arrays = pa.table(table)
    arrays = arrays.set_column(1, arrays.schema.names[1], arrays.column(1).dictionary_encode())
    pq.write_table(arrays, folder / "table.parquet", row_group_size=25)
    return SourceConfig(path=str(folder / "table.parquet"), notations=declared())


def sqlite(table: dict[str, list[str]], folder: Path) -> SourceConfig:
    with sqlite3.connect(folder / "table.db") as connection:
        names = ", ".join(f'"{name}" TEXT' for name in table)
        connection.execute(f"CREATE TABLE t ({names})")
        places = ", ".join("?" * len(table))
        connection.executemany(f"INSERT INTO t VALUES ({places})", zip(*table.values(), strict=True))
    connection.close()
    return SourceConfig(url=f"sqlite:///{folder / 'table.db'}", table="t", notations=declared())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.ChunkedArray]:
    """The columns of all cases as they were published, in the order of the source."""
    folder = tmp_path_factory.mktemp("notations")
    version = publish_source(
        delimited(columns(), folder),
        folder,
        columns={"target": "label", "ids": ["row"]},
        split={"duplicates": "ignore"},
    )
    return {name: rows_of(version)[name] for name in declared()}


def rows_of(version: Version) -> pa.Table:
    parts = [
        version.to_arrow(name).append_column("source_row", version.to_arrow(f"keys/{name}")["source_row"])
        for name in ("train", "validation", "test")
    ]
    return pa.concat_tables(parts).sort_by("source_row")


def as_python(column: pa.ChunkedArray) -> list[Any]:
    return list((column.cast(pa.int64()) if "ns" in str(column.type) else column).to_pylist())


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_published_values_are_those_that_were_written(case: Written, published: dict[str, pa.ChunkedArray]) -> None:
    column = published[case.name]
    assert str(column.type) == case.type
    assert as_python(column) == cycled(case.values)


@pytest.mark.parametrize("write", [json_lines, parquet, sqlite])
def test_every_format_reads_notations_alike(
    write: Callable[[dict[str, list[str]], Path], SourceConfig], tmp_path: Path
) -> None:
    reading = ingest(write(columns(), tmp_path), tmp_path / "work")
    for case in EVERY:
        assert reading.types[case.name] == case.type
        assert as_python(reading.table[case.name]) == cycled(case.values)


ONLY_PROPOSED = {case.name for case in CASES if case.type == "bool"}
PLAIN = {"compact", "words of one's own"}
"""What any reader takes for numbers, and words that nobody knows."""


def test_nothing_is_reinterpreted_unasked_and_all_is_said(tmp_path: Path) -> None:
    source = delimited(columns(), tmp_path).model_copy(update={"notations": ()})
    reading = ingest(source, tmp_path / "work")
    said = {unread.name: unread for unread in reading.snapshot.unread if not unread.as_good_as_text}
    assert said.keys() == {case.name for case in EVERY} - ONLY_PROPOSED - PLAIN
    for case in EVERY:
        if case.name not in PLAIN:
            assert reading.column(case.name) == cycled(case.texts)
        if case.name in said:
            assert said[case.name].note in reading.snapshot.notes
            assert case.notation in said[case.name].notations


def table_of(texts: tuple[str, ...], *, name: str = "x") -> str:
    """Return a table with a column of texts, each in quotes."""
    lines = [f'"{text}",{"yes" if row % 4 == 0 else "no"}' for row, text in enumerate(cycled(texts))]
    return "\n".join([f"{name},label", *lines]) + "\n"


@pytest.mark.parametrize(
    ("texts", "notations"),
    [
        (("03/04/2024", "11/12/2023"), ("dd/mm/yyyy", "mm/dd/yyyy")),
        (("01.02.03", "04.05.06"), ("dd.mm.yy", "mm.dd.yy", "yy.mm.dd")),
        (("1,234", "5,678"), ("1,234.56", "1234,56")),
        (("1.234 €", "5.678 €"), ("1234.56 €", "1.234,56 €")),
        (("$1,234", "$999"), ("$1,234.56", "$1234,56")),
    ],
)
def test_what_can_be_read_in_two_ways_is_said_with_both(
    texts: tuple[str, ...], notations: tuple[str, ...], tmp_path: Path
) -> None:
    reading = ingest_text(tmp_path, table_of(texts))
    (unread,) = reading.snapshot.unread
    assert unread.notations == notations
    assert all(f"x={notation}" in unread.note for notation in notations)
    values = [ingest_text(tmp_path / str(n), table_of(texts), notations={"x": one}) for n, one in enumerate(notations)]
    assert len({tuple(each.column("x")) for each in values}) == len(notations)


@pytest.mark.parametrize(
    ("texts", "odd"),
    [
        (("31/12/2024", "12/31/2024"), "12/31/2024"),
        (("2024-12-31", "31/12/2024"), "31/12/2024"),
        (("5 kg", "6 kg", "700 g"), "700 g"),
        (("$5", "€6"), "€6"),
        (("1,5", "3,5", "2.5"), "2.5"),
        ((*["12"] * 19, "unknown"), "unknown"),
        (("2024-02-30", "2024-02-28"), "2024-02-30"),
    ],
)
def test_what_no_notation_reads_is_said_with_a_value_that_does_not_fit(
    texts: tuple[str, ...], odd: str, tmp_path: Path
) -> None:
    reading = ingest_text(tmp_path, table_of(texts))
    (unread,) = reading.snapshot.unread
    assert unread.notations == ()
    assert repr(odd) in unread.note
    assert reading.column("x") == cycled(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ("red", "green"),
        ("A-17", "B-18"),
        ("0042", "1234"),
        ("10.0.0.1", "192.168.1.1"),
        ("25-34", "35-44"),
        ("1.2.3", "2.0.1"),
        ("12a", "12b", "12c", "3d", "4e", "5f", "6g", "7h", "8i"),
        ("Mar", "May"),
        ("3e8a", "77f0"),
        ("#5", "#6"),
    ],
)
def test_codes_and_words_are_not_taken_for_values(texts: tuple[str, ...], tmp_path: Path) -> None:
    assert ingest_text(tmp_path, table_of(texts)).snapshot.unread == ()


def test_many_numbers_with_three_digits_after_a_mark_and_small_ones_without_have_thousands(tmp_path: Path) -> None:
    rows = [f'"{number:,}",{number % 7 == 0}' for number in range(7, 200_007, 997)] + ['"5",True', '"17",False']
    (unread,) = ingest_text(tmp_path, "\n".join(["x,label", *rows])).snapshot.unread
    assert unread.notations == ("1,234.56",)


def test_telephone_numbers_are_in_doubt(tmp_path: Path) -> None:
    (unread,) = ingest_text(tmp_path, table_of(("123 456 789", "987 654 321"))).snapshot.unread
    assert "as telephone numbers do" in unread.note


def test_a_column_said_to_be_text_is_not_mentioned(tmp_path: Path) -> None:
    reading = ingest_text(tmp_path, table_of(("1,5", "2,5")), notations={"x": "text"})
    assert (reading.snapshot.unread, reading.snapshot.notes, reading.column("x")[:2]) == ((), (), ["1,5", "2,5"])


def test_a_notation_for_all_columns_reads_those_that_fit_and_leaves_the_others(tmp_path: Path) -> None:
    table = {"a": ["1,5", "2,5"], "b": ["5 kg", "x"], "c": ["31.12.2024", "1.1.2024"], "d": ["1", "2"]}
    lines = [
        ";".join([*row, "ja" if number % 2 else "nein"]) for number, row in enumerate(zip(*table.values(), strict=True))
    ]
    text = "\n".join([";".join([*table, "label"]), *lines * 9])
    reading = ingest_text(tmp_path, text, notations={"*": "1.234,56 | dd.mm.yyyy | ja/nein"})
    assert reading.types == {"a": "double", "b": "string", "c": "date32[day]", "d": "int64", "label": "string"}


def test_a_notation_gives_the_type_that_is_declared(tmp_path: Path) -> None:
    options: dict[str, Any] = {"notations": {"x": "1.234,56 €"}, "types": {"x": "decimal(12,2)"}}
    reading = ingest_text(tmp_path, table_of(("1.234,50 €", "0,1 €")), **options)
    assert str(reading.table["x"].type) == "decimal128(12, 2)"
    assert [str(value) for value in reading.column("x")[:2]] == ["1234.50", "0.10"]


def test_missing_cells_stay_missing(tmp_path: Path) -> None:
    reading = ingest_text(
        tmp_path, table_of(("1,5", "", "n/a")), notations={"x": "1234,56"}, missing_values=("", "n/a")
    )
    assert reading.column("x")[:3] == [1.5, None, None]


@pytest.mark.parametrize(
    ("options", "error", "reason", "says"),
    [
        ({"x": "1234,56"}, InputError, "value_does_not_fit", "'9.5' in row 2"),
        ({"x": "euro"}, ConfigError, "unknown_notation", "'euro'"),
        ({"*": "1234,56 | euro"}, ConfigError, "unknown_notation", "'euro'"),
        ({"y": "1234,56"}, ColumnNotFoundError, "column_not_found", "source.notations"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    options: dict[str, str], error: type[CounterpoiseError], reason: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says) as caught:
        ingest_text(tmp_path, table_of(("1,5", "9.5")), notations=options)
    assert caught.value.reason == reason


def test_a_number_of_the_source_is_no_text_in_a_notation(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1.5, 2.5], "label": ["a", "b"]}), tmp_path / "table.parquet")
    source = SourceConfig(path=str(tmp_path / "table.parquet"), notations={"x": "1234,56"})
    with pytest.raises(ConfigError, match="the type double") as caught:
        ingest(source, tmp_path / "work")
    assert caught.value.reason == "notation_not_applicable"


def test_the_contract_says_it_too(tmp_path: Path) -> None:
    reading = ingest_text(tmp_path, table_of(("1,5", "2,5")))
    config = engine_config(tmp_path)
    (warning,) = [
        one
        for one in build_contract(config, reading.snapshot).expectations
        if one["type"] == "expect_table_texts_to_not_look_like_values"
    ]
    assert warning["severity"] == "warning"
    assert "x=1234,56" in warning["kwargs"]["summary"]


def test_points_that_may_separate_thousands_are_said(tmp_path: Path) -> None:
    rows = [f"{f'{number:,}'.replace(',', '.')};{number % 7 == 0}" for number in range(7, 200_007, 997)]
    text = "\n".join(["x;label", *rows, "5;True", "17;False"])
    reading = ingest_text(tmp_path / "plain", text)
    (unread,) = reading.snapshot.unread
    assert unread.note in reading.snapshot.notes
    assert "x=1.234,56 if points separate thousands" in unread.note
    assert ingest_text(tmp_path / "said", text, notations={"x": "1.234,56"}).column("x")[1:3] == [1004, 2001]
    assert ingest_text(tmp_path / "decimal", text, notations={"x": "1234.56"}).snapshot.unread == ()


@pytest.mark.parametrize("written", [lambda x: f"{x:.3f}", lambda x: f"{x:g}", lambda x: f"{x:.2f}", str])
def test_decimals_are_not_taken_for_thousands(written: Callable[[float], str], tmp_path: Path) -> None:
    rows = [f"{written(1 + number / 7)};{number % 5 == 0}" for number in range(300)]
    assert ingest_text(tmp_path, "\n".join(["x;label", *rows])).snapshot.unread == ()


def test_a_decimal_comma_for_all_columns_counts_for_points_as_well(tmp_path: Path) -> None:
    rows = [f"1.{number};0.{number};{number};{'ab'[number % 2]}" for number in range(100, 140)]
    reading = ingest_text(tmp_path, "\n".join(["grouped;decimal;whole;label", *rows]), notations={"*": "1.234,56"})
    assert reading.types == {"grouped": "int64", "decimal": "string", "whole": "int64", "label": "string"}
    assert reading.column("grouped")[:2] == [1100, 1101]
    assert [unread.name for unread in reading.snapshot.unread] == ["decimal"]


@pytest.mark.slow
@given(st.randoms(use_true_random=False))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_no_table_in_any_notation_is_silently_read_otherwise(random: Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert silent_mistakes(random_table(random), Path(folder)) == []


def test_a_silent_mistake_would_be_found(tmp_path: Path) -> None:
    column = Column("1234,56", ["1,5", "2,25"] * 20, [Decimal("1.5"), Decimal("2.26")] * 20)
    rows = [f'"{text}",{"ab"[number % 2]}' for number, text in enumerate(column.texts)]
    assert silent_mistakes(Table({"x": column}, "\n".join(["x,label", *rows])), tmp_path) == [
        "x (1234,56, declared): '2,25' is read as 2.25"
    ]


def test_a_few_numbers_in_another_notation_make_no_dead_end(tmp_path: Path) -> None:
    rows = [f'"{number:,}",{number % 5 == 0}' for number in range(1, 1_004)]
    text = "\n".join(["x,label", *rows])
    (unread,) = ingest_text(tmp_path / "plain", text).snapshot.unread
    assert "x=1,234.56" in unread.note
    assert ingest_text(tmp_path / "said", text, notations={"x": "1,234.56"}).column("x") == list(range(1, 1_004))
    with pytest.raises(InputError, match="'unknown' in row 1,000"):
        ingest_text(tmp_path / "word", "\n".join(["x,label", *rows[:999], "unknown,True"]))


def test_truth_values_beside_other_words_are_words(tmp_path: Path) -> None:
    assert ingest_text(tmp_path, table_of((*["Yes", "No"] * 9, "No service"))).snapshot.unread == ()
