"""What every store promises, held against each kind."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from counterpoise.storage import Store, store_at
from counterpoise.storage._objects import ObjectStore


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    place = tmp_path / "datasets" if request.param == "local" else f"{request.getfixturevalue('bucket')}/a prefix/ü"
    return store_at(place)


def test_what_was_written_is_read(store: Store) -> None:
    store.replace("a/one.json", b"1")
    store.replace("a/one.json", b"one")
    assert store.read("a/one.json") == b"one"
    assert store.exists("a/one.json")


def test_what_is_not_there_is_told(store: Store) -> None:
    assert not store.exists("none")
    assert store.look("none") is None
    assert (store.names("none"), store.folders("none"), store.files("none")) == ([], [], [])
    store.delete("none")
    with pytest.raises(FileNotFoundError):
        store.read("none")


def test_a_name_that_is_taken_is_left_as_it_is(store: Store) -> None:
    assert store.create("a/one", b"first")
    assert not store.create("a/one", b"second")
    assert store.read("a/one") == b"first"


def test_of_many_that_create_a_name_at_once_one_succeeds(store: Store) -> None:
    created: list[int] = []
    start = threading.Barrier(12)

    def create(number: int) -> None:
        start.wait()
        if store.create("taken", str(number).encode()):
            created.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(created) == 1
    assert store.read("taken") == str(created[0]).encode()


def test_folders_and_files_are_listed_by_name(store: Store) -> None:
    for name in ("b", "data/2/x", "data/1/x", "data/1/deep/y", "database/z"):
        store.replace(name, b"12")
    assert store.names("") == ["b"]
    assert store.folders("") == ["data", "database"]
    assert store.folders("data") == ["1", "2"]
    assert [(file.name, file.bytes) for file in store.files("data")] == [
        ("data/1/deep/y", 2),
        ("data/1/x", 2),
        ("data/2/x", 2),
    ]


def test_only_what_lies_under_a_folder_is_removed(store: Store) -> None:
    for name in ("data/1/x", "data/1/y/z", "data/12/x"):
        store.replace(name, b"")
    store.delete("data/1")
    assert [file.name for file in store.files("")] == ["data/12/x"]


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 1, 8 << 20, (8 << 20) + 1, 30_000_000])
def test_a_file_comes_back_as_it_went(store: Store, tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    store.put("data/file", path)
    (file,) = store.files("data")
    assert file.bytes == size
    assert store.get(file, tmp_path / "back") == digest == store.sha256(file)
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


def test_an_object_that_was_replaced_since_it_was_listed_is_not_read(bucket: str, tmp_path: Path) -> None:
    store = store_at(bucket)
    assert isinstance(store, ObjectStore)
    store.replace("table", b"before")
    (file,) = store.files("")
    store.replace("table", b"behind")
    with pytest.raises(FileNotFoundError, match="table has been replaced"):
        store.get(file, tmp_path / "copy")
