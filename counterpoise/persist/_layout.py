"""The layout of a dataset's folder, and the rules for dataset names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from counterpoise.config import BalanceConfig
from counterpoise.errors import ConfigError, IntegrityError, VersionNotFoundError
from counterpoise.records import DatasetVersion
from counterpoise.storage import (
    WORK,
    Store,
    copies_folder,
    is_remote,
    join_address,
    numbered_name,
    numbers_in,
    parse_store_address,
    store_at,
    work_folder,
)

TRAIN_FOLDERS = ("train", "keys/train")
"""The folders of a version's data that can be rebuilt from its source and recipe."""

PROFILE_FILE = "profile.json"
"""The file that describes a version's source; the next delivery is compared with it."""

FOLDERS = (
    "versions", "data", "evaluations", "promotions", "rejected", "sources", "tournaments", ".staging", WORK,
)  # fmt: skip
"""The top-level folders of a dataset."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ADDRESS = re.compile(r"(?P<path>.*?)(?:@(?P<version>[^@/]*))?")


class DatasetFolder:
    """The folder of a dataset, on this machine or in an object store.

    Small files are read and written through `store`, by names such as `versions/00000001.json`. Row files are written
    and read under `local`: the folder itself or, for an object store, this process's copies.

    Args:
        root: The folder that holds all datasets: a path, or an address such as `s3://bucket/datasets`.
        dataset: The dataset's plain name.

    Raises:
        ConfigError: The name is not a plain one or leads out of the root through a symbolic link, or the address has
            an unknown scheme.
    """

    def __init__(self, root: str | Path, dataset: str) -> None:
        if not is_dataset_name(dataset):
            raise ConfigError(
                "dataset_name",
                expected="a dataset name of letters, digits, dots, dashes and underscores that starts with a letter "
                "or digit",
                found=repr(dataset),
                remedy="choose a plain name; output.root sets the folder",
            )
        self.root = join_address(root) if is_remote(root) else Path(root)
        self.dataset = dataset
        self.address = join_address(root, dataset)
        self.remote = is_remote(root)
        self.store: Store = store_at(self.address)
        if not self.remote and (self.path.is_symlink() or (self.path.exists() and not self.path.is_dir())):
            raise ConfigError(
                "dataset_folder",
                expected=f"a folder, or nothing, at {self.path}",
                found="a symbolic link" if self.path.is_symlink() else "a file",
                remedy="choose another name or output.root",
            )

    @classmethod
    def of(cls, named: BalanceConfig | DatasetVersion) -> DatasetFolder:
        """Return the folder of the dataset that a configuration or a version names."""
        if isinstance(named, BalanceConfig):
            return cls(named.output.root, named.name)
        return cls(named.root, named.dataset)

    @property
    def path(self) -> Path:
        """The folder on this machine.

        Raises:
            ConfigError: The dataset is in an object store.
        """
        if self.remote:
            raise ConfigError(
                "not_local",
                expected="a dataset on this machine",
                found=self.address,
                remedy="use a dataset whose output.root is a folder",
            )
        return Path(self.root) / self.dataset

    @property
    def local(self) -> Path:
        """Where row files are written and read: the folder, or this process's copies of it."""
        return copies_folder(self.address) if self.remote else self.path

    @property
    def data(self) -> Path:
        """The folder of the data folders, one per attempt to publish."""
        return self.path / "data"

    @property
    def staging(self) -> Path:
        """The working areas of runs, always on this machine."""
        return (work_folder(self.address) if self.remote else self.path) / ".staging"

    @property
    def work(self) -> Path:
        """Temporary files of processes, and the marks of everything in use; always on this machine."""
        return (work_folder(self.address) if self.remote else self.path) / WORK

    def manifest(self, version: int) -> Path:
        """Return the path of a version's manifest."""
        return self.path / manifest_name(version)

    def evaluation(self, version: int) -> Path:
        """Return the folder of a version's evaluation."""
        return self.path / evaluation_name(version)

    def refuse_links(self, name: str) -> None:
        """Refuse a symbolic link on the way to one of the dataset's files; object stores have none.

        Args:
            name: The file's or folder's name within the dataset.

        Raises:
            IntegrityError: There is one; its target is not part of the dataset.
        """
        link = None if self.remote else link_on_the_way(self.path, name)
        if link is not None:
            raise IntegrityError(
                "symbolic_link",
                expected=f"files and folders of the dataset in {self.path}",
                found=f"a symbolic link: {link}",
                remedy="put the file itself there, or restore the dataset from a backup",
                values={"file": str(link)},
            )

    def version_numbers(self) -> list[int]:
        """Return the numbers of all published versions, ascending."""
        return self._numbers("versions")

    def promotion_numbers(self) -> list[int]:
        """Return the numbers of all promotions, ascending."""
        return self._numbers("promotions")

    def _numbers(self, folder: str) -> list[int]:
        return numbers_in(self.store, folder, listing_lags=self.remote)


def link_on_the_way(base: Path, name: str) -> Path | None:
    """Return the first symbolic link on the way from a folder to a name below it, or None.

    Args:
        base: The folder.
        name: The name below it, with slashes.
    """
    path = base
    for part in name.split("/"):
        path /= part
        if path.is_symlink():
            return path
    return None


def is_dataset_name(name: str) -> bool:
    """Return whether a name is valid for a dataset."""
    return _NAME.fullmatch(name) is not None


def manifest_name(version: int) -> str:
    """Return a version's manifest name within its dataset."""
    return numbered_name("versions", version)


def evaluation_name(version: int) -> str:
    """Return the folder name of a version's evaluation within its dataset."""
    return f"evaluations/{version:08d}"


def promotion_name(number: int) -> str:
    """Return a promotion's file name within its dataset."""
    return numbered_name("promotions", number)


def parse_address(address: str | Path) -> tuple[Path | str, str, int | Literal["promoted"] | None]:
    """Split `root/name@7` into root, name and version; without `@`, the version is None, which means the newest.

    The root is a `Path`, or a string for an object store.

    >>> parse_address("datasets/fraud@7")[1:], parse_address("datasets/fraud@promoted")[1:]
    (('fraud', 7), ('fraud', 'promoted'))

    Raises:
        VersionNotFoundError: The text after `@` is neither a version number nor `promoted`.
    """
    match = _ADDRESS.fullmatch(str(address).rstrip("/"))
    path, version = (match["path"], match["version"]) if match else (str(address), None)
    place = _root_and_name(path)
    if version is None or version == "promoted":
        return *place, "promoted" if version else None
    if not version.isdecimal():
        raise VersionNotFoundError(
            "version_number",
            expected="a version number after @, such as datasets/fraud@7, or promoted",
            found=repr(version),
            remedy=f"list the versions with `counterpoise versions {place[0]}`",
        )
    return *place, int(version)


def _root_and_name(path: str) -> tuple[Path | str, str]:
    if not is_remote(path):
        return Path(path).parent, Path(path).name
    address = parse_store_address(path)
    root, _, name = str(address).rpartition("/")
    return (root, name) if address.prefix else (str(address), "")
