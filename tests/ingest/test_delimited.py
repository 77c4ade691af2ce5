from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, EngineError, InputError
from counterpoise.ingest._formats import delimited
from counterpoise.ingest._stage import ingest_source
from counterpoise.ingest._text import engine as text_engine
from tests.ingest.reading import ingest_text


@pytest.mark.parametrize("text", ["", "\n", " \n\n", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    """Fault 1."""
    with pytest.raises(InputError, match=r"empty_file.*table\.csv"):
        ingest_text(tmp_path, text)


@pytest.mark.parametrize("text", ["a,label\n", "a,label", "\n\na,label\n\n"])
def test_a_header_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    """Fault 2."""
    with pytest.raises(InputError, match="header_only"):
        ingest_text(tmp_path, text)


def test_a_missing_label_is_null_and_a_label_na_is_text(tmp_path: Path) -> None:
    """Faults 7 and 9."""
    reading = ingest_text(tmp_path, "a,label\nNA,NA\n2,x\n?, \n", missing_values=("", "NA", "?"))
    assert reading.column("label") == ["NA", "x", None]
    assert reading.column("a") == [None, 2, None]


def test_integers_are_exact_beside_missing_ones(tmp_path: Path) -> None:
    """Fault 10."""
    reading = ingest_text(tmp_path, "a,label\n9007199254740993,x\n,y\n")
    assert reading.column("a") == [9007199254740993, None]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("18446744073709551616", "declare source.notations: a=1234.56"),
        ("9223372036854775808", "declare source.notations: a=1234.56"),
        ("1" * 60, "no numeric type holds all its digits"),
    ],
)
def test_integers_beyond_64_bits_are_text_with_a_note(tmp_path: Path, number: str, says: str) -> None:
    """Fault 11."""
    text = f"a,label\n{number},x\n7,y\n"
    reading = ingest_text(tmp_path, text)
    assert reading.column("a") == [number, "7"]
    (note,) = reading.snapshot.notes
    assert says in note
    if "notations" in says:
        assert ingest_text(tmp_path, text, notations={"a": "1234.56"}).column("a") == [int(number), 7]


def test_leading_zeros_are_kept_with_a_note(tmp_path: Path) -> None:
    """Fault 12."""
    reading = ingest_text(tmp_path, "a,b,label\n0042,+1,x\n17,2,y\n")
    assert reading.column("a") == ["0042", "17"]
    assert reading.column("b") == ["+1", "2"]
    assert "1 numbers have leading zeros or signs" in reading.snapshot.notes[0]


def test_ragged_lines_are_set_apart_and_counted(tmp_path: Path) -> None:
    """Fault 13."""
    text = 'a,b,label\r\n1,2,x\r\n3,y\r\n\r\n"p\r\nq",5,z\r\n6,7,8,9\r\n  \r\n8,9,w'
    reading = ingest_text(tmp_path, text)
    assert reading.rejected == [
        {"file": "table.csv", "line": 3, "reason": "2 fields instead of 3", "text": "3,y"},
        {"file": "table.csv", "line": 7, "reason": "4 fields instead of 3", "text": "6,7,8,9"},
        {"file": "table.csv", "line": 8, "reason": "1 fields instead of 3", "text": "  "},
    ]
    assert reading.column("a") == ["1", "p\r\nq", "8"]
    header, blank, inside = 1, 1, 1
    assert text.count("\n") + 1 == header + blank + inside + reading.snapshot.rows + reading.snapshot.rejected_lines


def test_a_line_with_an_empty_field_too_many_is_ragged(tmp_path: Path) -> None:
    """Fault 13: DuckDB takes it for a row, and the extra field may stand in the middle."""
    reading = ingest_text(tmp_path, "a,b,label\n1,2,x\n1,EXTRA,2,\n3,4,y\n")
    assert reading.column("label") == ["x", "y"]
    assert [line["line"] for line in reading.rejected] == [3]


def test_lines_with_one_field_more_than_the_header_are_refused(tmp_path: Path) -> None:
    """Fault 14."""
    with pytest.raises(InputError, match=r"extra_column.*2 fields per line.*3 fields in most lines"):
        ingest_text(tmp_path, "a,label\n1,x,0\n2,y,0\n3,z,0\n")
    with pytest.raises(InputError, match=r"header_mismatch.*3 fields per line"):
        ingest_text(tmp_path, "a,b,label\n1,x\n2,y\n3,z\n", header="yes")


def test_a_table_that_is_mostly_ragged_is_refused(tmp_path: Path) -> None:
    regular, ragged = "1,2,x\n" * 3000, "1,2,x,y\n" * 4000
    with pytest.raises(InputError, match=r"ragged_table.*4,000 other lines and 3,000"):
        ingest_text(tmp_path, f"a,b,label\n{regular}{ragged}")


@pytest.mark.parametrize("names", ["a,a", "a,A", "é,e\u0301", "straße,STRASSE"])
def test_colliding_names_are_refused(tmp_path: Path, names: str) -> None:
    """Fault 15."""
    with pytest.raises(InputError, match="duplicate_columns"):
        ingest_text(tmp_path, f"{names},label\n1,2,x\n")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    """Fault 16."""
    assert ingest_text(tmp_path, "\ufeffa,label\n1,x\n").types == {"a": "int64", "label": "string"}
    assert ingest_text(tmp_path, "\ufeffa,label\n1,x\n2\n3,y\n").types == {"a": "int64", "label": "string"}


@pytest.mark.parametrize("header", ["a\0,label", '"a\nb",label', '"a\rb",label'])
def test_control_characters_in_names_are_refused(tmp_path: Path, header: str) -> None:
    """Fault 17."""
    with pytest.raises(InputError, match="column_name_control_character"):
        ingest_text(tmp_path, f"{header}\n1,x\n")


@pytest.mark.slow
def test_quoted_newlines_are_exact_at_the_edges_of_blocks(tmp_path: Path) -> None:
    """Fault 18: 20 MB of cells that look like lines of the table."""
    rows = [[str(number), "\n".join(["1,x"] * (1 + number % 997)), "x"] for number in range(10_000)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([["id", "word", "label"], *rows])
    reading = ingest_text(tmp_path, text.getvalue())
    assert reading.column("word") == [row[1] for row in rows]
    assert reading.column("id") == list(range(10_000))


@pytest.mark.parametrize(
    "text",
    [
        'a,label\n1,"x\n2,y\n3,z\n',
        'a,label\n1,"x\n2,"y"\n3,z\n',
        'a,label\n1,x\n2,y\n3,"z" and more\n',
        "a,label\n" + "1,x\n" * 2000 + '1,"x\n' + "1,x\n" * 2000,
        "a,label\n" + "1,x\n" * 2000 + '1,"x\n' + '1,x,"z"\n' * 2000,
    ],
)
def test_an_unclosed_quote_is_refused(tmp_path: Path, text: str) -> None:
    """Fault 19."""
    with pytest.raises(InputError, match=r"unclosed_quote.*table\.csv, line"):
        ingest_text(tmp_path, text)


def test_a_ragged_record_of_several_lines_counts_as_an_unclosed_quote(tmp_path: Path) -> None:
    """Fault 19."""
    text = "a,label\n" + "1,x\n" * 10 + '1,"x\n' + "1,x\n" * 5 + '1,x",y\n' + "1,x\n" * 10
    with pytest.raises(InputError, match=r"unclosed_quote.*line 12"):
        ingest_text(tmp_path, text)


def test_a_quote_left_open_for_megabytes_is_refused_without_reading_on(tmp_path: Path) -> None:
    """Faults 19 and 24."""
    with pytest.raises(InputError, match=r"unclosed_quote.*line 2,002"):
        ingest_text(tmp_path, "a,label\n" + "1,x\n" * 2000 + '1,"x\n' + "123456789,x\n" * 200_000)


def test_a_quote_inside_a_field_is_a_character(tmp_path: Path) -> None:
    reading = ingest_text(tmp_path, 'a,label\n5" pipe,x\n6" pipe,y\n"7"" pipe",z\n')
    assert reading.column("a") == ['5" pipe', '6" pipe', '7" pipe']


def test_a_text_late_in_a_numeric_column_is_refused_with_its_row(tmp_path: Path) -> None:
    """Fault 20."""
    text = "a,label\n" + "1,x\n" * 3000 + "oops,y\n" + "2,x\n"
    with pytest.raises(InputError, match=r"type_change.*'oops' in row 3,001 of table.csv .1 of 3,002") as caught:
        ingest_text(tmp_path, text)
    place = {"column": "a", "row": 3001, "value": "oops", "file": "table.csv", "misfits": 1}
    assert caught.value.values == {**place, "type_changes": ["a"]}
    assert ingest_text(tmp_path, text, missing_values=("oops",)).types["a"] == "int64"
    assert ingest_text(tmp_path, text, types=("a=string",)).column("a")[3000] == "oops"


def test_infinity_is_a_value(tmp_path: Path) -> None:
    """Fault 21."""
    assert ingest_text(tmp_path, "a,label\ninf,x\n1.5,y\n-Infinity,z\n").column("a") == [
        float("inf"),
        1.5,
        -float("inf"),
    ]


@pytest.mark.parametrize("name", ["table.csv.gz", "table.csv.zst"])
def test_compressed_text_is_read_and_a_cut_off_file_refused(tmp_path: Path, name: str) -> None:
    """Fault 22."""
    text = "a,label\n" + "".join(f"{number},x\n" for number in range(20_000))
    data = gzip.compress(text.encode()) if name.endswith("gz") else pa.compress(text.encode(), "zstd", asbytes=True)
    assert ingest_text(tmp_path, data, name=name).column("a") == list(range(20_000))
    with pytest.raises(InputError, match=f"truncated_file.*{name}"):
        ingest_text(tmp_path, data[:-40], name=name)


@pytest.mark.slow
def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    """Fault 24."""
    with pytest.raises(InputError, match="decompression_bomb"):
        ingest_text(tmp_path, gzip.compress(b"a,label\n1," + b"x" * (80 << 20)), name="table.csv.gz")


def test_too_many_columns_are_refused_with_the_limit(tmp_path: Path) -> None:
    """Fault 26."""
    names = ",".join(f"c{number}" for number in range(20_000))
    with pytest.raises(InputError, match=r"too_many_columns.*at most 10,000 columns. Found 20,000"):
        ingest_text(tmp_path, f"{names}\n{','.join('1' * 20_000)}\n")


@pytest.mark.slow
def test_wide_tables_are_read(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(2_500)]
    text = "\n".join([",".join([*names, "label"]), *(",".join([str(row)] * 2_500 + ["x"]) for row in range(3))])
    reading = ingest_text(tmp_path, text)
    assert reading.column("c2499") == [0, 1, 2]
    assert len(reading.types) == 2_501


def test_hostile_names_and_cells_are_only_texts(tmp_path: Path) -> None:
    """Faults 27 and 28."""
    text = 'a\'; DROP TABLE x;--,"<script>""",label\n=cmd|\' /C calc\'!A0,{v},$d\n<v>,c0,<c>\n'
    reading = ingest_text(tmp_path, text, name="x'; [a]{b}*?.csv")
    assert reading.table.to_pylist()[0] == {
        "a'; DROP TABLE x;--": "=cmd|' /C calc'!A0",
        '<script>"': "{v}",
        "label": "$d",
    }


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(tmp_path: Path, line_end: str) -> None:
    reading = ingest_text(tmp_path, line_end.join(["a,label", "1,x", "2,y"]))
    assert reading.column("label") == ["x", "y"]


def test_blank_lines_anywhere_are_no_rows(tmp_path: Path) -> None:
    assert ingest_text(tmp_path, "\n\r\n\na,label\n\n1,x\n\n\n2,y\n\n").column("a") == [1, 2]
    assert ingest_text(tmp_path, '\n\na,label\n\n1,"x\n\ny"\n\n\n2,y\n\n').column("label") == ["x\n\ny", "y"]


def test_mixed_line_ends_are_read(tmp_path: Path) -> None:
    assert ingest_text(tmp_path, "a,label\r\n1,x\n2,y\r3,z").column("label") == ["x", "y", "z"]


def test_a_one_column_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"single_column.*set source\.delimiter"):
        ingest_text(tmp_path, "label\nx\ny\n")


def test_a_cell_of_megabytes_is_refused(tmp_path: Path) -> None:
    """Fault 24."""
    with pytest.raises(InputError, match="line_too_long"):
        ingest_text(tmp_path, "a,label\n1,x\n" + "y" * 3_000_000 + ",x\n")


def test_a_missing_target_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"columns.target: 'class'.*'a', 'label'"):
        ingest_text(tmp_path, "a,label\n1,x\n", target="class")


@pytest.mark.parametrize(
    ("types", "text", "row"),
    [
        ("a=int8", "1\n300", 2),
        ("a=int64", "1\n2.5", 2),
        ("a=uint8", "-1\n2", 1),
        ("a=float64", "1.5\nx", 2),
        ("a=bool", "true\nmaybe", 2),
        ("a=date", "2024-01-01\n2024-02-30", 2),
        ("a=timestamp", "2024-01-01 10:00\n2024-01-01", 2),
        ("a=decimal(4,1)", "1.5\n1.55", 2),
        ("a=decimal(4,1)", "1.50\n12345", 2),
    ],
)
def test_a_value_that_does_not_fit_its_declared_type_is_refused(
    tmp_path: Path, types: str, text: str, row: int
) -> None:
    rows = "\n".join(f"{cell},x" for cell in text.split("\n"))
    with pytest.raises(InputError, match=f"value_does_not_fit.*in row {row} of table.csv"):
        ingest_text(tmp_path, f"a,label\n{rows}\n", types=(types,))


@pytest.mark.parametrize(
    ("declared", "text", "value", "kind"),
    [
        ("int16", "007", 7, "int16"),
        ("uint64", "18446744073709551615", 18446744073709551615, "uint64"),
        ("float32", "0.5", 0.5, "float"),
        ("float64", " 1e3 ", 1000.0, "double"),
        ("bool", "TRUE", True, "bool"),
        ("string", "0042", "0042", "string"),
        ("decimal(20,2)", "123456789012345678.90", "123456789012345678.90", "decimal128(20, 2)"),
    ],
)
def test_declared_types_override_the_sniffed_ones(
    tmp_path: Path, declared: str, text: str, value: Any, kind: str
) -> None:
    reading = ingest_text(tmp_path, f"a,label\n{text},x\n,y\n", types=(f"a={declared}",))
    assert reading.types["a"] == kind
    first = reading.column("a")[0]
    assert (str(first) if "decimal" in declared else first) == value
    assert reading.column("a")[1] is None


def test_a_declared_type_of_an_absent_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"source\.types: 'b'"):
        ingest_text(tmp_path, "a,label\n1,x\n", types=("b=int8",))


def test_snapshot_pages_carry_checksums_and_groups_are_bounded(tmp_path: Path) -> None:
    reading = ingest_text(tmp_path, "a,label\n" + "".join(f"{number},x\n" for number in range(300_000)))
    path = Path(reading.snapshot.files[0].path)
    metadata = pq.ParquetFile(path).metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [131_072, 131_072, 37_856]
    data = bytearray(path.read_bytes())
    data[groups[0].column(0).total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"(?i)crc|corrupt"):
        pq.read_table(path, page_checksum_verification=True)


def test_a_reader_that_loses_a_line_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of lines is independent of the reader: here it skips a row at first."""
    honest = text_engine.TextTable.sql
    calls: list[Path] = []

    def lossy(table: text_engine.TextTable) -> str:
        calls.append(table.path)
        return f"(FROM {honest(table)} {'OFFSET 1' if table.path.name == 'table.csv' else ''})"

    monkeypatch.setattr(text_engine.TextTable, "sql", lossy)
    assert ingest_text(tmp_path, "a,label\n1,x\n2,y\n3,z\n").column("a") == [1, 2, 3]
    assert calls[-1].name == "regular-00000.csv"


def test_a_failure_of_the_engine_is_no_fault_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_engine.TextTable, "sql", lambda _: "no_such_function()")
    with pytest.raises(EngineError, match=r"duckdb_failed.*no_such_function"):
        ingest_text(tmp_path, "a,label\n1,x\n2,y\n")


def test_rows_that_get_lost_while_writing_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_with_progress", lambda batches, *_, **__: iter(list(batches)[1:]))
    with pytest.raises(EngineError, match=r"rows_lost.*3 rows of table\.csv"):
        ingest_text(tmp_path, "a,label\n1,x\n2,y\n3,z\n")


def test_a_file_that_ends_in_the_middle_of_a_line_is_noted(tmp_path: Path) -> None:
    rows = "".join(f"{row},b{row},x\n" for row in range(50))
    reading = ingest_text(tmp_path, f"a,b,label\n{rows}50,b5")
    assert reading.snapshot.rejected_lines == 1
    assert reading.snapshot.notes == ("table.csv ends in the middle of a line: it may have been truncated",)


@pytest.mark.parametrize("ending", ["50,b5\n", "50,b50,x", "50,b5\n51,b51,x\n"])
def test_a_short_line_elsewhere_is_no_sign_of_a_cut_off_file(ending: str, tmp_path: Path) -> None:
    rows = "".join(f"{row},b{row},x\n" for row in range(50))
    assert ingest_text(tmp_path, f"a,b,label\n{rows}{ending}").snapshot.notes == ()


def test_a_first_row_without_an_end_is_no_missing_row(tmp_path: Path) -> None:
    with open(tmp_path / "t.csv", "w") as file:
        file.write('a,label\n"' + "x" * 5_000_000 + '",1\n')
    with pytest.raises(InputError, match=r"record_too_long.*t\.csv"):
        ingest_source(SourceConfig(path=str(tmp_path / "t.csv")), target="label", folder=tmp_path / "work")
