"""Files of a version that were changed and signed anew, all of them together: what they prove is found out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.errors import MachineError
from counterpoise.persist._commit import read_manifest
from counterpoise.persist._layout import DatasetFolder
from counterpoise.persist._restore_train import remove_train_rows
from counterpoise.verify._version import verify_version
from tests.manifests import forge, refit_digests
from tests.snapshots import mixed_table, run_engine

Row = Callable[[dict[str, Any]], object]
Place = Callable[[list[dict[str, Any]]], int]


@pytest.fixture(name="templates", scope="module")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("templates")
    for strategy in ("weights", "random_over", "random_under"):
        run_engine(
            mixed_table(600),
            place / strategy,
            columns={"target": "label", "ids": ["id"]},
            resampling={"strategy": strategy},
        )
    return place


@pytest.fixture(name="dataset")
def _dataset(templates: Path, tmp_path: Path) -> Callable[[str], DatasetFolder]:
    def copy(strategy: str) -> DatasetFolder:
        shutil.copytree(templates / strategy / "datasets", tmp_path / "datasets")
        return DatasetFolder(tmp_path / "datasets", "tested")

    return copy


def found(folder: DatasetFolder) -> list[str]:
    return verify_version(folder.root, folder.dataset, 1)


def rewrite(folder: DatasetFolder, name: str, place: Place, change: Row) -> None:
    """Change one row of a file, and sign the manifest with its new digest."""
    path = folder.path / read_manifest(folder, 1).data / name
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows[place(rows)])
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    refit_digests(folder)


def first(**wanted: Any) -> Place:
    return lambda rows: next(n for n, row in enumerate(rows) if wanted.items() <= row.items())


RECIPE, KEYS, TRAIN = "recipe/copies.parquet", "keys/train/part-00000.parquet", "train/part-00000.parquet"
AS_IN_RECIPE, ALIKE = "the recipe's class and weight", "repeated rows are identical"
FORGERIES: dict[str, tuple[str, str, Place, dict[str, Any], str]] = {
    "a weight in the keys": ("weights", KEYS, first(weight=1), {"weight": 5.5}, AS_IN_RECIPE),
    "a weight in the recipe": ("weights", RECIPE, first(**{"class": "1"}), {"weight": 2}, AS_IN_RECIPE),
    "a class in the recipe": ("random_over", RECIPE, first(**{"class": "1"}), {"class": "0"}, AS_IN_RECIPE),
    "the id of a repeated row": ("random_over", KEYS, first(origin="repeated"), {"id": "x"}, ALIKE),
    "a feature of a row that is repeated": ("random_over", TRAIN, first(label=1), {"single": 9.5}, ALIKE),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_rows_of_train_are_those_of_the_recipe(dataset: Callable[[str], DatasetFolder], name: str) -> None:
    strategy, file, place, change, told = FORGERIES[name]
    folder = dataset(strategy)
    assert found(folder) == []
    rewrite(folder, file, place, lambda row: row.update(change))
    assert any(told in line for line in found(folder))


@pytest.mark.parametrize("kind", ["keys/train", "recipe/copies", "validation.json"])
def test_rows_are_counted_in_each_file(dataset: Callable[[str], DatasetFolder], kind: str) -> None:
    folder = dataset("random_over")

    def count(content: dict[str, Any]) -> None:
        next(file for file in content["files"] if kind in file["path"])["rows"] += 3

    forge(folder, count)
    assert [line.startswith("manifest: the number of rows") for line in found(folder)] == [True]


def test_a_class_that_no_row_has_is_none(dataset: Callable[[str], DatasetFolder]) -> None:
    folder = dataset("random_over")

    def imagine(content: dict[str, Any]) -> None:
        parts = [part["classes"] for part in content["partitions"].values()]
        for counts in (*parts, content["resampling"]["before"], content["resampling"]["after"]):
            counts["imagined"] = 0

    forge(folder, imagine)
    assert any("classes without rows" in line for line in found(folder))


@pytest.mark.parametrize("names", [["weight"], ["source_row", "weight"], ["lambda", "origin"]])
@pytest.mark.parametrize("strategy", ["weights", "random_over", "smote"])
def test_key_columns_called_like_ours_verify(tmp_path: Path, strategy: str, names: list[str]) -> None:
    table = mixed_table(400)
    for name in names:
        table = table.append_column(name, table["id"])
    run_engine(
        table.drop_columns(["id"]),
        tmp_path,
        columns={"target": "label", "ids": names},
        resampling={"strategy": strategy},
    )
    assert verify_version(tmp_path / "datasets", "tested", 1) == []


@pytest.mark.parametrize("rows", [2**31 - 1, -(2**31)])
def test_a_recipe_of_billions_of_rows_takes_no_memory(dataset: Callable[[str], DatasetFolder], rows: int) -> None:
    folder = dataset("random_over")
    rewrite(folder, RECIPE, first(**{"class": "1"}), lambda row: row.update(copies=rows))
    assert any(line.startswith("manifest: resampling.repeated is") for line in found(folder))


@pytest.mark.parametrize("rows", [2**40, 2**62])
def test_a_source_of_billions_of_rows_takes_no_memory_where_train_was_put_away(tmp_path: Path, rows: int) -> None:
    run_engine(mixed_table(400), tmp_path, output={"root": str(tmp_path / "datasets"), "materialise": "recipe"})
    folder = DatasetFolder(tmp_path / "datasets", "tested")
    assert remove_train_rows(folder, read_manifest(folder, 1))

    def claim(content: dict[str, Any]) -> None:
        content["source"]["rows"] = content["certificate"]["rows_in"] = content["certificate"]["rows_original"] = rows

    forge(folder, claim)
    with pytest.raises(MachineError, match="out_of_memory"):
        found(folder)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (KEYS.replace("train", "test"), {"source_row": None}),
        (KEYS.replace("train", "test"), {"source_row": 2**62}),
        (RECIPE, {"source_row": -(2**62)}),
        (KEYS, {"parent_a": 3}),
    ],
)
def test_numbers_of_rows_that_there_are_not_are_named(
    dataset: Callable[[str], DatasetFolder], file: str, change: dict[str, Any]
) -> None:
    folder = dataset("random_over")
    rewrite(folder, file, lambda _: 0, lambda row: row.update(change))
    assert found(folder)
