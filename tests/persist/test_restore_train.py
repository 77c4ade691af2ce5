from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.errors import IntegrityError, VersionNotFoundError
from counterpoise.persist._commit import read_manifest
from counterpoise.persist._layout import DatasetFolder
from counterpoise.persist._manifest import Manifest
from counterpoise.persist._restore_train import rebuild_train, remove_train_rows
from counterpoise.runtime import file_sha256
from counterpoise.strategies import STRATEGIES, repeat_rows
from counterpoise.typing import Codes, Copies
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.manifests import forge
from tests.snapshots import EngineRun, mixed_table, run_engine, snapshot_of

SETTINGS: dict[str, dict[str, Any]] = {
    "borderline_smote": {"options": {"kind": "borderline-2"}},
    "kmeans_smote": {"options": {"kmeans_estimator": 2, "cluster_balance_threshold": 0.01}},
}
FEATURES = {"smoten": ["flag", "word", "kind"]}
"""What a strategy needs in order to have work to do on the table."""


def published(folder: Path, strategy: str, *, materialise: str = "recipe", rows: int = 1500) -> EngineRun:
    table = mixed_table(rows, share=0.15)
    return run_engine(
        table.select(["id", *FEATURES[strategy], "label"]) if strategy in FEATURES else table,
        folder,
        columns={"target": "label", "ids": ["id"]},
        resampling={"strategy": strategy, **SETTINGS.get(strategy, {})},
        split={"duplicates": "ignore"},
        output={"root": str(folder / "datasets"), "materialise": materialise, "rows_per_file": 1000},
    )


def place(run: EngineRun) -> tuple[DatasetFolder, Manifest, Path]:
    folder = DatasetFolder(run.version.root, run.version.dataset)
    manifest = read_manifest(folder, 1)
    return folder, manifest, folder.path / manifest.data


def train_digests(data: Path) -> dict[str, str]:
    files = [*data.glob("train/*"), *data.glob("keys/train/*")]
    return {path.relative_to(data).as_posix(): file_sha256(path) for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_put_away_rows_come_back_bit_for_bit(tmp_path: Path, strategy: str) -> None:
    run = published(tmp_path, strategy, rows=900)
    folder, manifest, data = place(run)
    before = train_digests(data)
    assert remove_train_rows(folder, manifest)
    assert train_digests(data) == {}
    rows = rebuild_train(folder, manifest, run.snapshot, out=data)
    assert rows == run.version.partitions["train"].rows
    assert train_digests(data) == before
    assert sorted(path.name for path in data.iterdir() if path.name.startswith(".")) == []


def test_a_version_with_whole_weights_of_chance_stays_readable_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until November 2026 a row weighed as much as random over-sampling would have repeated it, as int32."""

    def counted(self: object, codes: Codes, wanted: Mapping[int, int]) -> Copies:
        return repeat_rows(codes, wanted, seed=5)

    with monkeypatch.context() as then:
        then.setattr(type(STRATEGIES["weights"]), "weigh", counted)
        run = published(tmp_path, "weights", materialise="rows")
    folder, manifest, data = place(run)
    keys = pq.read_table(data / "keys" / "train")
    assert keys.schema.field("weight").type == pa.int32()
    assert len(set(keys["weight"].to_pylist())) > 2
    assert verify_version(run.version.root, "tested", 1) == []
    before = train_digests(data)
    assert rebuild_train(folder, manifest, run.snapshot, out=tmp_path / "again") == keys.num_rows
    assert train_digests(tmp_path / "again") == before


def test_weights_are_published_as_one_float_per_class(tmp_path: Path) -> None:
    run = published(tmp_path, "weights", materialise="rows")
    keys = pq.read_table(place(run)[2] / "keys" / "train")
    rows = run.resampling.before
    assert keys.schema.field("weight").type == pa.float64()
    assert set(keys["weight"].to_pylist()) == {1.0, rows["0"] / rows["1"]}
    assert run.resampling.weighted == {"0": rows["0"], "1": rows["0"]}
    assert verify_version(run.version.root, "tested", 1) == []


@pytest.mark.parametrize("strategy", ["smote", "random_under"])
def test_a_version_stored_as_a_recipe_verifies_and_says_how_to_get_its_rows(tmp_path: Path, strategy: str) -> None:
    run = published(tmp_path, strategy)
    folder, manifest, _ = place(run)
    remove_train_rows(folder, manifest)
    assert verify_version(run.version.root, "tested", 1) == []
    with pytest.raises(VersionNotFoundError, match=r"counterpoise rebuild .*tested@1"):
        open_version(folder.path).to_arrow("train")
    assert open_version(folder.path).to_arrow("test").num_rows == run.version.partitions["test"].rows


def test_a_recipe_with_a_parent_that_is_not_in_train_does_not_verify(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)
    path = data / "recipe" / "synthetic.parquet"
    test_row = pq.read_table(next((data / "keys" / "test").glob("*")))["source_row"][0].as_py()
    recipe = pq.read_table(path)
    parents = np.array(recipe["parent_a"].to_numpy())
    parents[3] = test_row
    pq.write_table(recipe.set_column(0, "parent_a", pa.array(parents)), path)

    def refit(content: dict[str, Any]) -> None:
        for file in content["files"]:
            if file["path"].endswith("recipe/synthetic.parquet"):
                file |= {"sha256": file_sha256(path), "bytes": path.stat().st_size}

    forge(folder, refit)
    assert verify_version(run.version.root, "tested", 1) == ["certificate: parents_in_train does not hold"]


def test_rows_of_a_version_that_stores_them_are_never_put_away(tmp_path: Path) -> None:
    run = published(tmp_path, "smote", materialise="rows")
    folder, manifest, data = place(run)
    assert not remove_train_rows(folder, manifest)
    assert train_digests(data)


def test_another_source_is_refused(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)
    other = snapshot_of(mixed_table(1500, seed=1), tmp_path / "other")
    with pytest.raises(IntegrityError, match=r"other_source.*--source"):
        rebuild_train(folder, manifest, other, out=data)
    assert train_digests(data) == {}


@pytest.mark.parametrize("part", ["recipe", "keys/test"])
def test_a_changed_recipe_or_key_file_is_refused(tmp_path: Path, part: str) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)
    next((data / part).glob("*.parquet")).write_bytes(b"PAR1")
    with pytest.raises(IntegrityError, match="changed_files"):
        rebuild_train(folder, manifest, run.snapshot, out=data)


def test_other_bytes_name_the_libraries_that_differ_and_leave_nothing(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)

    def change(content: dict[str, Any]) -> None:
        content["libraries"]["pyarrow"] = "1.0.0"
        content["seed"] = content["config"]["seed"] = 5

    forge(folder, change)
    manifest = read_manifest(folder, 1)
    with pytest.raises(IntegrityError, match=r"other_bytes.*pyarrow 1\.0\.0"):
        rebuild_train(folder, manifest, run.snapshot, out=data)
    assert train_digests(data) == {}


def test_a_recipe_takes_a_small_part_of_the_rows_space(tmp_path: Path) -> None:
    run = published(tmp_path, "random_over", rows=6000)
    _, _, data = place(run)
    rows = sum(path.stat().st_size for path in data.glob("train/*"))
    recipe = sum(path.stat().st_size for path in data.glob("recipe/*"))
    assert recipe < rows / 10
