"""Verifying against the source: every row, and train made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from counterpoise.errors import InputError
from counterpoise.ingest import ingest_source
from counterpoise.persist import DatasetFolder, publish_version
from counterpoise.records import Snapshot
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.verify._verification import source_differences, verify_address
from counterpoise.versions import open_version
from tests.manifests import forge, refit_digests
from tests.snapshots import UNCHECKED, engine_config, mixed_table


def published(tmp_path: Path, strategy: str, *, source: Path | None = None) -> DatasetFolder:
    """Publish a version from a file, read as in a run."""
    source = source or tmp_path / "t.csv"
    if not source.exists():
        pa_csv.write_csv(mixed_table(500).select(["id", "x", "small", "word", "label"]), source)
    config = engine_config(
        tmp_path, source={"path": str(source)}, columns={"target": "label", "ids": ["id"]},
        resampling={"strategy": strategy},
    )  # fmt: skip
    snapshot = ingest_source(config.source, target="label", folder=tmp_path / "snapshot")
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=0, folder=tmp_path / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=tmp_path / "plan"
    )
    publish_version(config, snapshot=snapshot, validation=UNCHECKED, split=split, resampling=plan)
    return DatasetFolder(tmp_path / "datasets", "tested")


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under", "smote"])
def test_a_version_that_came_from_a_source_verifies_against_it(tmp_path: Path, strategy: str) -> None:
    folder = published(tmp_path, strategy)
    name, found = verify_address(folder.address, source=str(tmp_path / "t.csv"))
    assert (name, found.differences) == ("tested version 1", ())
    assert found.left_to_the_source == ()


def test_another_source_does_not_verify(tmp_path: Path) -> None:
    folder = published(tmp_path, "smote")
    (tmp_path / "t.csv").write_bytes((tmp_path / "t.csv").read_bytes().replace(b"red", b"rot", 1))
    _, found = verify_address(folder.address, source=str(tmp_path / "t.csv"))
    assert [line.partition(":")[0] for line in found.differences] == ["source"]
    with pytest.raises(InputError, match=r"gone\.csv"):
        verify_address(folder.address, source=str(tmp_path / "gone.csv"))


def test_a_forgery_that_agrees_with_itself_is_found_by_its_source(tmp_path: Path) -> None:
    """Test rows with other ids, signed anew: the files alone cannot know."""
    folder = published(tmp_path, "smote")
    data = folder.path / open_version(folder.address).manifest.data
    path = data / "keys" / "test" / "part-00000.parquet"
    keys = pq.read_table(path)
    place = keys.schema.names.index("id")
    pq.write_table(keys.set_column(place, "id", pa.array(np.roll(keys["id"].to_pylist(), 1))), path)
    refit_digests(folder)
    assert verify_address(folder.address)[1].holds
    _, found = verify_address(folder.address, source=str(tmp_path / "t.csv"))
    assert found.differences == (f"test: {keys.num_rows:,} rows differ from the source",)


def test_a_seed_that_a_recipe_alone_cannot_prove_is_found_by_the_source(tmp_path: Path) -> None:
    folder = published(tmp_path, "smote")

    def other_neighbours(content: dict[str, dict[str, object]]) -> None:
        content["source"]["digest"] = "0" * 64

    forge(folder, other_neighbours)
    assert verify_address(folder.address)[1].holds
    assert not verify_address(folder.address, source=str(tmp_path / "t.csv"))[1].holds


def _more_rows(data: Path) -> None:
    lines = data / "rejected" / "lines.parquet"
    table = pq.read_table(lines)
    place = table.schema.names.index("text")
    pq.write_table(table.set_column(place, "text", pa.array(["nothing to see"] * table.num_rows)), lines)


def _other_class(data: Path) -> None:
    path = data / "recipe" / "copies.parquet"
    rows = pq.read_table(path)
    other = pa.array(["1" if name == "0" else "0" for name in rows["class"].to_pylist()]).dictionary_encode()
    pq.write_table(rows.set_column(rows.schema.names.index("class"), "class", other), path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "told"), [(_more_rows, "rejected: lines"), (_other_class, "classes of rows differ")]
)
def test_what_files_say_of_a_source_is_compared_with_it(
    tmp_path: Path, change: Callable[[Path], None], told: str
) -> None:
    source = tmp_path / "t.csv"
    pa_csv.write_csv(mixed_table(500).select(["id", "x", "small", "word", "label"]), source)
    lines = source.read_text().splitlines()
    source.write_text("\n".join([*lines[:40], '"a","line"', *lines[40:]]) + "\n")
    folder = published(tmp_path, "random_under", source=source)
    assert verify_address(folder.address, source=str(source))[1].holds
    data = folder.path / open_version(folder.address).manifest.data
    change(data)
    refit_digests(folder)
    differences = list(
        source_differences(data, open_version(folder.address).manifest, snapshot_again(tmp_path, source))
    )
    assert any(told in line for line in differences)
    assert not verify_address(folder.address, source=str(source))[1].holds


def test_how_far_a_source_was_read_is_compared_with_it(tmp_path: Path) -> None:
    folder = published(tmp_path, "smote")
    forge(folder, lambda content: content["source"].update(watermark="2030-01-01"))
    assert verify_address(folder.address)[1].holds
    _, found = verify_address(folder.address, source=str(tmp_path / "t.csv"))
    assert found.differences == ("manifest: source.watermark is '2030-01-01', but the source has ''",)


def snapshot_again(tmp_path: Path, source: Path) -> Snapshot:
    config = engine_config(tmp_path, source={"path": str(source)})
    return ingest_source(config.source, target="label", folder=tmp_path / "again")
