from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from counterpoise.errors import InputError, IntegrityError
from counterpoise.persist._layout import DatasetFolder
from counterpoise.persist._publish import publish_version
from counterpoise.persist._rows import materialise, order
from counterpoise.records import PARTITIONS
from counterpoise.table import row_hashes
from counterpoise.verify._version import verify_version
from counterpoise.versions import open_version
from tests.manifests import refit_digests
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine

STRATEGIES = ["none", "random_over", "random_under", "smote"]
TABLE = mixed_table(3000)
IDS = {"target": "label", "ids": ["id"]}


def read(run: EngineRun, part: str) -> pa.Table:
    return open_version(Path(run.version.root) / run.version.dataset).to_arrow(part)


@pytest.fixture(params=[131_072, 257], ids=["one window", "many windows"])
def window_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run with windows far smaller than the table, too: several windows, files and workers."""
    monkeypatch.setattr(order, "WINDOW_ROWS", request.param)
    monkeypatch.setattr("counterpoise.persist._rows.materials.WINDOW_ROWS", request.param)
    return int(request.param)


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, int], EngineRun]:
    return {}


@pytest.fixture
def published(
    window_rows: int, runs: dict[tuple[str, int], EngineRun], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], EngineRun]:
    """Return the run of a strategy on `TABLE`, published once for all tests, which only read it."""

    def run(strategy: str) -> EngineRun:
        if (strategy, window_rows) not in runs:
            folder = tmp_path_factory.mktemp(f"{strategy}-{window_rows}")
            runs[strategy, window_rows] = run_engine(
                TABLE, folder, columns=IDS, resampling={"strategy": strategy}, output=out(folder)
            )
        return runs[strategy, window_rows]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_version_verifies_and_balances_row_for_row(published: Callable[[str], EngineRun], strategy: str) -> None:
    run = published(strategy)
    assert verify_version(run.version.root, "tested", 1) == []
    origins = [read(run, f"keys/{name}")["origin"] for name in PARTITIONS]
    original = sum(pc.sum(pc.equal(origin, "original")).as_py() for origin in origins)
    assert original + run.version.dropped + run.version.rejected == 3000


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_partition_has_exactly_the_features_and_the_label_of_the_source(
    published: Callable[[str], EngineRun], strategy: str
) -> None:
    run = published(strategy)
    for name in PARTITIONS:
        assert read(run, name).schema.equals(TABLE.drop_columns(["id"]).schema)


def test_validation_and_test_rows_are_those_of_the_source_bit_for_bit(published: Callable[[str], EngineRun]) -> None:
    run = published("smote")
    for name in ("validation", "test"):
        keys = read(run, f"keys/{name}")
        expected = TABLE.take(keys["source_row"])
        assert expected["id"].to_pylist() == keys["id"].to_pylist()
        assert row_hashes(read(run, name)).tolist() == row_hashes(expected.drop_columns(["id"])).tolist()
        assert read(run, name).equals(expected.drop_columns(["id"]))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_original_and_repeated_train_rows_are_those_of_the_source(
    published: Callable[[str], EngineRun], strategy: str
) -> None:
    run = published(strategy)
    keys, rows = read(run, "keys/train"), read(run, "train")
    real = pc.is_valid(keys["source_row"])
    assert rows.filter(real).equals(TABLE.take(keys["source_row"].drop_null()).drop_columns(["id"]))
    synthetic = keys.filter(pc.invert(real))
    assert set(synthetic["origin"].to_pylist()) <= {"synthetic"}
    assert synthetic["id"].null_count == synthetic.num_rows


def test_synthetic_rows_lie_between_their_parents(published: Callable[[str], EngineRun]) -> None:
    run = published("smote")
    keys, rows = read(run, "keys/train"), read(run, "train")
    made = pc.equal(keys["origin"], "synthetic")
    keys, rows = keys.filter(made), rows.filter(made)
    assert rows.num_rows == run.resampling.synthetic > 1000
    first, second = TABLE.take(keys["parent_a"]), TABLE.take(keys["parent_b"])
    for name in ("big", "small", "at", "day", "price", "single", "x"):
        above, below = pc.greater_equal(rows[name], first[name]), pc.less_equal(rows[name], first[name])
        upto, downto = pc.less_equal(rows[name], second[name]), pc.greater_equal(rows[name], second[name])
        within = pc.or_(pc.and_(above, upto), pc.and_(below, downto))
        assert pc.all(pc.fill_null(within, fill_value=True)).as_py(), name
    expected = first["x"].to_numpy() + keys["lambda"].to_numpy() * (second["x"].to_numpy() - first["x"].to_numpy())
    assert np.array_equal(rows["x"].to_numpy()[~np.isnan(expected)], expected[~np.isnan(expected)])
    assert set(rows["label"].to_pylist()) == {1}


@pytest.mark.slow
@pytest.mark.usefixtures("window_rows")
def test_the_share_of_a_flag_and_the_mean_of_a_count_survive_smote(tmp_path: Path) -> None:
    table = mixed_table(6000, share=0.2)
    run = run_engine(table, tmp_path, columns=IDS, resampling={"strategy": "smote"}, output=out(tmp_path))
    keys, rows = read(run, "keys/train"), read(run, "train")
    positive = pc.equal(rows["label"], 1)
    before = rows.filter(pc.and_(positive, pc.equal(keys["origin"], "original")))
    made = rows.filter(pc.equal(keys["origin"], "synthetic"))
    assert pc.mean(made["small"]).as_py() == pytest.approx(pc.mean(before["small"]).as_py(), abs=0.25)
    assert made["x"].null_count / made.num_rows == pytest.approx(before["x"].null_count / before.num_rows, abs=0.03)


def out(folder: Path) -> dict[str, Any]:
    return {"root": str(folder / "datasets"), "rows_per_file": 1000}


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.usefixtures("window_rows")
def test_the_same_run_in_another_folder_gives_the_same_bytes(tmp_path: Path, strategy: str) -> None:
    table = mixed_table(2000)
    digests = []
    for name in ("here", "there"):
        folder = tmp_path / name
        run_engine(table, folder, columns=IDS, resampling={"strategy": strategy}, output=out(folder))
        manifest = open_version(folder / "datasets" / "tested").manifest
        digests.append([(file.path.split("/", 2)[2], file.sha256) for file in manifest.files])
    assert digests[0] == digests[1]
    assert any("train" in path for path, _ in digests[0])


def test_the_same_run_again_gives_the_same_version(tmp_path: Path) -> None:
    run = run_engine(mixed_table(500), tmp_path)
    again = publish_version(
        run.config, snapshot=run.snapshot, validation=UNCHECKED, split=run.split, resampling=run.resampling
    )
    assert again == run.version.model_copy(update={"created": False})
    assert len(list((tmp_path / "datasets" / "tested" / "data").iterdir())) == 1


def test_another_seed_gives_the_next_version_with_its_parent(tmp_path: Path) -> None:
    table = mixed_table(500)
    run_engine(table, tmp_path)
    second = run_engine(table, tmp_path, seed=1)
    assert second.version.version == 2
    assert open_version(tmp_path / "datasets" / "tested").manifest.parent == 1


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["random_over", "smote"])
@pytest.mark.usefixtures("window_rows")
def test_a_source_sorted_by_class_gives_a_train_set_in_which_a_runs_test_finds_no_order(
    tmp_path: Path, strategy: str
) -> None:
    table = mixed_table(6000, share=0.3).sort_by("label")
    run = run_engine(table, tmp_path, columns=IDS, resampling={"strategy": strategy}, output=out(tmp_path))
    assert abs(runs_test(read(run, "train")["label"].to_numpy())) < 4


@pytest.mark.usefixtures("window_rows")
def test_three_sorted_classes_without_resampling_are_mixed_too(tmp_path: Path) -> None:
    label = np.repeat([0, 1, 2], 1500)
    table = pa.table({"x": np.arange(4500.0), "label": label})
    run = run_engine(table, tmp_path, resampling={"strategy": "none"}, output=out(tmp_path))
    rows = read(run, "train")["label"].to_numpy()
    for code in range(3):
        assert abs(runs_test((rows == code).astype(int))) < 4
    assert verify_version(run.version.root, "tested", 1) == []


def runs_test(labels: Any) -> float:
    """Return the z-score of the Wald-Wolfowitz runs test."""
    ones, zeros = int(labels.sum()), int(len(labels) - labels.sum())
    runs = 1 + int((labels[1:] != labels[:-1]).sum())
    mean = 2 * ones * zeros / (ones + zeros) + 1
    variance = (mean - 1) * (mean - 2) / (ones + zeros - 1)
    return (runs - mean) / math.sqrt(variance)


@pytest.mark.slow
@pytest.mark.usefixtures("window_rows")
def test_a_class_too_large_for_memory_is_repeated_pass_by_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.persist._rows.materials._POOL_BYTES", 1000)
    run = run_engine(mixed_table(3000, share=0.3), tmp_path, columns=IDS, output=out(tmp_path))
    assert run.version.partitions["train"].classes["0"] == run.version.partitions["train"].classes["1"]
    assert verify_version(run.version.root, "tested", 1) == []
    assert abs(runs_test(read(run, "train")["label"].to_numpy())) < 4


def test_key_columns_named_like_ours_keep_their_values(tmp_path: Path) -> None:
    table = mixed_table(500).rename_columns(["source_row", *mixed_table(1).schema.names[1:]])
    run = run_engine(table, tmp_path, columns={"target": "label", "ids": ["source_row"]})
    keys = read(run, "keys/test")
    assert keys["source_source_row"].to_pylist() == table.take(keys["source_row"])["source_row"].to_pylist()


def test_the_manifest_names_no_absolute_path_and_counts_everything(tmp_path: Path) -> None:
    run = run_engine(mixed_table(800), tmp_path, columns=IDS, source={"path": str(tmp_path / "source.parquet")})
    text = (tmp_path / "datasets" / "tested" / run.version.manifest).read_text()
    assert str(tmp_path) not in text
    manifest = json.loads(text)
    assert manifest["prevalence"]["natural"]["1"] < 0.2
    assert manifest["prevalence"]["training"]["1"] == 0.5
    nothing = {"duplicate_rows": 0, "contradictory_rows": 0, "apart": {}, "spans": {}, "notes": []}
    near = manifest["split"].pop("near")
    assert (near["rows"], near["sets"], near["apart"], sorted(near["steps"])) == (0, 0, 0, ["single", "x"])
    nothing |= {"unit": "rows", "units": {}, "windows": {}, "positive_class": ""}
    assert manifest["split"] == {"method": "random", **nothing}
    assert manifest["partitions"]["test"]["rows"] == run.version.partitions["test"].rows
    assert set(manifest["libraries"]) >= {"python", "pyarrow", "imbalanced-learn", "prefect"}


@pytest.mark.parametrize("part", ["train", "validation", "test", "keys/train", "recipe"])
def test_a_flipped_bit_is_found_by_verify_and_by_reading(tmp_path: Path, part: str) -> None:
    """Fault 23."""
    run = run_engine(mixed_table(800), tmp_path, columns=IDS)
    version = open_version(tmp_path / "datasets" / "tested")
    path = min(version.path(part).glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(bytes(content))
    differences = verify_version(run.version.root, "tested", 1)
    assert len(differences) == 1
    assert f"{part}/{path.name}: SHA-256" in differences[0]
    with pytest.raises(IntegrityError, match="SHA-256"):
        version.to_pandas(part)


def test_verify_tells_missing_shortened_and_added_files(tmp_path: Path) -> None:
    run = run_engine(mixed_table(800), tmp_path)
    data = tmp_path / "datasets" / "tested" / run.version.data
    (data / "test" / "part-00000.parquet").unlink()
    shutil.copy(data / "train" / "part-00000.parquet", data / "train" / "part-00001.parquet")
    with open(data / "validation" / "part-00000.parquet", "ab") as file:
        file.write(b"x")
    told = " | ".join(verify_version(run.version.root, "tested", 1))
    assert "test/part-00000.parquet: missing" in told
    assert "train/part-00001.parquet: not in the manifest" in told
    assert "bytes instead of" in told


def test_verify_finds_a_test_row_in_train_though_all_digests_agree(tmp_path: Path) -> None:
    """A manifest rewritten to fit the files does not help: the certificate is recomputed from the rows."""
    run = run_engine(mixed_table(800), tmp_path, resampling={"strategy": "none"})
    data = tmp_path / "datasets" / "tested" / run.version.data
    for folder in ("", "keys/"):
        train, test = data / f"{folder}train/part-00000.parquet", data / f"{folder}test/part-00000.parquet"
        pq.write_table(pa.concat_tables([pq.read_table(train), pq.read_table(test).slice(0, 1)]), train)
    refit_digests(DatasetFolder(run.version.root, "tested"))
    told = verify_version(run.version.root, "tested", 1)
    assert "certificate: partitions_disjoint_by_row does not hold" in told
    assert "certificate: partitions_disjoint_by_content does not hold" in told


def test_verify_finds_an_altered_test_value_though_all_digests_agree(tmp_path: Path) -> None:
    run = run_engine(mixed_table(800), tmp_path)
    path = tmp_path / "datasets" / "tested" / run.version.data / "test" / "part-00000.parquet"
    table = pq.read_table(path)
    index = table.schema.get_field_index("small")
    pq.write_table(
        table.set_column(index, table.schema.field(index), pc.add(table["small"], pa.scalar(1, pa.int8()))), path
    )
    refit_digests(DatasetFolder(run.version.root, "tested"))
    assert "certificate: validation_and_test_as_in_source does not hold" in verify_version(
        run.version.root, "tested", 1
    )


@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_source_that_changes_meanwhile_is_refused_and_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Fault 34."""
    run = run_engine(mixed_table(300), tmp_path)
    path = Path(run.snapshot.files[0].path)
    content = path.read_bytes()
    real = materialise.write_partitions

    def changed_meanwhile(*arguments: Any, **settings: Any) -> Any:
        written = real(*arguments, **settings)
        path.write_bytes(content + b" ") if change == "rewritten" else path.unlink()
        return written

    monkeypatch.setattr("counterpoise.persist._publish.write_partitions", changed_meanwhile)
    with pytest.raises(InputError, match="unchanged since the run started"):
        publish_version(
            run.config.model_copy(update={"seed": 9}),
            snapshot=run.snapshot,
            validation=UNCHECKED,
            split=run.split,
            resampling=run.resampling,
        )
    assert DatasetFolder(tmp_path / "datasets", "tested").version_numbers() == [1]
