from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from counterpoise.config import SourceConfig, build_section, load_config
from counterpoise.errors import ConfigError, InputError
from counterpoise.flows.first_files import write_first_files
from tests.ingest.layouts import WORDS, joined, rows
from tests.ingest.reading import ingest_text

UNDECLARED = [
    ("cp1252", "western"), ("cp1252", "typographic"), ("latin-1", "western"), ("mac-roman", "western"),
    ("cp850", "western"), ("cp1250", "polish"), ("iso8859-2", "polish"), ("koi8-r", "russian"), ("cp1251", "russian"),
    ("cp866", "russian"), ("shift_jis", "japanese"), ("euc_jp", "japanese"), ("iso2022_jp", "japanese"),
    ("gb18030", "chinese"), ("hz", "chinese"), ("euc_kr", "korean"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz", "table.jsonl"])
@pytest.mark.parametrize(("encoding", "words"), UNDECLARED)
def test_bytes_that_prove_no_encoding_are_refused_and_the_first_advice_reads_them(
    encoding: str, words: str, name: str, tmp_path: Path
) -> None:
    text = joined(rows(words)) if "csv" in name else "".join(f'{{"word": "{w}", "label": "a"}}\n' for w in WORDS[words])
    data = text.encode(encoding)
    with pytest.raises(InputError, match=r"undeclared_encoding") as caught:
        ingest_text(tmp_path, gzip.compress(data, mtime=0) if name.endswith("gz") else data, name=name)
    encodings = caught.value.values["encodings"]
    assert all(f"{each}" in caught.value.remedy for each in encodings)
    assert data.decode(encodings[0]) == text
    reading = ingest_text(tmp_path, data, name=name.removesuffix(".gz"), encoding=encodings[0])
    expected = WORDS[words] if name == "table.jsonl" else [row[0] for row in rows(words)]
    assert reading.column("word") == expected


def test_one_foreign_byte_is_reported_with_its_place_and_no_encoding_that_changes_the_rest(tmp_path: Path) -> None:
    lines = joined(rows("western")).encode().split(b"\n")
    lines[17] = lines[17].replace("é".encode(), b"\xe9").replace("ß".encode(), b"\xdf")
    assert not lines[17].isascii()
    with pytest.raises(InputError, match=r"0xE9.*line 18, column 4.*1 lines.*UTF-8 beyond ASCII") as caught:
        ingest_text(tmp_path, b"\n".join(lines))
    assert caught.value.values["encodings"] == []
    assert "correct these bytes" in caught.value.remedy


def test_one_foreign_byte_among_ascii_has_its_place_and_readings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"0xE9.*line 3, column 6 in table\.csv.*cp1252.*'café'"):
        ingest_text(tmp_path, b"a,label\n1,x\n2,caf\xe9\n")
    with pytest.raises(InputError, match=r"0xC3.*line 3, column 3"):
        ingest_text(tmp_path, b"a,label\n1,x\n2,\xc3")


def test_a_foreign_byte_far_behind_the_first_lines_is_found(tmp_path: Path) -> None:
    text = joined([("word", 1.5, 2, "yes")] * 400_000).encode()
    with pytest.raises(InputError, match=r"0xE9.*line 400,002, column 1"):
        ingest_text(tmp_path, text + b"\xe9t\xe9,1.5,2,yes\n")


@pytest.mark.parametrize(
    ("encoding", "data", "message"),
    [
        ("latin-1", joined(rows("typographic")).encode("cp1252"), r"U\+0091.*cp1252.*.old."),
        ("latin-1", joined(rows("western")).encode(), r"valid UTF-8.*source\.encoding to utf-8"),
        ("cp1252", joined(rows("russian")).encode(), r"valid UTF-8.*source\.encoding to utf-8|can't decode"),
        ("utf-16", joined(rows()).encode(), r"byte order mark.*remove source\.encoding"),
        ("utf-16", joined(rows("western")).encode("cp1252"), r"byte order mark.*cp1252"),
        ("latin-1", joined(rows()).encode("utf-16"), r"byte order mark of utf-16.*source\.encoding to utf-16"),
        ("utf-8", joined(rows()).encode("utf-16-le"), r"utf-16-le"),
        ("utf-32", joined(rows()).encode("utf-16"), r"utf-16"),
        ("ascii", joined(rows("western")).encode("cp1252"), r"after line.*cp1252"),
        ("shift_jis", joined(rows("western")).encode("cp1252"), r"after line.*cp1252|U\+00"),
    ],
)
def test_a_wrongly_declared_encoding_is_refused_with_what_the_bytes_say(
    tmp_path: Path, encoding: str, data: bytes, message: str
) -> None:
    with pytest.raises(InputError, match=rf"(?s)(wrong|undeclared)_encoding.*({message})"):
        ingest_text(tmp_path, data, encoding=encoding)


@pytest.mark.parametrize("name", ["latin1", "ISO-8859-15", "windows-1252", "u8", "gb2312", "utf_16_be"])
def test_any_name_of_an_encoding_is_accepted(name: str) -> None:
    assert SourceConfig(path="a.csv", encoding=name).encoding == name


@pytest.mark.parametrize("name", ["", "latin-0", "rot13", "base64", "idna", "unicode_escape", "undefined", "a\0b"])
def test_what_is_no_encoding_of_files_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"no encoding of text files.*auto.*cp1252"):
        build_section(SourceConfig, {"path": "a.csv", "encoding": name}, name="source")


def test_null_characters_are_no_proof_of_utf_16(tmp_path: Path) -> None:
    assert ingest_text(tmp_path, "a,label\nx\0y,1\nz,2\n").column("a") == ["x\0y", "z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a,b,label\n"x \\"y\\" \\n",1,2\n', r"unknown_escape.*before 'n'.*line 2"),
        ("a,b,label\nx\\n,1,2\n", r"unknown_escape.*before 'n'.*line 2"),
    ],
)
def test_a_backslash_without_a_certain_meaning_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ingest_text(tmp_path, text, escape="\\")


def test_a_backslash_far_behind_the_first_lines_is_refused_with_the_setting_that_reads_it(tmp_path: Path) -> None:
    text = joined(rows(count=2_000)) + '"says \\"so\\"",1.5,2,yes\n'
    with pytest.raises(InputError, match=r"unclosed_quote.*line 2,002.*source\.escape"):
        ingest_text(tmp_path, text)
    assert ingest_text(tmp_path, text, escape="\\").column("word")[-1] == 'says "so"'


def test_lines_that_are_skipped_are_said(tmp_path: Path) -> None:
    reading = ingest_text(tmp_path, "# by a program\nSales of 2024\n" + joined(rows()))
    assert reading.snapshot.notes == ("skipped above the table in table.csv: '# by a program'; 'Sales of 2024'",)
    assert ingest_text(tmp_path, "sep=;\n" + joined(rows(), ";")).snapshot.notes == ()


def test_a_short_first_row_is_no_title(tmp_path: Path) -> None:
    reading = ingest_text(tmp_path, "7\n" + joined(rows(), header=False), target="column_3")
    assert [line["text"] for line in reading.rejected] == ["7"]
    assert reading.snapshot.rows == 40


def test_init_writes_the_likeliest_encoding_with_what_it_reads(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(joined(rows("typographic", count=80)).encode("cp1252"))
    source = SourceConfig(path=str(tmp_path / "t.csv"))
    config = write_first_files(source, target="label", name="t", out=tmp_path).settings
    text = config.read_text(encoding="utf-8")
    assert load_config(str(config)).source.encoding == "cp1252"
    assert "The file is not UTF-8; check that this is right: cp1252 reads" in " ".join(text.replace("#", "").split())
