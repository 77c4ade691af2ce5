"""One battery of checks over every source format: files are recognised, values stay exact, no option is ignored."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from deltalake import DeltaTable, write_deltalake

from counterpoise.config import FormatName, SourceConfig, build_section
from counterpoise.errors import ColumnNotFoundError, ConfigError, CounterpoiseError, InputError
from counterpoise.ingest._registry import by_name, source_formats
from counterpoise.ingest._source_files import find_files
from counterpoise.ingest._source_format import FORMAT_INDEPENDENT, SourceFormat
from tests.ingest.lakes import iceberg_table, new_iceberg_table
from tests.ingest.reading import ingest

FORMATS = source_formats()
OPTIONS = [name for name in SourceConfig.model_fields if name not in FORMAT_INDEPENDENT]
OF_DATABASES = ("table", "query", "since", "until")
"""Options that the configuration itself refuses without a URL."""

TAKEN = [(name, option) for name in FORMATS for option in OPTIONS if option in FORMATS[name].options]
REFUSED = [(name, option) for name in FORMATS for option in OPTIONS if option not in FORMATS[name].options]
TABLE = pa.table(
    {
        "whole": [2**53 + 1, None, -(2**63), 0],
        "ratio": [0.1, 1e-300, None, 1 / 3],
        "code": ["007", "1e5", "A", None],
        "word": ["naïve", 'says "so"', "a, b; c | d", "NA"],
        "label": ["x", "y", "x", "y"],
    }
)
"""Values that a careless reader changes; no text starts or ends with a blank."""

FLOATS_ONLY = TABLE.set_column(0, "whole", [[2**53 - 1, None, -(2**53), 0]])
"""The values of a program that stores all numbers as floating-point numbers."""

SMALL = pa.table({"whole": [1, 2, 3], "word": ["é", "NA", "u,v"], "label": ["x", "y", "x"]})


def delimited(table: pa.Table, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writerows([table.column_names, *rows(table)])


def json_lines(table: pa.Table, path: Path) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in table.to_pylist()), encoding="utf-8")


def sqlite(table: pa.Table, path: Path) -> None:
    kinds = {pa.int64(): "INTEGER", pa.float64(): "REAL", pa.string(): "TEXT"}
    columns = ", ".join(f"{field.name} {kinds[field.type]}" for field in table.schema)
    places = ", ".join("?" * table.num_columns)
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        connection.executemany(f"INSERT INTO t VALUES ({places})", rows(table))  # no text from outside
    connection.close()


def excel(table: pa.Table, path: Path) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Data")
        for number, row in enumerate([table.column_names, *rows(table)]):
            for place, cell in enumerate(row):
                write = sheet.write_string if isinstance(cell, str) else sheet.write
                write(number, place, cell)


def delta(table: pa.Table, path: Path) -> None:
    write_deltalake(path, table.slice(0, 0))
    write_deltalake(path, table, mode="append")


def iceberg(table: pa.Table, path: Path) -> None:
    new_iceberg_table(path, table.schema).append(table)


WRITERS: dict[str, Callable[[pa.Table, Path], object]] = {
    "delimited": delimited,
    "jsonl": json_lines,
    "parquet": pq.write_table,
    "arrow": pyarrow.feather.write_feather,
    "sql": sqlite,
    "excel": excel,
    "delta": delta,
    "iceberg": iceberg,
}
"""How another program writes a table in each format."""


def rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*table.to_pydict().values(), strict=True))


def written(name: str, folder: Path, table: pa.Table = TABLE, *, suffix: str = "") -> SourceConfig:
    """Write a table in a format and return the source of it, with no more options than it needs."""
    table = table_of(name) if table is TABLE else table
    path = folder / f"table{suffix or next(iter(FORMATS[name].suffixes), '.db')}"
    WRITERS[name](table, path)
    if name == "sql":
        return SourceConfig(url=f"sqlite:///{path}", table="t")
    return SourceConfig(path=str(path), version=newest_version(name, path))


def newest_version(name: str, path: Path) -> str:
    """Return the version that a source of a format must name; empty for formats without versions."""
    if name == "iceberg":
        return str(iceberg_table(path).current_snapshot().snapshot_id)
    return str(DeltaTable(path).version()) if name == "delta" else ""


def table_of(name: str) -> pa.Table:
    return FLOATS_ONLY if name == "excel" else TABLE


def with_options(source: SourceConfig, **options: Any) -> SourceConfig:
    return build_section(SourceConfig, {**dict(source), **options})


def rewritten(source: SourceConfig, old: bytes, new: bytes) -> SourceConfig:
    """Replace bytes of a source's file."""
    path = Path(source.path)
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    return source


@pytest.fixture(params=list(get_args(FormatName)))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_format_has_a_writer_here() -> None:
    assert WRITERS.keys() == FORMATS.keys()


def test_every_value_comes_back_exactly_whatever_the_suffix(name: str, tmp_path: Path) -> None:
    for number, suffix in enumerate(FORMATS[name].suffixes or ("",)):
        reading = ingest(written(name, tmp_path, suffix=suffix), tmp_path / str(number))
        assert reading.table.equals(table_of(name))
        assert reading.snapshot.format == name


def test_a_format_that_is_set_reads_what_it_reads_when_it_is_found(name: str, tmp_path: Path) -> None:
    source = with_options(written(name, tmp_path), format=name)
    assert ingest(source, tmp_path / "work").table.equals(table_of(name))


@pytest.mark.parametrize("name", [each.name for each in FORMATS.values() if each.magic or each.opening])
def test_files_without_a_suffix_are_known_by_their_first_bytes(name: str, tmp_path: Path) -> None:
    path = Path(written(name, tmp_path).path)
    bare = path.rename(path.with_suffix(""))
    assert find_files(SourceConfig(path=str(bare))).format.name == name


@pytest.mark.parametrize("name", [each.name for each in FORMATS.values() if each.magic])
def test_first_bytes_count_more_than_the_suffix_of_another_format(name: str, tmp_path: Path) -> None:
    others = [suffix for other in FORMATS.values() if other.name != name for suffix in other.suffixes]
    assert {find_files(written(name, tmp_path, suffix=suffix)).format.name for suffix in others} == {name}


def test_reading_leaves_only_the_snapshot_behind(name: str, tmp_path: Path) -> None:
    reading = ingest(written(name, tmp_path), tmp_path / "work")
    left = {str(path) for path in (tmp_path / "work").rglob("*")}
    assert left <= {*(file.path for file in reading.snapshot.files), reading.snapshot.rejected_file}


def test_the_label_is_found_by_its_position_and_a_wrong_name_is_refused(name: str, tmp_path: Path) -> None:
    source = written(name, tmp_path)
    assert ingest(source, tmp_path / "work", target="4").table.equals(table_of(name))
    with pytest.raises(ColumnNotFoundError, match=r"'lable'.*perhaps 'label'"):
        ingest(source, tmp_path / "again", target="lable")


def test_a_table_without_rows_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no_rows|header_only|empty_file"):
        ingest(written(name, tmp_path, TABLE.slice(0, 0)), tmp_path / "work")


def test_an_empty_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{next(iter(FORMATS[name].suffixes), '.csv')}"
    path.touch()
    with pytest.raises(InputError, match=path.name):
        ingest(SourceConfig(path=str(path)), tmp_path / "work")


def test_options_at_their_defaults_are_not_set(name: str, tmp_path: Path) -> None:
    source = written(name, tmp_path)
    said = {option: getattr(source, option) for option in OPTIONS}
    assert ingest(with_options(source, **said), tmp_path / "work").table.equals(table_of(name))


VALUES: dict[str, Any] = {
    "table": "other", "query": "SELECT 1", "since": "1", "until": "9", "delimiter": ";", "quote": "'", "header": "yes",
    "escape": "\\", "sheet": "Data",
    "version": "1", "encoding": "latin-1", "missing_values": ["", "?"], "types": {"word": "string"},
}  # fmt: skip
"""A value of every option that is not its default."""


@pytest.mark.parametrize("format_is_set", [True, False])
@pytest.mark.parametrize(("name", "option"), REFUSED)
def test_an_option_that_a_format_does_not_take_is_refused(
    name: str, option: str, format_is_set: bool, tmp_path: Path
) -> None:
    source = written(name, tmp_path)
    with pytest.raises(ConfigError, match=option) as caught:
        ingest(with_options(source, **{option: VALUES[option]}, format=name if format_is_set else "auto"), tmp_path)
    assert caught.value.reason in ("option_not_applicable", "invalid_config")
    assert caught.value.expected
    assert caught.value.remedy


@pytest.mark.parametrize(("name", "option"), [pair for pair in REFUSED if pair[1] not in OF_DATABASES])
def test_an_option_is_refused_before_a_source_of_a_known_format_is_looked_for(name: str, option: str) -> None:
    place = {"url": "x", "table": "t"} if name == "sql" else {"path": "s3://nowhere/at-all", "format": name}
    source = with_options(SourceConfig.model_validate(place), **{option: VALUES[option]})
    with pytest.raises(ConfigError, match=rf"option_not_applicable.*source\.{option}"):
        ingest(source, Path("nowhere"))


def takes_version(name: str, folder: Path) -> None:
    source = written(name, folder, SMALL)
    assert ingest(source, folder / "first").table.equals(SMALL)
    with pytest.raises(ConfigError, match=rf"version_not_pinned.*set source\.version to {source.version}"):
        ingest(with_options(source, version=""), folder / "work")


def takes_table(name: str, folder: Path) -> None:
    with pytest.raises(CounterpoiseError, match="'absent'"):
        ingest(with_options(written(name, folder, SMALL), table="absent"), folder / "work")


def takes_query(name: str, folder: Path) -> None:
    source = with_options(written(name, folder, SMALL), table="", query="SELECT * FROM t WHERE whole > 1 ORDER BY 1")
    assert ingest(source, folder / "work").table.equals(SMALL.slice(1))


def takes_since(name: str, folder: Path) -> None:
    source = with_options(written(name, folder, SMALL), watermark="whole", since="2")
    assert ingest(source, folder / "work").table.equals(SMALL.slice(1))


def takes_until(name: str, folder: Path) -> None:
    source = with_options(written(name, folder, SMALL), watermark="whole", until="3")
    assert ingest(source, folder / "work").table.equals(SMALL.slice(0, 2))


def takes_delimiter(name: str, folder: Path) -> None:
    source = rewritten(written(name, folder, SMALL.slice(0, 2)), b",", b"@@")
    assert ingest(with_options(source, delimiter="@@"), folder / "work").table.equals(SMALL.slice(0, 2))


def takes_quote(name: str, folder: Path) -> None:
    source = rewritten(written(name, folder, SMALL), b'"', b"`")
    assert ingest(with_options(source, quote="`"), folder / "work").table.equals(SMALL)


def takes_escape(name: str, folder: Path) -> None:
    source = rewritten(written(name, folder, SMALL), b'"u,v"', b"u\\,v")
    assert ingest(with_options(source, escape="\\"), folder / "work").table.equals(SMALL)


def takes_sheet(name: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"'absent'.*'Data'"):
        ingest(with_options(written(name, folder, SMALL), sheet="absent"), folder / "work")


def takes_header(name: str, folder: Path) -> None:
    reading = ingest(with_options(written(name, folder, SMALL), header="no"), folder / "work", target="2")
    assert reading.column("column_2") == ["label", "x", "y", "x"]


def takes_encoding(name: str, folder: Path) -> None:
    source = rewritten(written(name, folder, SMALL), "é".encode(), "é".encode("latin-1"))
    assert ingest(with_options(source, encoding="latin-1"), folder / "work").table.equals(SMALL)


def takes_missing_values(name: str, folder: Path) -> None:
    source = with_options(written(name, folder, SMALL), missing_values=["", "NA"])
    assert ingest(source, folder / "work").column("word") == ["é", None, "u,v"]


def takes_types(name: str, folder: Path) -> None:
    source = written(name, folder, SMALL)
    assert ingest(source, folder / "first").types["whole"] == "int64"
    assert ingest(with_options(source, types={"whole": "float32"}), folder / "work").types["whole"] == "float"
    with pytest.raises(ColumnNotFoundError, match=r"source\.types.*'hole'"):
        ingest(with_options(source, types={"hole": "float32"}), folder / "again")


EFFECTS: dict[str, Callable[[str, Path], None]] = {
    "version": takes_version, "table": takes_table, "query": takes_query, "since": takes_since, "until": takes_until,
    "delimiter": takes_delimiter, "quote": takes_quote, "header": takes_header,
    "sheet": takes_sheet, "escape": takes_escape,
    "encoding": takes_encoding, "missing_values": takes_missing_values, "types": takes_types,
}  # fmt: skip
"""What each option does, in whatever format takes it."""


def test_every_option_of_a_source_has_a_value_and_an_effect_here() -> None:
    assert VALUES.keys() == EFFECTS.keys() == set(OPTIONS)
    assert {option for _, option in TAKEN} == set(OPTIONS)


@pytest.mark.parametrize(("name", "option"), TAKEN)
def test_an_option_that_a_format_takes_changes_what_is_read(name: str, option: str, tmp_path: Path) -> None:
    EFFECTS[option](name, tmp_path)


def facts(**changes: Any) -> dict[str, Any]:
    """Return the facts of a format that no other format shares."""
    new = {"name": "new", "label": "new text", "suffixes": (".new",), "magic": b"NEW", "options": frozenset()}
    return {**new, "read": FORMATS["delimited"].read, **changes}


def test_a_format_that_shares_nothing_is_added() -> None:
    assert list(by_name([*FORMATS.values(), SourceFormat(**facts())])) == [*FORMATS, "new"]


@pytest.mark.parametrize("fact", ["name", "label", "suffixes", "magic", "options", "read"])
def test_a_format_that_lacks_a_fact_fails_when_it_is_made(fact: str) -> None:
    with pytest.raises(TypeError, match=f"missing.*'{fact}'"):
        SourceFormat(**{name: value for name, value in facts().items() if name != fact})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": {"delimitr"}}, r"'new'.*delimitr.*not format options"),
        ({"options": {"watermark"}}, r"'new'.*watermark.*not format options"),
        ({"suffixes": ("new",)}, r"'new'.*suffixes.*'new'"),
        ({"suffixes": (".New",)}, r"'new'.*suffixes.*\.New"),
        ({"suffixes": (".new.gz",)}, r"'new'.*suffixes.*\.new\.gz"),
        ({"suffixes": (".gz",)}, r"'new'.*suffixes.*\.gz"),
        ({"label": ""}, "'new'.*label"),
        ({"name": ""}, "name"),
    ],
)
def test_a_format_with_a_wrong_fact_fails_when_it_is_made(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SourceFormat(**facts(**change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "jsonl"}, "'jsonl' and 'jsonl' share their name"),
        ({"suffixes": (".new", ".pq")}, r"'parquet' and 'new' share \.pq"),
        ({"magic": b"PAR1"}, "'parquet' and 'new' share b'PAR1'"),
        ({"magic": b"ARROW1\0\0"}, "'arrow' and 'new' share b'ARROW1'"),
        ({"opening": b'{"'}, "'jsonl' and 'new' share b'{'"),
    ],
)
def test_formats_that_no_file_tells_apart_fail_when_they_are_collected(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        by_name([*FORMATS.values(), SourceFormat(**facts(**change))])


def test_a_module_whose_format_has_another_name_fails_when_formats_are_collected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("counterpoise.ingest._formats.jsonl.FORMAT", replace(FORMATS["jsonl"], name="json"))
    with pytest.raises(ValueError, match=r"expected .*'jsonl'.*found .*'json'"):
        source_formats.__wrapped__()


def test_a_name_without_a_module_fails_when_formats_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    names: Sequence[str] = (*FORMATS, "absent")
    monkeypatch.setattr("counterpoise.ingest._registry.get_args", lambda _: names)
    with pytest.raises(ModuleNotFoundError, match=r"_formats\.absent"):
        source_formats.__wrapped__()
