"""Leftovers lie apart from what is certified; the next run removes them, and nothing that is in use or needed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from counterpoise.persist._commit import referenced_data
from counterpoise.persist._layout import DatasetFolder
from counterpoise.persist._workspace import discard_workspace, keep_workspace, reclaim_leftovers, workspace
from counterpoise.storage import lock_of
from counterpoise.storage._areas import marked
from counterpoise.verify._version import verify_version
from tests.snapshots import mixed_table, run_engine

DAY = 24 * 3600


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("template")
    run_engine(mixed_table(200), place)
    return place / "datasets"


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> DatasetFolder:
    """A dataset with one version."""
    shutil.copytree(template, tmp_path / "datasets")
    return DatasetFolder(tmp_path / "datasets", "tested")


def leave(path: Path, *, days: float = 0) -> None:
    """Make a folder with a file in it, written days ago."""
    path.mkdir(parents=True)
    (path / "file").touch()
    moment = time.time() - days * DAY
    for each in (path / "file", path):
        os.utime(each, (moment, moment))


def leave_killed(folder: DatasetFolder, name: str) -> None:
    folder.work.mkdir(exist_ok=True)
    lock_of(folder.work, name).touch()
    leave(folder.work / name)


def test_what_a_killed_process_has_left_goes_at_once(folder: DatasetFolder) -> None:
    leave_killed(folder, "draft")
    leave_killed(folder, "run-1")
    leave(folder.staging / "run-1")
    leave_killed(folder, "attempt")
    leave(folder.data / "attempt")
    assert sorted(reclaim_leftovers(folder)) == ["attempt", "draft", "run-1"]
    assert sorted(path.name for path in folder.path.iterdir()) == ["data", "versions"]
    assert verify_version(folder.root, "tested", 1) == []


@pytest.mark.parametrize("days", [-8, 0, 8])
def test_what_a_process_works_on_stays_however_old_it_looks(folder: DatasetFolder, days: int) -> None:
    """A clock that was days off wrote these times, or tells another time now."""
    with marked(folder.work, "run-1"), marked(folder.work, "attempt"):
        for path in (folder.staging / "run-1", folder.work / "attempt", folder.data / "attempt"):
            leave(path, days=days)
        assert reclaim_leftovers(folder) == []
        assert (folder.staging / "run-1" / "file").exists()
        assert (folder.data / "attempt" / "file").exists()


def test_a_working_area_that_waits_for_a_retry_stays_for_a_week(folder: DatasetFolder) -> None:
    kept = workspace(folder.root, "tested", "run-1")
    keep_workspace(kept)
    leave(folder.staging / "run-2", days=8)
    leave(folder.data / "without-a-mark", days=8)
    leave(folder.data / "new-without-a-mark", days=6)
    assert sorted(reclaim_leftovers(folder)) == ["run-2", "without-a-mark"]
    assert kept.exists()


def test_a_working_area_is_marked_until_it_is_discarded(folder: DatasetFolder) -> None:
    area = workspace(folder.root, "tested", "run-1")
    assert workspace(folder.root, "tested", "run-1") == area
    reclaim_leftovers(folder)
    assert area.exists()
    discard_workspace(area)
    assert not folder.work.exists()
    assert not folder.staging.exists()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def other_data(path: Path) -> None:
    path.write_text(path.read_text().replace('"data": "data/', '"data": "data/0'))


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "empty": lambda path: path.write_text(""),
    "gone": lambda path: path.unlink(),
    "a list": lambda path: path.write_text("[]"),
    "no data": lambda path: path.write_text("{}"),
    "other data": other_data,
    "not text": lambda path: path.write_bytes(b"\xff\xfe\0"),
    "a folder": replace_by_a_folder,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_data_of_a_version_whose_manifest_is_damaged_are_never_reclaimed(
    tmp_path: Path, folder: DatasetFolder, damage: Callable[[Path], object]
) -> None:
    run_engine(mixed_table(300, seed=3), tmp_path / "again", output={"root": str(folder.root)})
    assert folder.version_numbers() == [1, 2]
    damage(folder.manifest(1))
    for path in folder.data.iterdir():
        os.utime(path, (0, 0))
        lock_of(folder.work, path.name).parent.mkdir(exist_ok=True)
        lock_of(folder.work, path.name).touch()
    assert referenced_data(folder) is None
    before = sorted(folder.data.iterdir())
    for _ in range(2):
        reclaim_leftovers(folder)
    assert sorted(folder.data.iterdir()) == before
