"""`counterpoise init` leaves something to run whatever the table is like, and says what it decided."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from counterpoise.config import BalanceConfig, load_config
from counterpoise.errors import ConfigError, InputError
from counterpoise.flows.first_files import source_settings, write_first_files
from counterpoise.ingest import ingest_source
from counterpoise.records import Snapshot
from counterpoise.table import SnapshotReader

ROWS = 1_000
QUICK = ("resampling.strategy=none",)


def write_rows(path: Path, marks: dict[str, dict[int, str]], *, sign: str = ",") -> None:
    """Write a table of numbers with some marks, by column and row."""
    rng = np.random.default_rng(0)
    lines = [sign.join(["x", "z", "word", "label"])]
    for row in range(ROWS):
        values = [f"{value:.3f}" for value in rng.normal(size=2)]
        cells = dict(zip(("x", "z", "word"), [*values, "ab"[row % 2]], strict=True))
        cells |= {name: found[row] for name, found in marks.items() if row in found}
        lines.append(sign.join([*cells.values(), "yes" if row % 7 == 0 else "no"]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def first_files(path: Path, *overrides: str, target: str = "label") -> tuple[BalanceConfig, str]:
    """Return the configuration that `init` writes, and its text."""
    source = source_settings(str(path))
    files = write_first_files(source, target=target, name="first", out=path.parent, force=True, overrides=overrides)
    return load_config(files.settings), files.settings.read_text(encoding="utf-8")


def reading(config: BalanceConfig, folder: Path) -> dict[str, Any]:
    """Return the types of the columns as the configuration reads them."""
    snapshot: Snapshot = ingest_source(config.source, target=config.columns.target, folder=folder)
    return {field.name: str(field.type) for field in SnapshotReader(snapshot).schema}


def comments_of(text: str) -> str:
    """Return the comments in one line."""
    return " ".join(line.strip().removeprefix("#").strip() for line in text.splitlines() if "#" in line)


def marked(*found: str) -> dict[int, str]:
    return {11 + 90 * number: mark for number, mark in enumerate(found)}


@pytest.mark.parametrize(
    ("marks", "values", "said"),
    [
        ({"x": marked("?", "?")}, ("", "?"), "'?' (2 in 'x')"),
        ({"x": marked("NA"), "z": marked("NA", "NA")}, ("", "NA"), "'NA' (1 in 'x', 2 in 'z')"),
        ({"x": marked("unknown", "n.a.")}, ("", "unknown", "n.a."), "'unknown' (1 in 'x'); 'n.a.' (1 in 'x')"),
        ({"x": marked("-"), "z": marked("#N/A")}, ("", "-", "#N/A"), "'-' (1 in 'x'); '#N/A' (1 in 'z')"),
        ({"x": dict.fromkeys(range(0, ROWS, 20), "none")}, ("", "none"), "'none' (50 in 'x')"),
        ({"x": marked("  ? ", "")}, ("", "?"), "'?' (1 in 'x')"),
    ],
)
def test_rare_marks_among_numbers_become_missing_values_with_their_number(
    marks: dict[str, dict[int, str]], values: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    write_rows(tmp_path / "a.csv", marks)
    config, text = first_files(tmp_path / "a.csv", *QUICK)
    assert sorted(config.source.missing_values) == sorted(values)
    assert all(part in comments_of(text) for part in said.split("; "))
    assert config.source.types == ()
    types = reading(config, tmp_path / "read")
    assert (types["x"], types["z"], types["word"]) == ("double", "double", "string")


@pytest.mark.parametrize("mistake", ["1O.5", "12,5", "3.1.4", "1 2"])
def test_a_mistake_among_numbers_leaves_texts_and_a_sentence_and_not_a_dead_end(mistake: str, tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", {"x": marked(mistake), "z": marked("?")}, sign=";")
    config, text = first_files(tmp_path / "a.csv", *QUICK)
    types = reading(config, tmp_path / "read")
    assert (types["x"], types["z"]) == ("string", "double")
    assert repr(mistake) in comments_of(text)


@pytest.mark.parametrize(
    ("overrides", "field", "value"),
    [
        (("source.missing_values=[ab]",), "source.missing_values", ["ab"]),
        (("columns.drop=[z]",), "columns.drop", ["z"]),
        (("split.method=stable",), "split.method", "stable"),
        (("seed=7",), "seed", 7),
        (("output.root=elsewhere",), "output.root", "elsewhere"),
        (("source.types=[z=string]",), "source.types", ["z=string"]),
    ],
)
def test_settings_that_are_given_to_init_are_in_what_it_writes(
    overrides: tuple[str, ...], field: str, value: Any, tmp_path: Path
) -> None:
    write_rows(tmp_path / "a.csv", {})
    _, text = first_files(tmp_path / "a.csv", *QUICK, *overrides)
    found = yaml.safe_load(text)
    for part in field.split("."):
        found = found[part]
    assert found == value


def rows_with(marks: dict[int, str]) -> list[dict[str, Any]]:
    """Return rows whose `x` and `z` are numbers except for marks."""
    rng = np.random.default_rng(0)
    return [
        {
            "x": marks.get(row, round(float(rng.normal()), 3)),
            "z": marks.get(row + 1, row * 7 % 31),
            "label": row % 7 == 0,
        }
        for row in range(ROWS)
    ]


def test_rare_marks_become_missing_values_in_json_lines_and_databases_too(tmp_path: Path) -> None:
    rows = rows_with(marked("?", "n/a"))
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE t (x, z, label)")
        database.executemany("INSERT INTO t VALUES (:x, :z, :label)", rows)
    sources = (source_settings(str(tmp_path / "a.jsonl")), source_settings(f"sqlite:///{tmp_path}/a.db", table="t"))
    for source in sources:
        files = write_first_files(source, target="label", name="first", out=tmp_path, force=True, overrides=QUICK)
        text = files.settings.read_text()
        config = load_config(files.settings, [f"source.url=sqlite:///{tmp_path}/a.db"] if source.table else [])
        assert sorted(config.source.missing_values) == ["", "?", "n/a"]
        assert "'?' (1 in 'x', 1 in 'z'); 'n/a' (1 in 'x', 1 in 'z')" in comments_of(text)
        types = reading(config, tmp_path / "read")
        assert (types["x"], types["z"]) == ("double", "int64")


def test_numbers_that_are_texts_in_parquet_are_read_as_numbers_with_their_marks_missing(tmp_path: Path) -> None:
    numbers = rows_with({11: "?", 101: "unknown"})
    rows = [{"x": str(row["x"]), "z": place * 7 % 31, "label": row["label"]} for place, row in enumerate(numbers)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    config, text = first_files(tmp_path / "a.parquet", *QUICK)
    assert sorted(config.source.missing_values) == ["", "?", "unknown"]
    assert config.source.notations == ("x=1234.56",)
    assert "'?' (1 in 'x')" in comments_of(text)
    assert reading(config, tmp_path / "read")["x"] == "double"


def test_a_setting_that_the_source_needs_can_be_given_to_init(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(("x,label\n" + "1.5,a\n2.5,b\n" * 60).encode("utf-16-le"))
    config, _ = first_files(tmp_path / "b.csv", *QUICK, "source.encoding=utf-16-le", "columns.ids=[]")
    assert config.source.encoding == "utf-16-le"
    with pytest.raises(InputError) as caught:
        first_files(tmp_path / "b.csv", *QUICK, "source.encoding=utf-8")
    assert caught.value.reason in ("wrong_encoding", "undeclared_encoding", "binary_file")


def test_a_wrong_setting_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"split\.tests_size"):
        first_files(tmp_path / "missing.csv", "split.tests_size=0.2")
