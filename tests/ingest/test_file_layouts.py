"""Folders that give columns, files whose schemas differ in form, and columns that are no columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest import identify_source, ingest_source
from tests.ingest.reading import Reading, ingest

LABEL = [0, 1] * 3


def read(path: Path | str, work: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(path=str(path), **options), work, target=target)


def write_table(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".arrow":
        pyarrow.feather.write_feather(table, path)
    elif path.suffix == ".csv":
        path.write_text(table.to_pandas().to_csv(index=False))
    else:
        path.write_text(table.to_pandas().to_json(orient="records", lines=True))


def partitioned(folder: Path, values: list[str], *, suffix: str = ".parquet") -> Path:
    """Write one file of three rows for each folder name."""
    for number, name in enumerate(values):
        table = pa.table({"x": [number * 3 + row for row in range(3)], "label": [0, 1, number % 2]})
        write_table(table, folder / name / f"part{suffix}")
    return folder


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".csv", ".jsonl"])
def test_folders_give_columns_to_files_of_every_format(tmp_path: Path, suffix: str) -> None:
    folder = partitioned(tmp_path / "t", ["region=eu/year=2024", "region=us/year=2023"], suffix=suffix)
    whole = read(folder, tmp_path / "one")
    assert whole.table.column_names == ["x", "label", "region", "year"]
    assert whole.column("x") == list(range(6))
    assert whole.column("region") == ["eu"] * 3 + ["us"] * 3
    assert whole.column("year") == [2024] * 3 + [2023] * 3
    assert "columns of folder names: region (string), year (int64)" in whole.snapshot.notes
    glob = read(f"{folder}/**/*{suffix}", tmp_path / "two")
    assert glob.table.equals(whole.table)
    assert glob.snapshot.digest == whole.snapshot.digest == identify_source(SourceConfig(path=str(folder)))
    assert {part.name for part in whole.snapshot.parts} == {
        f"region=eu/year=2024/part{suffix}", f"region=us/year=2023/part{suffix}"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["1", "2"], [1, 2]),
        (["01", "02"], ["01", "02"]),
        (["1.5", "2.25"], [1.5, 2.25]),
        (["2024-01-01", "2024-02-29"], [dt.date(2024, 1, 1), dt.date(2024, 2, 29)]),
        (["true", "false"], [True, False]),
        (["1", "b"], ["1", "b"]),
        (["a", "__HIVE_DEFAULT_PARTITION__"], ["a", None]),
        (["1", "__HIVE_DEFAULT_PARTITION__"], [1, None]),
        (["a%2Fb", "c%20d"], ["a/b", "c d"]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["0.1234567890123456789", "1.5"], ["0.1234567890123456789", "1.5"]),
        (["a=b", "c"], ["a=b", "c"]),
    ],
)
def test_a_folder_column_has_the_narrowest_type_that_holds_its_texts(
    tmp_path: Path, names: list[str], values: list[Any]
) -> None:
    reading = read(partitioned(tmp_path / "t", [f"key={name}" for name in names]), tmp_path / "work")
    found = dict(zip(reading.column("x"), reading.column("key"), strict=True))
    assert [found[0], found[3]] == values


def test_what_pyarrow_writes_in_folders_reads_back(tmp_path: Path) -> None:
    table = pa.table({"x": range(6), "region": ["eu", "us", None] * 2, "year": [2023, 2024, 2024] * 2, "label": LABEL})
    ds.write_dataset(
        table, tmp_path / "t", format="parquet",
        partitioning=ds.partitioning(pa.schema([("region", pa.string()), ("year", pa.int64())]), flavor="hive"),
    )  # fmt: skip
    reading = read(tmp_path / "t", tmp_path / "work")
    expected = {row["x"]: row for row in table.to_pylist()}
    assert {row["x"]: row for row in reading.table.to_pylist()} == expected


def test_a_folder_column_can_be_the_label_and_take_a_declared_type(tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "t", ["class=1", "class=2"], suffix=".csv")
    reading = read(folder, tmp_path / "work", target="class", types=("class=string", "x=float32"))
    assert reading.column("class") == ["1"] * 3 + ["2"] * 3
    assert reading.types["x"] == "float"
    with pytest.raises(ColumnNotFoundError, match="clas"):
        read(folder, tmp_path / "again", target="clas")


def test_a_folder_column_that_stands_in_the_files_too_must_agree(tmp_path: Path) -> None:
    for name, inside in (("eu", "eu"), ("us", "us")):
        write_table(
            pa.table({"x": [1, 2], "region": [inside] * 2, "label": [0, 1]}), tmp_path / f"t/region={name}/p.parquet"
        )
    assert read(tmp_path / "t", tmp_path / "work").column("region") == ["eu", "eu", "us", "us"]
    write_table(pa.table({"x": [1], "region": ["asia"], "label": [0]}), tmp_path / "t/region=us/p.parquet")
    with pytest.raises(InputError, match=r"folder_column_differs.*'region'"):
        read(tmp_path / "t", tmp_path / "again")


def test_folders_of_other_columns_are_refused(tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "t", ["region=eu", "year=2024"])
    with pytest.raises(InputError, match=r"different_folders.*region=eu/part\.parquet \(region\).*\(year\)"):
        read(folder, tmp_path / "work")


def test_a_change_of_folder_names_is_a_change_of_the_source(tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "t", ["region=eu", "region=us"])
    before = identify_source(SourceConfig(path=str(folder)))
    (folder / "region=us").rename(folder / "region=uk")
    assert identify_source(SourceConfig(path=str(folder))) != before


def test_a_folder_of_plain_folders_is_a_source_without_hidden_files(tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "t", ["day1", "day2"], suffix=".csv")
    (folder / "_temporary").mkdir()
    (folder / "_temporary" / "x.csv").write_text("broken")
    (folder / "day1" / ".crc").write_text("broken")
    (folder / "day1" / "_SUCCESS").touch()
    reading = read(folder, tmp_path / "work")
    assert reading.column("x") == list(range(6))
    assert reading.table.column_names == ["x", "label"]


def test_folders_beside_files_are_not_read_and_said(tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "t", [".", "old"], suffix=".csv")
    reading = read(folder, tmp_path / "work")
    assert reading.column("x") == [0, 1, 2]
    assert "not read: old" in reading.snapshot.notes[0]


@pytest.mark.parametrize(
    ("log", "kind"), [("_delta_log/0.json", "Delta Lake"), ("metadata/00001-a.metadata.json", "Iceberg")]
)
def test_the_folder_of_a_table_with_a_log_is_named_for_what_it_is(log: str, kind: str, tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "t", ["."])
    (folder / log).parent.mkdir()
    (folder / log).write_text("{}")
    with pytest.raises(InputError, match=rf"unsupported_format.*the {kind} table"):
        read(folder, tmp_path / "work", format="parquet")
    with pytest.raises(InputError, match=rf"unsupported_table.*{kind} table"):
        read(folder, tmp_path / "work")


def dictionary(values: list[str | None], kind: Any = None) -> pa.Array:
    return pa.array(values).dictionary_encode().cast(pa.dictionary(kind or pa.int8(), pa.string()))


def not_null(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([field.with_nullable(False) for field in table.schema]))


FIRST = pa.table({"a": [1, 2], "b": ["x", "y"], "c": [0.5, None], "label": [0, 1]})
ALIKE: dict[str, Callable[[pa.Table], pa.Table]] = {
    "another order": lambda table: table.select(["label", "c", "a", "b"]),
    "no missing values": lambda table: not_null(table.set_column(2, "c", [[0.5, 1.5]])),
    "a dictionary": lambda table: table.set_column(1, "b", dictionary(["x", "z"])),
    "a dictionary with another index": lambda table: table.set_column(1, "b", dictionary(["x", "z"], pa.int32())),
    "large texts": lambda table: table.set_column(1, "b", table["b"].cast(pa.large_string())),
    "a null column": lambda table: table.set_column(1, "b", pa.nulls(2)),
    "a column of missing numbers": lambda table: table.set_column(1, "b", pa.nulls(2, pa.float64())),
    "missing texts for numbers": lambda table: table.set_column(2, "c", pa.nulls(2, pa.string())),
    "other metadata": lambda table: table.replace_schema_metadata({"made by": "somebody"}),
}


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("change", ALIKE)
def test_files_that_differ_in_form_are_read_together(tmp_path: Path, change: str, first: bool, suffix: str) -> None:
    other = ALIKE[change](FIRST)
    for number, table in enumerate([other, FIRST] if first else [FIRST, other]):
        write_table(table, tmp_path / f"t/{number}{suffix}")
    reading = read(tmp_path / "t", tmp_path / "work")
    rows = [*other.to_pylist(), *FIRST.to_pylist()] if first else [*FIRST.to_pylist(), *other.to_pylist()]
    assert reading.table.to_pylist() == rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda table: table.set_column(0, "a", [[1.5, 2.5]]),
            r"'a'.*whole numbers \(int64\) in 0.*floating.*\(double\) in 1",
        ),
        (lambda table: table.set_column(1, "b", [[1, 2]]), r"'b'.*texts.*whole numbers \(int64\) in 1"),
        (lambda table: table.drop_columns(["c"]), r"1\.parquet lacks 'c'"),
        (lambda table: table.append_column("d", [[1, 2]]), r"1\.parquet has 'd' besides"),
        (lambda table: table.rename_columns(["a", "b", "C", "label"]), r"1\.parquet lacks 'c' and has 'C' besides"),
    ],
)
def test_files_with_other_columns_or_values_are_refused_in_plain_words(
    tmp_path: Path, change: Callable[[pa.Table], pa.Table], message: str
) -> None:
    write_table(FIRST, tmp_path / "t/0.parquet")
    write_table(change(FIRST), tmp_path / "t/1.parquet")
    with pytest.raises(InputError, match=rf"different_schemas.*{message}"):
        read(tmp_path / "t", tmp_path / "work")


def test_delimited_files_may_have_their_columns_in_another_order(tmp_path: Path) -> None:
    write_table(FIRST, tmp_path / "t/0.csv")
    write_table(FIRST.select(["label", "c", "a", "b"]), tmp_path / "t/1.csv")
    reading = read(tmp_path / "t", tmp_path / "work")
    assert reading.table.to_pylist() == FIRST.to_pylist() * 2
    (tmp_path / "t/2.csv").write_text('b,label,a,c\n"p\nq",1,7,\nshort\n"r",0,8,1.5\n')
    rows = read(tmp_path / "t", tmp_path / "again").table.to_pylist()
    assert rows[4:] == [{"a": 7, "b": "p\nq", "c": None, "label": 1}, {"a": 8, "b": "r", "c": 1.5, "label": 0}]


@pytest.mark.parametrize("suffix", [".arrow"])
@pytest.mark.parametrize("kind", [pa.int8(), pa.int32()])
def test_a_code_of_a_null_entry_is_a_missing_value(tmp_path: Path, suffix: str, kind: pa.DataType) -> None:
    codes = pa.array([0, 1, 2, None, 1, 0], kind)
    column = pa.DictionaryArray.from_arrays(codes, pa.array(["a", None, "b"]))
    write_table(pa.table({"kind": column, "label": LABEL}), tmp_path / f"t{suffix}")
    reading = read(tmp_path / f"t{suffix}", tmp_path / "work")
    assert reading.column("kind") == ["a", None, "b", None, None, "a"]
    assert reading.table["kind"].null_count == 3


def test_null_entries_of_labels_and_of_numbers_are_missing_and_nested_ones_refused(tmp_path: Path) -> None:
    labels = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2] * 2), pa.array(["yes", None, "no"]))
    numbers = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2] * 2), pa.array([1.5, None, 2.5]))
    write_table(pa.table({"n": numbers, "label": labels}), tmp_path / "t.arrow")
    reading = read(tmp_path / "t.arrow", tmp_path / "work")
    assert reading.column("label") == ["yes", None, "no"] * 2
    assert reading.column("n") == [1.5, None, 2.5] * 2
    nested = pa.StructArray.from_arrays([labels], ["inner"])
    write_table(pa.table({"s": nested, "label": LABEL}), tmp_path / "n.arrow")
    with pytest.raises(InputError, match=r"unsupported_type.*'s'"):
        read(tmp_path / "n.arrow", tmp_path / "nested")


@pytest.mark.parametrize(
    "label",
    [
        pa.array([[1], [2]] * 3),
        pa.array([{"a": 1}, {"a": 2}] * 3),
        pa.array([[("a", 1)], [("b", 2)]] * 3, pa.map_(pa.string(), pa.int64())),
        pa.array([[1, 2], [3, 4]] * 3, pa.list_(pa.int64(), 2)),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"a" * 16, b"b" * 16] * 3, pa.binary(16))),
        pa.ExtensionArray.from_storage(pa.json_(), pa.array(["1", "2"] * 3)),
    ],
    ids=str,
)
@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_a_label_without_classes_is_refused_by_name(tmp_path: Path, label: pa.Array, suffix: str) -> None:
    write_table(pa.table({"x": range(6), "label": label}), tmp_path / f"t{suffix}")
    with pytest.raises(InputError, match=r"unsupported_(label|type).*'label' of type"):
        read(tmp_path / f"t{suffix}", tmp_path / "work")


@pytest.mark.parametrize("label", ['["a"]', '{"a": 1}'])
def test_a_nested_label_of_json_lines_is_refused_by_name(tmp_path: Path, label: str) -> None:
    (tmp_path / "t.jsonl").write_text(f'{{"x": 1, "label": {label}}}\n' * 6)
    with pytest.raises(InputError, match=r"unsupported_label.*'label' of type list or structure"):
        read(tmp_path / "t.jsonl", tmp_path / "work")


def test_the_unnamed_index_of_a_frame_is_not_read_and_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5, 4.5], "label": [0, 0, 1, 1]}, index=[3, 5, 90, 91])
    frame.to_parquet(tmp_path / "t.parquet")
    reading = read(tmp_path / "t.parquet", tmp_path / "work")
    assert reading.table.column_names == ["x", "label"]
    assert reading.column("x") == [1.5, 2.5, 3.5, 4.5]
    assert "'__index_level_0__' is the index of a pandas frame and is not read" in reading.snapshot.notes[0]
    assert "the order of '__index_level_0__' alone separates the classes" in reading.snapshot.notes[1]
    named = ingest_named(tmp_path / "t.parquet", tmp_path / "named", columns=("__index_level_0__",))
    assert named == ["x", "label", "__index_level_0__"]


def ingest_named(path: Path, work: Path, *, columns: tuple[str, ...]) -> list[str]:
    snapshot = ingest_source(SourceConfig(path=str(path)), target="label", folder=work, columns=columns)
    return [column.name for column in snapshot.columns]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(4), ["x", "label"]),
        (pd.Index([4, 1, 2, 3], name="customer"), ["x", "label", "customer"]),
        (pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "b")]), ["x", "label"]),
        (pd.MultiIndex.from_tuples([(1, 1), (1, 2), (2, 1), (2, 2)], names=["shop", None]), ["x", "label", "shop"]),
    ],
)
@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_only_indexes_without_a_name_are_left_out(
    tmp_path: Path, index: pd.Index[Any], expected: list[str], suffix: str
) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5, 4.5], "label": [0, 1, 0, 1]}, index=index)
    if suffix == "parquet":
        frame.to_parquet(tmp_path / "t.parquet")
    else:
        pyarrow.feather.write_feather(pa.Table.from_pandas(frame), tmp_path / "t.feather")
    assert read(tmp_path / f"t.{suffix}", tmp_path / "work").table.column_names == expected


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_a_named_index_of_a_frame_is_said_unless_it_has_a_role(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5, 4.5], "label": [0, 1, 0, 1]})
    frame.index = pd.Index([4, 1, 2, 3], name="customer")
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        pyarrow.feather.write_feather(pa.Table.from_pandas(frame), path)
    (note,) = read(path, tmp_path / "work").snapshot.notes
    assert "'customer' is the index of a pandas frame and is read as a feature; name it in columns.ids" in note
    source = SourceConfig(path=str(path))
    assert not ingest_source(source, target="label", folder=tmp_path / "id", columns=("customer",)).notes
    assert not ingest_source(source, target="customer", folder=tmp_path / "target").notes
    frame.reset_index().to_parquet(tmp_path / "plain.parquet")
    assert not read(tmp_path / "plain.parquet", tmp_path / "plain").snapshot.notes


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b'{"index_columns": 3}', b'{"index_columns": [null, {}, "z"]}'])
def test_odd_metadata_of_pandas_is_no_obstacle(tmp_path: Path, stored: bytes) -> None:
    table = pa.table({"x": [1.5, 2.5], "label": [0, 1]}).replace_schema_metadata({b"pandas": stored})
    write_table(table, tmp_path / "t.parquet")
    reading = read(tmp_path / "t.parquet", tmp_path / "work")
    assert reading.column("x") == [1.5, 2.5]
    assert not reading.snapshot.notes


def test_the_index_of_a_frame_in_a_text_is_not_read_and_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5, 4.5], "label": [0, 1, 0, 1]})
    frame.to_csv(tmp_path / "t.csv")
    reading = read(tmp_path / "t.csv", tmp_path / "work")
    assert reading.table.to_pydict() == {"x": [1.5, 2.5, 3.5, 4.5], "label": [0, 1, 0, 1]}
    assert "'column_0'" in reading.snapshot.notes[0]
    named = ingest_named(tmp_path / "t.csv", tmp_path / "named", columns=("column_0",))
    assert named == ["column_0", "x", "label"]


def test_half_floats_are_read_as_they_are(tmp_path: Path) -> None:
    write_table(pa.table({"x": np.arange(6).astype("float16"), "label": LABEL}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", tmp_path / "work").types["x"] == "halffloat"
