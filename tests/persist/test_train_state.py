"""Rows that are put away and rebuilt while somebody reads: each state is whole, and a change midway is no alarm."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from counterpoise.errors import IntegrityError, StorageError, VersionNotFoundError
from counterpoise.persist._files import published_files
from counterpoise.persist._files.part_files import iter_part
from counterpoise.persist._restore_train import rebuild_train, remove_train_rows
from counterpoise.persist._train_state import run_until_stable, stored_as_recipe
from counterpoise.persist._workspace import reclaim_leftovers
from counterpoise.storage import LocalStore, lock_of
from counterpoise.verify import _version as verify
from counterpoise.verify._version import verify_version
from counterpoise.versions import _open as versions
from counterpoise.versions import open_version
from tests.persist.test_restore_train import place, published, train_digests


@pytest.mark.parametrize("name", ["stored_as_recipe", "file_sha256", "_recompute"])
def test_verify_raises_no_alarm_when_the_rows_go_while_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, _ = place(run)
    module = published_files if name == "file_sha256" else verify
    real: Callable[..., Any] = getattr(module, name)

    def put_away_after(*arguments: Any, **named: Any) -> Any:
        try:
            return real(*arguments, **named)
        finally:
            remove_train_rows(folder, manifest)

    def put_away_before(*arguments: Any, **named: Any) -> Any:
        remove_train_rows(folder, manifest)
        return real(*arguments, **named)

    monkeypatch.setattr(module, name, put_away_before if name == "_recompute" else put_away_after)
    assert verify_version(run.version.root, "tested", 1) == []
    assert open_version(folder.path).stored_as_recipe


def test_verify_raises_no_alarm_when_the_rows_come_while_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)
    real = stored_as_recipe
    seen: list[bool] = []

    def rebuilt_after(*arguments: Any) -> bool:
        seen.append(real(*arguments))
        if len(seen) == 1:
            rebuild_train(folder, manifest, run.snapshot, out=data)
        return seen[-1]

    monkeypatch.setattr(verify, "stored_as_recipe", rebuilt_after)
    assert verify_version(run.version.root, "tested", 1) == []
    assert not open_version(folder.path).stored_as_recipe


def test_verify_raises_no_alarm_when_the_rows_come_and_go_again_while_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)
    real, looks = published_files.changed_files, []

    def come_and_go(*arguments: Any, **named: Any) -> list[str]:
        looks.append(real(*arguments, **named))
        if len(looks) > 1:
            return looks[-1]
        rebuild_train(folder, manifest, run.snapshot, out=data)
        remove_train_rows(folder, manifest)
        return ["train/part-00000.parquet: missing"]

    monkeypatch.setattr(verify, "changed_files", come_and_go)
    assert verify_version(run.version.root, "tested", 1) == []
    assert len(looks) == 2


def test_damage_is_told_although_the_rows_may_go(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    _, _, data = place(run)
    next((data / "train").iterdir()).write_bytes(b"PAR1")
    assert verify_version(run.version.root, "tested", 1) != []


def test_a_version_that_never_rests_is_said_to_be_so(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)

    def look() -> list[str]:
        next((data / "train").iterdir()).touch()
        return ["missing"]

    with pytest.raises(StorageError, match="restless_version"):
        run_until_stable(folder, manifest, look)


def test_a_reader_of_rows_that_go_meanwhile_is_told_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, _ = place(run)
    real = iter_part

    def put_away_first(path: Path) -> Iterator[pa.Table]:
        remove_train_rows(folder, manifest)
        yield from real(path)

    monkeypatch.setattr(versions, "iter_part", put_away_first)
    with pytest.raises(VersionNotFoundError, match="counterpoise rebuild"):
        open_version(folder.path).to_arrow("train")


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("kept", ["keys alone", "nothing"])
def test_a_put_away_that_was_cut_off_verifies_and_the_next_run_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    real = LocalStore.delete

    def delete(self: LocalStore, name: str) -> None:
        if kept == "nothing" or (name.endswith("/train") and "keys" not in name):
            real(self, name)
        if "keys" in name:
            stopped()

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "delete", delete)
        with pytest.raises(KeyboardInterrupt):
            remove_train_rows(folder, manifest)
    assert verify_version(run.version.root, "tested", 1) == []
    folder.work.mkdir(exist_ok=True)
    lock_of(folder.work, f"{data.name}.switch").touch()  # as a killed process leaves it
    reclaim_leftovers(folder)
    assert train_digests(data) == {}
    assert not folder.work.exists()


def test_a_rebuild_goes_on_where_one_was_cut_off_between_keys_and_rows(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    before = train_digests(data)
    (data / "train").rename(tmp_path / "away")
    assert verify_version(run.version.root, "tested", 1) == []
    rebuild_train(folder, manifest, run.snapshot, out=data)
    assert train_digests(data) == before
    assert verify_version(run.version.root, "tested", 1) == []


def test_a_second_rebuild_leaves_what_the_first_has_brought(tmp_path: Path) -> None:
    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    inode = (data / "train").stat().st_ino
    assert rebuild_train(folder, manifest, run.snapshot, out=data) == run.version.partitions["train"].rows
    assert (data / "train").stat().st_ino == inode


def test_working_files_of_a_rebuild_lie_outside_of_the_versions_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from counterpoise.persist import _restore_train as rebuild

    run = published(tmp_path, "smote")
    folder, manifest, data = place(run)
    remove_train_rows(folder, manifest)
    found: list[Path] = []

    def look(*_: object) -> None:
        found.extend(path for path in data.rglob("*") if "train" in path.parts[-2:])
        assert verify_version(run.version.root, "tested", 1) == []
        raise IntegrityError("other_bytes", expected="a", found="b", remedy="c")

    monkeypatch.setattr(rebuild, "_check_bytes", look)
    with pytest.raises(IntegrityError):
        rebuild_train(folder, manifest, run.snapshot, out=data)
    assert found == []
    assert not folder.work.exists()


def test_a_folder_that_goes_while_it_is_listed_is_empty_and_one_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    real = os.scandir

    def scan(path: str) -> Any:
        if str(path).endswith("deep"):
            raise OSError(number, os.strerror(number), path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scan)
    for number, seen in ((errno.ENOENT, ["a/file"]), (errno.EMFILE, None), (errno.EACCES, None)):
        if seen is None:
            with pytest.raises(OSError, match=os.strerror(number)):
                LocalStore(tmp_path).files("a")
        else:
            assert [file.name for file in LocalStore(tmp_path).files("a")] == seen
