"""What an error advises works: each remedy for files, settings and splits is followed, and the data then goes on."""

from __future__ import annotations

import ast
import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import counterpoise
from counterpoise.config import BalanceConfig, build_config, load_config, named_columns
from counterpoise.errors import CounterpoiseError
from counterpoise.expectations.contract import build_contract
from counterpoise.ingest import ingest_source
from counterpoise.split import split_snapshot
from counterpoise.table import check_column_use
from counterpoise.validate import validate_snapshot
from tests.ingest.test_excel import write as write_sheet

ROWS = 60
RNG = np.random.default_rng(0)
X, Z = RNG.normal(size=ROWS).round(3).tolist(), RNG.normal(size=ROWS).round(3).tolist()
LABEL = ["yes" if row % 4 == 0 else "no" for row in range(ROWS)]
Settings = Mapping[str, Any]
Files = Mapping[str, Any]


def csv(*, sign: str = ",", names: str = "x,z,label", at: Mapping[int, str] | None = None, **columns: Any) -> str:
    """Return a text of 60 rows; `at` replaces whole lines by their row, from 0."""
    data = {"x": X, "z": Z, "label": LABEL} | columns
    rows = [sign.join(map(str, row)) for row in zip(*data.values(), strict=True)]
    for row, line in (at or {}).items():
        rows[row] = line
    head = [names.replace(",", sign)] if names else []
    return "\n".join([*head, *rows]) + "\n"


def changed(column: str, value: str, *rows: int) -> list[str]:
    """Return a column with another value in some rows."""
    texts = list(map(str, {"x": X, "z": Z, "label": LABEL}[column]))
    for row in rows or (7,):
        texts[row] = value
    return texts


def long_csv(*marks: str) -> str:
    """Return a text of 600 rows with a few marks among the numbers of `x`."""
    x = list(map(str, X * 10))
    for row, mark in enumerate(marks):
        x[7 + 60 * row] = mark
    return csv(x=x, z=Z * 10, label=LABEL * 10)


def parquet(**columns: Any) -> Callable[[Path], None]:
    data = {"x": X, "z": Z, "label": LABEL} | columns
    return lambda path: pq.write_table(pa.table(data), path)


def lines(**columns: Any) -> str:
    data = {"x": X, "z": Z, "label": LABEL} | columns
    return "\n".join(json.dumps(dict(zip(data, row, strict=True))) for row in zip(*data.values(), strict=True))


def sheet(**columns: Any) -> Callable[[Path], Any]:
    data = {"x": X, "z": Z, "label": LABEL} | columns
    return lambda path: write_sheet(path, data)


def database(*statements: str, rows: int = ROWS) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE t (x REAL, z REAL, label TEXT)")
            connection.executemany("INSERT INTO t VALUES (?, ?, ?)", list(zip(X, Z, LABEL, strict=True))[:rows])
            for statement in statements:
                connection.execute(statement)

    return make


@dataclass(frozen=True)
class Remedy:
    """What the message advises (words of it), and the settings and files after following it."""

    words: str
    settings: Settings = field(default_factory=dict)
    files: Files = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A source and settings that are refused for a reason, and the remedies that the message names."""

    reason: str
    files: Files
    settings: Settings
    remedies: tuple[Remedy, ...]


def case(reason: str, content: Any, *remedies: Remedy, name: Any = "a.csv", **settings: Any) -> Case:
    return Case(reason, {name: content} if content is not None else {}, {"source.path": name} | settings, remedies)


def rewritten(words: str, content: Any, name: str = "a.csv", **settings: Any) -> Remedy:
    return Remedy(words, settings, {name: content})


def text_marked(mark: str) -> Case:
    missing = Remedy(f"add {mark!r} to source.missing_values", {"source.missing_values": ["", mark]})
    return case("type_change", long_csv(mark), missing, Remedy("x=string", {"source.types": ["x=string"]}))


NARROW = "x,label\n" + "".join(f"{x},{label}\n" for x, label in zip(X, LABEL, strict=True))
DAYS = [f"2024-0{1 + row // 30}-{1 + row % 28:02d}" for row in range(ROWS)]
GROUPS = [row // 4 % 15 for row in range(ROWS)]
READING = [
    text_marked("?"),
    text_marked("unknown"),
    case("type_change", lines(x=[*X[:-1], "?"]).replace("\n", "\n" + lines() + "\n", 1),
         Remedy("to source.missing_values", {"source.missing_values": ["", "?"]}),
         Remedy("x=string", {"source.types": ["x=string"]}), name="a.jsonl"),
    case("value_does_not_fit", csv(x=changed("x", "low")),
         Remedy("to source.missing_values", {"source.missing_values": ["", "low"]}),
         Remedy("correct x in source.types", {"source.types": ["x=string"]}), **{"source.types": ["x=float64"]}),
    case("value_does_not_fit", lines(x=changed("x", "low")),
         Remedy("add it to source.missing_values", {"source.missing_values": ["", "low"]}),
         Remedy("correct x in source.types", {"source.types": ["x=string"]}), name="a.jsonl",
         **{"source.types": ["x=float64"]}),
    case("value_does_not_fit", csv(sign=";", x=changed("x", "low")),
         rewritten("correct the value", csv(sign=";", x=changed("x", "1.5"))),
         Remedy("or x in source.notations", {"source.notations": ["x=text"]}),
         Remedy("add it to source.missing_values", {"source.missing_values": ["", "low"]}),
         **{"source.notations": ["x=1234.56"]}),
    case("label_spellings", csv(label=changed("label", "YES")),
         Remedy("to merge", {"source.label_spellings": "merge"}),
         rewritten("or to keep", csv(label=changed("label", "YES", 0, 4, 8)), **{"source.label_spellings": "keep"})),
    case("mixed_label_types", lines(label=[1, *LABEL[1:]]),
         rewritten("write all labels the same way", lines(), "a.jsonl"),
         Remedy("label=string", {"source.types": ["label=string"], "split.rare_classes": "reject"}), name="a.jsonl"),
    case("ambiguous_header", "unknown,0\n" + "".join(f"{X[row]},{row % 3 // 2}\n" for row in range(ROWS)),
         Remedy("set source.header to yes or no", {"source.header": "no"}),
         Remedy("yes or no", {"source.header": "yes", "columns.target": "0"}), **{"columns.target": "1"}),
    case("undeclared_encoding", csv(names="x,größe,label").encode("cp1252"),
         Remedy("set source.encoding to cp1252", {"source.encoding": "cp1252"})),
    case("wrong_encoding", csv(names="x,größe,label").encode(),
         Remedy("source.encoding", {"source.encoding": "auto"}), **{"source.encoding": "utf-16"}),
    case("single_column", csv(sign="#"), Remedy("set source.delimiter", {"source.delimiter": "#"})),
    case("unclosed_quote", csv(at={3: '"1.5,2.5,yes'}),
         rewritten("close the quote", csv(at={3: '"1.5",2.5,yes'})),
         Remedy("set source.quote", {"source.quote": "'", "source.types": ["x=string"]})),
    case("unknown_escape", csv(x=changed("x", r"a\qb")),
         rewritten("without escapes", csv(x=changed("x", "aqb")), **{"source.escape": ""}),
         rewritten("double the backslash", csv(x=changed("x", r"a\\qb"))),
         **{"source.types": ["x=string"], "source.escape": "\\"}),
    case("extra_column", csv(names="x,label"), rewritten("add the missing names to the header", csv()),
         rewritten("remove the extra fields", NARROW),
         **{"source.header": "yes"}),
    case("duplicate_columns", csv(names="x,X,label"), rewritten("rename the columns", csv())),
    case("column_without_name", parquet(**{"": X}), rewritten("name the column", parquet(name=X), "a.parquet"),
         rewritten("drop it", parquet(), "a.parquet"), name="a.parquet"),
    case("column_name_control_character", parquet(**{"a\nb": X}),
         rewritten("rename the columns", parquet(ab=X), "a.parquet"), name="a.parquet"),
    Case("different_schemas", {"a.csv": csv(), "b.csv": csv(names="x,q,label")}, {"source.path": "*.csv"},
         (Remedy("as separate sources", {"source.path": "b.csv"}),)),
    Case("mixed_kinds", {"d/a.csv": csv(), "d/b.jsonl": lines()}, {"source.path": "d"},
         (Remedy("name the files with a glob", {"source.path": "d/*.csv"}),)),
    case("source_not_found", csv(), Remedy("correct source.path", {"source.path": "a.csv"}),
         **{"source.path": "b.csv"}),
    case("no_rows", json.dumps([{"x": 1}]), rewritten("convert one large JSON array", lines(), "a.jsonl"),
         name="a.jsonl"),
    case("not_json_lines", lines()[:200] + "\n1" * 60, rewritten("as JSON lines", lines(), "a.jsonl"), name="a.jsonl"),
    case("empty_file", "", rewritten("check how the file was written", lines(), "a.jsonl"), name="a.jsonl"),
    case("truncated_file", lines() + '\n{"x": 1', rewritten("remove its last line", lines(), "a.jsonl"),
         name="a.jsonl"),
    case("nested_too_deeply", lines() + '\n{"x": ' + "[" * 2_000 + "]" * 2_000 + "}",
         rewritten("remove the value", lines(), "a.jsonl"), name="a.jsonl"),
    case("unknown_type", csv(), Remedy("correct source.types", {"source.types": ["x=float64"]}),
         **{"source.types": ["x=flat64"]}),
    case("unknown_notation", csv(), Remedy("correct source.notations", {"source.notations": ["x=1234.56"]}),
         **{"source.notations": ["x=12;5"]}),
    case("notation_not_applicable", parquet(), Remedy("remove x from source.notations", {"source.notations": []}),
         name="a.parquet", **{"source.notations": ["x=1234.56"]}),
    case("too_many_digits", csv(x=changed("x", "1" * 45 + ".5")),
         Remedy("x=float64", {"source.types": ["x=float64"]}),
         Remedy("remove x from source.notations", {"source.notations": [], "source.types": ["x=string"]}),
         **{"source.notations": ["x=1234.56"]}),
    case("option_not_applicable", parquet(), Remedy("remove source.delimiter", {"source.delimiter": ""}),
         name="a.parquet", **{"source.delimiter": ";"}),
    case("unsupported_label", parquet(label=[[each] for each in LABEL]),
         rewritten("write the class as text", parquet(), "a.parquet"),
         rewritten("name another column", parquet(label=[[each] for each in LABEL], kind=LABEL), "a.parquet",
                   **{"columns.target": "kind", "columns.drop": ["label"]}), name="a.parquet"),
    Case("different_schemas", {"a.parquet": parquet(), "b.parquet": parquet(x=DAYS)}, {"source.path": "*.parquet"},
         (Remedy("write the files with one type", {}, {"b.parquet": parquet()}),
          Remedy("read them as separate sources", {"source.path": "a.parquet"}))),
    case("sheet_not_found", sheet(), Remedy("correct source.sheet", {"source.sheet": "Data"}), name="a.xlsx",
         **{"source.sheet": "Dada"}),
    case("table_not_found", database(), Remedy("correct source.table", {"source.table": "t"}), name="a.db",
         **{"source.path": "", "source.url": "sqlite:///a.db", "source.table": "u"}),
    case("not_read_only", database(), Remedy("only select", {"source.query": "SELECT * FROM t"}), name="a.db",
         **{"source.path": "", "source.url": "sqlite:///a.db", "source.query": "DELETE FROM t"}),
    case("no_rows", database(rows=0), rewritten("check the table", database(), "b.db", **{"source.url": "sqlite:///b.db"}),
         name="a.db", **{"source.path": "", "source.url": "sqlite:///a.db", "source.table": "t"}),
    case("unset_variable", database(), Remedy("set them on the machine", {"source.url": "sqlite:///a.db"}), name="a.db",
         **{"source.path": "", "source.url": "sqlite:///${NOWHERE_SET}", "source.table": "t"}),
    case("cell_too_long", database("UPDATE t SET x = zeroblob(17000000) WHERE rowid = 7"),
         Remedy("drop the column", {"source.table": "", "source.query": "SELECT z, label FROM t"}),
         Remedy("substr(column, 1, 1000)",
                {"source.table": "", "source.query": "SELECT substr(x, 1, 1000) AS x, z, label FROM t"}), name="a.db",
         **{"source.path": "", "source.url": "sqlite:///a.db", "source.table": "t"}),
]  # fmt: skip
TWO = ["rare" if row < 2 else each for row, each in enumerate(LABEL)]
TIMES = {"columns.time": "day", "split.method": "time"}
DECIDING = [
    case("column_not_found", csv(), Remedy("correct columns.drop", {"columns.drop": ["z"]}),
         **{"columns.drop": ["zz"]}),
    case("column_use", csv(x=range(ROWS)), Remedy("correct evaluation.slices", {"evaluation.slices": ["g"]},
         {"a.csv": csv(names="x,z,label,g", x=range(ROWS), g=GROUPS)}), **{"evaluation.slices": ["x"]}),
    case("no_features", csv(), Remedy("remove a column from columns.ids", {"columns.ids": ["x"]}),
         **{"columns.ids": ["x", "z"]}),
    case("single_class", csv(label=["no"] * ROWS), rewritten("that the source contains all classes", csv())),
    case("class_too_small_for_split", csv(label=TWO), rewritten("collect more rows or merge classes", csv()),
         Remedy("train_only", {"split.rare_classes": "train_only"}),
         Remedy("reject", {"split.rare_classes": "reject"})),
    case("class_too_small_for_sampler", csv(label=["rare" if row < 4 else "no" for row in range(ROWS)]),
         Remedy("lower resampling.k_neighbors", {"resampling.k_neighbors": 1}),
         Remedy("to lower_k", {"resampling.too_few_neighbors": "lower_k"}),
         Remedy("or random_over", {"resampling.too_few_neighbors": "random_over"}),
         Remedy("random_over as resampling.strategy", {"resampling.strategy": "random_over"}),
         **{"resampling.strategy": "smote"}),
    case("feature_entirely_missing", csv(x=[""] * ROWS), Remedy("to columns.drop", {"columns.drop": ["x"]})),
    case("infinite_value", csv(x=changed("x", "inf")), rewritten("fix infinite values", csv()),
         Remedy("add the feature to columns.drop", {"columns.drop": ["x"]}), **{"validation.on_invalid_rows": "stop"}),
    case("null_label", csv(label=changed("label", "")), rewritten("fix the labels in the source", csv()),
         **{"validation.on_invalid_rows": "stop"}),
    case("too_many_rejected", csv(label=changed("label", "", *range(1, 30))), rewritten("fix the source", csv()),
         Remedy("raise validation.max_rejected", {"validation.max_rejected": 0.6})),
    case("rare_classes", csv(x=[*[1.0] * 8, *X[8:]], z=[*[1.0] * 8, *Z[8:]],
                             label=["rare" if row < 8 else each for row, each in enumerate(LABEL)]),
         Remedy("split.rare_classes to train_only", {"split.rare_classes": "train_only"}),
         Remedy("or reject", {"split.rare_classes": "reject"}), rewritten("collect more rows", csv())),
    case("not_a_time", csv(names="x,day,label", z=["a" + day for day in DAYS]),
         Remedy("choose another column", {"columns.time": "x"}), **TIMES),
    case("length_unit", csv(names="x,day,label", z=range(ROWS)), Remedy("correct split.test", {"split.test": "9"}),
         **TIMES, **{"split.test": "9 days"}),
]  # fmt: skip


def set_in(base: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return a configuration with some settings, by their place."""
    for place, value in settings.items():
        section, _, name = place.partition(".")
        base[section] = {**base[section], name: value} if name else value
    return base


def stages(settings: Settings, files: Files, folder: Path) -> BalanceConfig:
    """Write files and read, check and split them with some settings."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            path.unlink(missing_ok=True)
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sections = ("source", "columns", "split", "validation", "resampling", "evaluation")
    mapping: dict[str, Any] = {"name": "t"} | {name: {} for name in sections} | {"resampling": {"strategy": "none"}}
    config = build_config(set_in(mapping, {"columns.target": "label", **settings}))
    names = [name for each in named_columns(config) for name in each.names]
    work = folder / "work"
    snapshot = ingest_source(config.source, target=config.columns.target, folder=work, columns=tuple(names))
    position = config.columns.target
    if position.isdigit() and position not in {each.name for each in snapshot.columns}:
        position = snapshot.columns[int(position)].name
        config = config.model_copy(update={"columns": config.columns.model_copy(update={"target": position})})
    check_column_use(config, snapshot)
    contract = build_contract(config, snapshot)
    checked = validate_snapshot(snapshot, [contract], config=config.validation, folder=work)
    split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=checked, seed=0, folder=work / "split"
    )
    return config


@pytest.mark.parametrize("one", [*READING, *DECIDING], ids=lambda one: one.reason)
def test_what_an_error_advises_works(one: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CounterpoiseError) as caught:
        stages(one.settings, one.files, tmp_path)
    assert caught.value.reason == one.reason
    for remedy in one.remedies:
        assert remedy.words in caught.value.remedy
        stages({**one.settings, **remedy.settings}, {**one.files, **remedy.files}, tmp_path)


GOOD = "name: t\nsource: {path: a.csv}\ncolumns: {target: label}\n"


@pytest.mark.parametrize(
    ("reason", "content", "words", "better"),
    [
        ("not_yaml", GOOD + "split: [", "correct that place", GOOD),
        ("not_a_mapping", "- a\n", "start from the file that `counterpoise init` writes", GOOD),
        ("config_not_utf8", (GOOD + "# größe").encode("cp1252"), "save the file as UTF-8", GOOD + "# größe"),
        ("config_too_large", GOOD + "#" * 1_000_001, "give a configuration", GOOD),
        ("invalid_config", GOOD + "split: {test_size: 2}", "correct split.test_size", GOOD + "split: {test_size: 0.2}"),
    ],
)
def test_what_an_error_in_a_configuration_advises_works(
    reason: str, content: str | bytes, words: str, better: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CounterpoiseError) as caught:
        load_config(path)
    assert (caught.value.reason, words in caught.value.remedy) == (reason, True)
    path.write_text(better, encoding="utf-8")
    assert load_config(path).name == "t"


def test_the_override_that_an_error_advises_works() -> None:
    with pytest.raises(CounterpoiseError) as caught:
        build_config({}, ["split.test_size"])
    advised = caught.value.remedy.rsplit(" ", 1)[1]
    config = build_config({"name": "t", "source": {"path": "a"}, "columns": {"target": "y"}}, [advised])
    assert config.split.test_size == 0.3


NOT_TRIED = {
    "the machine, the network or another program must change": (
        "database_refused", "driver_missing", "duckdb_failed", "missing_extra", "no_files",
        "rows_lost", "source_changed", "unfinished_log", "unreadable_source", "inconsistent_answer",
        "download_unavailable", "files_removed", "format_not_installed",
    ),
    "the file must be made anew by another program, and a good file is read": (
        "decompression_bomb", "different_folders", "error_value", "folder_column_differs", "header_only",
        "inexact_type", "line_too_long", "name_not_utf8", "ragged_table", "row_group_too_large", "too_many_columns",
        "unreadable_table", "unsupported_format", "unsupported_type", "invalid_text", "header_mismatch",
        "unsupported_table", "outside_table",
    ),
    "a correct address must be given, and that is what the tests of sources give": (
        "invalid_url", "literal_secret", "unknown_url_option", "unsupported_database",
        "download_refused", "download_too_large", "invalid_bound", "no_such_version",
    ),
    "the suite must be corrected; the tests of suites have correct ones": (
        "bad_condition", "bad_expectation", "expectation_not_answered", "pattern_too_slow",
    ),
    "not tried yet: settings of time, watermarks and keys": (
        "gap_unit", "instant_with_zone", "instant_without_zone", "no_room_in_time", "no_watermark", "not_an_instant",
        "partition_lacks_class", "positive_class", "time_unit", "time_zone", "window_unknown", "windows_impossible",
    ),
    "followed in the tests of DuckDB files, of tables with versions and of the web": (
        "digest_not_pinned", "infinite_time", "other_content", "private_address", "version_not_pinned",
    ),
    "no remedy but another path": ("config_not_readable", "expectations_failed"),
}  # fmt: skip


def reasons() -> set[str]:
    """Return the reasons of errors that the rooms of files and settings raise, as their code names them."""
    found: set[str] = set()
    for room in ("config", "ingest", "table", "validate", "split"):
        for path in (Path(counterpoise.__file__).parent / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args and any(one.arg == "remedy" for one in node.keywords):
                    first = node.args[0]
                    parts = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                    texts = [one.value for one in parts if isinstance(one, ast.Constant)]
                    found |= {text for text in texts if isinstance(text, str)}
    return found


def test_every_reason_is_tried_here_or_it_is_said_why_not() -> None:
    tried = {one.reason for one in (*READING, *DECIDING)}
    tried |= {"not_yaml", "not_a_mapping", "config_not_utf8", "config_too_large", "invalid_config", "invalid_override"}
    said = {reason for several in NOT_TRIED.values() for reason in several}
    assert reasons() - tried - said == set()
    assert said & tried == set()
