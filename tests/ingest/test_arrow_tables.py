from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, InputError
from counterpoise.ingest._tables import budget as table_budget
from tests.ingest.reading import Reading, ingest
from tests.snapshots import mixed_table


def read(path: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(path=str(path), **options), path.parent / "work", target=target)


def test_parquet_is_referenced_with_all_its_types(tmp_path: Path) -> None:
    table = mixed_table(300)
    path = tmp_path / "it's [1].parquet"
    pq.write_table(table, path, row_group_size=100)
    reading = read(path)
    assert reading.table.equals(table)
    assert [file.path for file in reading.snapshot.files] == [str(path)]
    assert not list((tmp_path / "work").iterdir())


def test_a_referenced_file_that_has_settled_is_stamped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(mixed_table(20), path)
    reading = ingest(SourceConfig(path=str(path)), tmp_path / "young")
    assert reading.snapshot.files[0].stamp is None
    monkeypatch.setattr("counterpoise.table._snapshot._SETTLED_NS", 0)
    reading = ingest(SourceConfig(path=str(path)), tmp_path / "settled")
    assert reading.snapshot.files[0].stamp is not None


def test_feather_is_referenced(tmp_path: Path) -> None:
    table = mixed_table(300)
    pyarrow.feather.write_feather(table, tmp_path / "t.feather")
    assert read(tmp_path / "t.feather").table.equals(table)


def test_files_of_a_folder_follow_each_other_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in (1, 0, 2):
        pq.write_table(pa.table({"a": [number] * 2, "label": [0, 1]}), folder / f"{number}.parquet")
    (folder / "_SUCCESS").touch()
    reading = read(folder)
    assert reading.column("a") == [0, 0, 1, 1, 2, 2]
    assert len(reading.snapshot.files) == 3


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_a_cut_off_file_is_refused(tmp_path: Path, name: str) -> None:
    """Fault 22."""
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(mixed_table(100), path)
    else:
        pyarrow.feather.write_feather(mixed_table(100), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"unreadable_table.*t\."):
        read(path)


def test_damaged_text_pages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"word": [f"word {n}" for n in range(5000)], "label": [0, 1] * 2500}), path)
    data = bytearray(path.read_bytes())
    data[10:200] = b"\xff" * 190
    path.write_bytes(data)
    with pytest.raises(InputError, match="unreadable_table"):
        read(path)


def test_a_small_file_that_decodes_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 24."""
    path = tmp_path / "bomb.parquet"
    word = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int8()), pa.array(["x" * 5000]))
    pq.write_table(pa.table({"word": word.cast(pa.string()), "label": [0, 1] * 10_000}), path)
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(table_budget, "GROUP_BYTES", 50_000_000)
    with pytest.raises(InputError, match=r"row_group_too_large.*row group 0"):
        read(path)


def test_colliding_names_are_refused(tmp_path: Path) -> None:
    """Fault 15."""
    pq.write_table(pa.table({"a": [1], "A": [2], "label": [0]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"duplicate_columns.*'a' = 'A'"):
        read(tmp_path / "t.parquet")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    """Fault 2."""
    pq.write_table(pa.table({"a": pa.array([], pa.int64()), "label": pa.array([], pa.int64())}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="no_rows"):
        read(tmp_path / "t.parquet")


def test_a_missing_target_is_refused_with_the_names(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "label": [0]}), tmp_path / "t.parquet")
    with pytest.raises(ColumnNotFoundError, match=r"'lable'.*perhaps 'label'"):
        read(tmp_path / "t.parquet", target="lable")


@pytest.mark.parametrize("options", [{"delimiter": ";"}, {"types": ("a=string",)}])
def test_options_for_texts_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    pq.write_table(pa.table({"a": [1], "label": [0]}), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match="option_not_applicable"):
        read(tmp_path / "t.parquet", **options)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_texts_that_mean_missing_are_missing_and_all_else_is_as_it_was(
    tmp_path: Path, name: str, kind: pa.DataType
) -> None:
    texts = ["a", " ? ", "?", None, "", "n/a", "b?"]
    table = pa.table({"w": pa.array(texts).cast(kind), "n": range(7), "label": ["?", *"xyxyxy"]})
    if name == "t.parquet":
        pq.write_table(table, tmp_path / name)
    else:
        with pa.OSFile(str(tmp_path / name), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    plain = read(tmp_path / name)
    assert plain.column("w") == texts
    reading = read(tmp_path / name, missing_values=("", "?", "n/a"), missing_labels=())
    assert reading.column("w") == ["a", None, None, None, "", None, "b?"]
    assert reading.types == plain.types
    assert (reading.column("n"), reading.column("label")) == ([*range(7)], ["?", *"xyxyxy"])


def test_numbers_with_texts_that_mean_missing_are_read_with_a_notation(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": ["1.5", "?", "-2.25"], "label": ["a", "b", "a"]}), tmp_path / "t.parquet")
    reading = read(tmp_path / "t.parquet", missing_values=("?",), notations=("x=1234.56",))
    assert reading.column("x") == [1.5, None, -2.25]
