from __future__ import annotations

from typing import Any

import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._text.delimiters import TextSample
from counterpoise.ingest._text.dialect import Dialect, sniff_dialect


def sniff(text: str, *, whole: bool = True, **options: Any) -> Dialect:
    return sniff_dialect(TextSample("t.csv", text, whole), SourceConfig(path="t.csv", **options))


@pytest.mark.parametrize("delimiter", [",", ", ", ";", "; ", "\t", "|", ":", " ", "^", "~"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["a", "b", "label"], ["1", "2", "x"], ["3", "4", "y"]]
    dialect = sniff("".join(delimiter.join(row) + "\n" for row in rows))
    assert (dialect.marks.delimiter, dialect.names) == (delimiter, ("a", "b", "label"))


def test_decimal_commas_do_not_pass_for_delimiters() -> None:
    dialect = sniff("a;b;label\n1,5;2,5;x\n2,5;3,5;y\n")
    assert dialect.marks.delimiter == ";"


def test_a_blank_belongs_to_the_delimiter_only_where_it_always_follows() -> None:
    assert sniff("a, b\n1, x\n2, y\n").marks.delimiter == ", "
    assert sniff("a, b\n1, x\n2,y\n").marks.delimiter == ","


def test_a_ragged_line_does_not_change_the_delimiter() -> None:
    assert sniff("a,b,c\n1,2,10:00:00\n1,2\n3,4,10:00:01\n").marks.delimiter == ","


def test_single_quotes_quote_only_where_double_ones_make_no_table() -> None:
    assert sniff("a,label\n'x, y',1\n'z',2\n").marks.quote == "'"
    assert sniff("a,label\n1,'-1'\n2,'1'\n").marks.quote == '"'


def test_options_win_over_sniffing() -> None:
    dialect = sniff("a,b;c\n1,2;3\n", delimiter=";", quote="'", header="no")
    assert (dialect.marks.delimiter, dialect.marks.quote, dialect.names) == (";", "'", ("column_0", "column_1"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,x\n2,y\n", ("a", "b")),
        ("1,x\n2,y\n", ("column_0", "column_1")),
        ("?,x\n2,y\n", ("column_0", "column_1")),
        ("colour,label\nred,yes\nblue,no\n", ("colour", "label")),
        ("red,yes\nred,no\nblue,yes\n", ("column_0", "column_1")),
        (",a\n0,x\n1,y\n", ("column_0", "a")),
        ("1,x\n", ("column_0", "column_1")),
        ("day,flag\n2024-01-01,true\n2024-01-02,false\n", ("day", "flag")),
        ("\n\na,b\n1,x\n", ("a", "b")),
    ],
)
def test_the_header_is_found(text: str, names: tuple[str, ...]) -> None:
    assert sniff(text).names == names


def test_contradictory_evidence_for_a_header_is_refused() -> None:
    with pytest.raises(InputError, match=r"ambiguous_header.*source\.header"):
        sniff("unknown,1.5\n2,2.5\n3,3.5\n")
    assert sniff("unknown,1.5\n2,2.5\n3,3.5\n", header="no").names == ("column_0", "column_1")


def test_an_open_quote_in_a_sample_that_is_cut_off_is_no_fault() -> None:
    dialect = sniff('a,b\n1,x\n2,"y\nz', whole=False)
    assert [record.fields for record in dialect.rows] == [("1", "x")]


def test_an_open_quote_does_not_make_another_delimiter() -> None:
    with pytest.raises(InputError, match=r"unclosed_quote.*line 2"):
        sniff('a,b\n1,"x y\n2,z w\n')


def test_blanks_around_quotes_belong_to_no_field() -> None:
    dialect = sniff('a,b\n1, "x" \n2,y\n', delimiter=",")
    assert [record.fields for record in dialect.rows] == [("1", "x"), ("2", "y")]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('""             yes\n' * 4, 2),
        ('""   "b c"   yes\n""   "b d"   no\n', 3),
        ("1   2  yes\n3   4  yes\n", 3),
        ("a b yes\nc d no\n", 3),
        ("a  yes\nc d no\nx y z\n", 3),
    ],
)
def test_runs_of_blanks_of_one_length_align_columns_and_delimit_no_empty_ones(text: str, columns: int) -> None:
    assert len(sniff(text).names) == columns


def test_escapes_in_quotes_of_aligned_columns_are_found() -> None:
    dialect = sniff('"a,b"     ""     no\n"n\\"o\\\\x"  ""     no\n""        "p\\"q"  yes\n')
    assert [record.fields for record in dialect.rows] == [
        ("a,b", "", "no"),
        ('n"o\\x', "", "no"),
        ("", 'p"q', "yes"),
    ]
