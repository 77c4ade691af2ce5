from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from counterpoise.errors import CounterpoiseError, EngineError
from counterpoise.persist._files.part_files import PartWriter
from counterpoise.persist._publish import publish_version
from counterpoise.records import DatasetVersion
from counterpoise.runtime import LOCAL, Engine
from counterpoise.versions import open_version
from tests.elsewhere import Elsewhere
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine

pytestmark = pytest.mark.slow

COLUMNS = {"target": "label", "ids": ["id"]}


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.persist._rows.materials.WINDOW_ROWS", 100)


def planned(folder: Path, *, rows: int = 3000, **sections: Any) -> EngineRun:
    output = {"root": str(folder / "datasets"), "rows_per_file": 1000}
    return run_engine(mixed_table(rows), folder, output=output, columns=COLUMNS, **sections)


def published(run: EngineRun, root: Path, engine: Engine = LOCAL) -> DatasetVersion:
    config = run.config.model_copy(update={"output": run.config.output.model_copy(update={"root": str(root)})})
    return publish_version(
        config,
        snapshot=run.snapshot,
        validation=UNCHECKED,
        split=run.split,
        resampling=run.resampling,
        engine=engine,
    )


def digests(version: DatasetVersion) -> dict[str, str]:
    manifest = open_version(f"{version.root}/{version.dataset}").manifest
    return {file.path.removeprefix(manifest.data): file.sha256 for file in manifest.files}


@pytest.mark.parametrize("strategy", ["none", "random_over", "random_under", "smote", "weights"])
def test_pieces_that_are_done_elsewhere_are_the_same_bytes(tmp_path: Path, strategy: str) -> None:
    run = planned(tmp_path, resampling={"strategy": strategy})
    engine = Elsewhere(tmp_path)
    there = published(run, tmp_path / "there", engine)
    assert len(engine.done) > 1
    assert digests(there) == digests(run.version)
    assert [path.name for path in (tmp_path / "there/tested/data").iterdir()] == [Path(there.data).name]


def test_classes_that_do_not_fit_the_pool_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.persist._rows.materials._POOL_BYTES", 1000)
    run = planned(tmp_path, resampling={"strategy": "random_over"})
    assert digests(published(run, tmp_path / "there", Elsewhere(tmp_path))) == digests(run.version)


def test_relative_paths_lead_to_the_same_files_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    run = planned(Path())
    assert digests(published(run, Path("there"), Elsewhere(tmp_path / "elsewhere"))) == digests(run.version)


def test_a_piece_that_is_done_twice_does_no_harm(tmp_path: Path) -> None:
    run = planned(tmp_path)
    version = published(run, tmp_path / "there", Elsewhere(tmp_path, times=2))
    assert digests(version) == digests(run.version)
    assert len(list((tmp_path / "there/tested/data").iterdir())) == 1


def test_a_single_piece_is_not_sent_anywhere(tmp_path: Path) -> None:
    engine = Elsewhere(tmp_path)
    published(planned(tmp_path, rows=60), tmp_path / "there", engine)
    assert engine.done == []


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def add_a_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


@pytest.mark.parametrize("change", [remove, add_a_byte])
def test_a_source_that_is_another_one_elsewhere_publishes_nothing(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    run = planned(tmp_path)
    source = Path(run.snapshot.files[0].path)
    engine = Elsewhere(tmp_path, before=partial(change, source))
    with pytest.raises(EngineError, match="storage_not_shared"):
        published(run, tmp_path / "there", engine)
    assert list((tmp_path / "there").rglob("*.*")) == []


def remove_work_folders(root: Path) -> None:
    for place in root.glob("tested/.work/*/.*"):
        shutil.rmtree(place)


def test_a_folder_that_is_not_there_elsewhere_publishes_nothing(tmp_path: Path) -> None:
    run = planned(tmp_path)
    engine = Elsewhere(tmp_path, before=partial(remove_work_folders, tmp_path / "there"))
    with pytest.raises(EngineError, match="storage_not_shared"):
        published(run, tmp_path / "there", engine)
    assert list((tmp_path / "there").rglob("*.*")) == []


def test_a_piece_ends_soon_after_whoever_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, written, real = planned(tmp_path), [], PartWriter.write

    def write(self: PartWriter, table: Any) -> None:
        written.append(table.num_rows)
        real(self, table)
        remove_work_folders(tmp_path / "there")

    monkeypatch.setattr(PartWriter, "write", write)
    with pytest.raises(CounterpoiseError, match="piece_unwanted"):
        published(run, tmp_path / "there", Elsewhere(tmp_path))
    assert len(written) <= 6
