"""Datasets of others whose folders are links, and whose files are pipes: nothing outside goes, and nobody waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from counterpoise.errors import IntegrityError
from counterpoise.persist._commit import commit_manifest, manifest_sha256, read_manifest
from counterpoise.persist._layout import FOLDERS, DatasetFolder
from counterpoise.persist._workspace import discard_workspace, reclaim_leftovers, workspace
from counterpoise.verify._version import verify_version
from tests.manifests import facts_of
from tests.snapshots import mixed_table, run_engine


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    """Folders of the user's, untouched for years, with what looks like a mark of ours."""
    home = tmp_path / "home"
    for name in ("photos", "uv", "data"):
        (home / name).mkdir(parents=True)
        (home / name / "kept").write_text("kept")
    (home / "uv.lock").write_text("kept")
    for path in [home, *home.rglob("*")]:
        os.utime(path, (1, 1))
    return home


@pytest.mark.parametrize("name", FOLDERS)
def test_a_run_removes_nothing_behind_a_folder_that_is_a_link(tmp_path: Path, home: Path, name: str) -> None:
    folder = DatasetFolder(tmp_path / "datasets", "d")
    folder.path.mkdir(parents=True)
    if name not in (".work", ".staging"):
        folder.work.mkdir()
        (folder.work / "photos.lock").touch()
    (folder.path / name).symlink_to(home)
    before = sorted(home.rglob("*"))
    with pytest.raises(IntegrityError, match="symbolic link"):
        reclaim_leftovers(folder)
    with pytest.raises(IntegrityError, match="symbolic link"):
        workspace(folder.root, "d", "run-1")
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("name", ["...lock", "..lock", ".lock", "...switch.lock"])
def test_a_mark_that_names_a_folder_above_removes_nothing(tmp_path: Path, name: str) -> None:
    folder = DatasetFolder(tmp_path / "datasets", "d")
    commit_manifest(folder, facts_of())
    folder.work.mkdir(exist_ok=True)
    (folder.work / name).touch()
    reclaim_leftovers(folder)
    discard_workspace(workspace(folder.root, "d", "run-1"))
    assert read_manifest(folder, 1).version == 1


def test_a_mark_that_is_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    folder = DatasetFolder(tmp_path / "datasets", "d")
    folder.work.mkdir(parents=True)
    os.mkfifo(folder.work / "x.lock")
    discard_workspace(workspace(folder.root, "d", "run-1"))


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


IN_PLACE: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a device that never ends": lambda path: path.symlink_to("/dev/zero"),
    "a terabyte": _huge,
}


@pytest.mark.parametrize("kind", IN_PLACE)
def test_what_is_no_manifest_costs_its_number_alone(tmp_path: Path, kind: str) -> None:
    folder = DatasetFolder(tmp_path / "datasets", "d")
    commit_manifest(folder, facts_of(seed=0))
    IN_PLACE[kind](folder.manifest(2))
    with pytest.raises(IntegrityError, match=r"00000002\.json"):
        read_manifest(folder, 2)
    with pytest.raises(IntegrityError, match=r"00000002\.json"):
        manifest_sha256(folder, 2)
    published = commit_manifest(folder, facts_of(seed=1))
    assert (published.version, published.parent) == (3, 1)


@pytest.mark.parametrize("kind", IN_PLACE)
def test_the_version_after_what_is_no_manifest_verifies(tmp_path: Path, kind: str) -> None:
    for seed in (0, 1):
        run_engine(mixed_table(400), tmp_path, seed=seed)
        if seed == 0:
            IN_PLACE[kind](tmp_path / "datasets/tested/versions/00000002.json")
    assert verify_version(tmp_path / "datasets", "tested", 3) == []


@pytest.mark.parametrize(
    "name", ["000000002.json", "٠٠٠٠٠٠٠٢.json", "00000000.json", f"{2**31}.json", f"{10**60}.json"]
)
def test_a_file_whose_name_is_no_number_of_ours_is_no_version(tmp_path: Path, name: str) -> None:
    folder = DatasetFolder(tmp_path / "datasets", "d")
    commit_manifest(folder, facts_of(seed=0))
    (folder.path / "versions" / name).write_text("{}")
    assert folder.version_numbers() == [1]
    assert commit_manifest(folder, facts_of(seed=1)).version == 2


def test_the_last_number_of_all_is_named_where_it_is_taken(tmp_path: Path) -> None:
    folder = DatasetFolder(tmp_path / "datasets", "d")
    (folder.path / "versions").mkdir(parents=True)
    folder.manifest(2**31 - 1).write_text("{}")
    with pytest.raises(IntegrityError, match=r"no_free_number.*2147483647\.json"):
        commit_manifest(folder, facts_of())


@pytest.mark.parametrize("part", ["train", "keys/test", "recipe", "."])
def test_a_pipe_among_the_files_of_a_version_is_named(tmp_path: Path, part: str) -> None:
    run = run_engine(mixed_table(400), tmp_path)
    os.mkfifo(tmp_path / "datasets/tested" / run.version.data / part / "part-00001.parquet")
    (told,) = verify_version(tmp_path / "datasets", "tested", 1)
    assert told.endswith("part-00001.parquet: not in the manifest")
