from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from counterpoise.errors import ConfigError, PublishError, SplitError, VersionNotFoundError
from counterpoise.persist._commit import commit_manifest, read_manifest
from counterpoise.persist._layout import DatasetFolder, parse_address
from counterpoise.persist._publish import publish_version
from counterpoise.persist._workspace import discard_workspace, keep_evidence, workspace
from counterpoise.storage._local import create_if_absent
from counterpoise.verify._version import verify_version
from tests.manifests import facts_of
from tests.snapshots import UNCHECKED, engine_config, mixed_table, run_engine


def test_sixteen_writers_at_once_get_sixteen_versions(tmp_path: Path) -> None:
    """Fault 39, distinct runs."""
    folder = DatasetFolder(tmp_path, "d")
    results: list[int] = []

    def write(number: int) -> None:
        results.append(commit_manifest(folder, facts_of(seed=number)).version)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(1, 17)) == folder.version_numbers()
    assert [path for path in (folder.path / "versions").iterdir() if path.name.startswith(".")] == []


def test_the_same_run_twice_at_once_is_one_version(tmp_path: Path) -> None:
    """Fault 39, one shared run."""
    folder = DatasetFolder(tmp_path, "d")
    first = commit_manifest(folder, facts_of())
    second = commit_manifest(
        folder, facts_of(change=lambda content: content.update(created="2026-01-01T00:00:00+00:00"))
    )
    assert second == first == read_manifest(folder, 1)


def test_a_name_that_is_taken_is_left_as_it_is(tmp_path: Path) -> None:
    assert create_if_absent(tmp_path / "a", b"one")
    assert not create_if_absent(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208  # hidden drafts count, too


def test_a_full_disk_while_writing_publishes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 37 and 38."""
    run = run_engine(mixed_table(300), tmp_path)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PublishError, match=r"No space left on device.*nothing was published"):
        publish_version(
            run.config.model_copy(update={"seed": 5}),
            snapshot=run.snapshot,
            validation=UNCHECKED,
            split=run.split,
            resampling=run.resampling,
        )
    folder = DatasetFolder(tmp_path / "datasets", "tested")
    assert folder.version_numbers() == [1]
    assert len(list(folder.data.iterdir())) == 1


def test_a_run_that_is_cut_off_right_after_its_commit_keeps_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_engine(mixed_table(300), tmp_path)

    def cancelled(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("counterpoise.storage._local.sync_folder", cancelled)
        with pytest.raises(KeyboardInterrupt):
            publish_version(
                run.config.model_copy(update={"seed": 5}),
                snapshot=run.snapshot,
                validation=UNCHECKED,
                split=run.split,
                resampling=run.resampling,
            )
    assert DatasetFolder(tmp_path / "datasets", "tested").version_numbers() == [1, 2]
    assert verify_version(tmp_path / "datasets", "tested", 2) == []


@pytest.mark.parametrize(
    "name", ["../../etc", "/etc", "a/b", "..", ".hidden", "", "a\0b", "a b", "x" * 101, "ü", "-rf", "a\n"]
)
def test_a_dataset_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    """Fault 29."""
    with pytest.raises(ConfigError, match="choose a plain name"):
        DatasetFolder(tmp_path, name)
    with pytest.raises(ValueError, match="name"):
        engine_config(tmp_path, name=name)


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    """Fault 29."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="a symbolic link"):
        DatasetFolder(tmp_path, "linked")


def test_an_address_has_a_root_a_name_and_perhaps_a_version() -> None:
    assert parse_address("a/b/fraud") == (Path("a/b"), "fraud", None)
    assert parse_address("fraud@12") == (Path(), "fraud", 12)
    assert parse_address("fraud@promoted/") == (Path(), "fraud", "promoted")
    assert parse_address("an@other/place/fraud@3") == (Path("an@other/place"), "fraud", 3)
    with pytest.raises(VersionNotFoundError, match="a version number after @"):
        parse_address("fraud@newest")


def test_a_refused_run_keeps_its_reason_and_its_rows(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "datasets", "tested", "run-1")
    (folder / "validate").mkdir()
    (folder / "validate" / "rejects.parquet").write_bytes(b"rows")
    error = SplitError("single_class", expected="two", found="one", remedy="look")
    kept = keep_evidence(engine_config(tmp_path), folder, error)
    assert kept is not None
    assert '"single_class"' in Path(kept, "reason.json").read_text()
    assert Path(kept, "rejects.parquet").read_bytes() == b"rows"
    discard_workspace(folder)
    assert not folder.parent.exists()
    assert Path(kept).exists()


def test_a_fault_of_ours_keeps_no_evidence(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "datasets", "tested", "run-1")
    error = PublishError("cannot_write", expected="a", found="b", remedy="c")
    assert keep_evidence(engine_config(tmp_path), folder, error) is None
