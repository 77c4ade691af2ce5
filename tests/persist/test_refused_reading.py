"""A stored file that the operating system does not let us read is not damaged: nobody is told to restore it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from counterpoise.errors import IntegrityError
from counterpoise.persist import DatasetFolder
from counterpoise.persist._commit import damaged_manifests, read_manifest
from counterpoise.storage._local import LocalStore

REFUSALS = [
    (errno.EACCES, "permission_denied", "permissions on"),
    (errno.EMFILE, "too_many_open_files", "ulimit -n"),
    (errno.EIO, "io_error", "check the disk"),
]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> DatasetFolder:
    versions = tmp_path / "tested" / "versions"
    versions.mkdir(parents=True)
    (versions / "00000001.json").write_text("{}")
    return DatasetFolder(tmp_path, "tested")


@pytest.mark.parametrize(("number", "reason", "remedy"), REFUSALS)
def test_a_refusal_to_read_is_named_with_its_own_remedy(
    folder: DatasetFolder, monkeypatch: pytest.MonkeyPatch, number: int, reason: str, remedy: str
) -> None:
    def refused(_: LocalStore, name: str) -> bytes:
        raise OSError(number, os.strerror(number), name)

    monkeypatch.setattr(LocalStore, "read", refused)
    with pytest.raises(IntegrityError) as caught:
        read_manifest(folder, 1)
    assert caught.value.reason == reason
    assert remedy in caught.value.remedy
    assert "backup" not in caught.value.remedy


def test_it_costs_only_the_version_whose_file_it_is(folder: DatasetFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalStore, "read", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "no")))
    assert [error.reason for error in damaged_manifests(folder)] == ["permission_denied"]
