"""Where the parts of a dataset lie under its root, and what may be called a dataset."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from counterpoise.core.errors import ConfigError, VersionNotFoundError

__all__ = ["PROFILE_FILE", "TRAIN_FOLDERS", "DatasetFolder", "parse_address", "stored_as_recipe"]

TRAIN_FOLDERS = ("train", "keys/train")
"""What of a version's data can be rebuilt from its source and recipe."""

PROFILE_FILE = "profile.json"
"""What of a version's data describes its source, for the next delivery to be compared with."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ADDRESS = re.compile(r"(?P<path>.*?)(?:@(?P<version>[^@/]*))?")


class DatasetFolder:
    """The folder of one dataset.

    Args:
        root: The folder that holds all datasets.
        dataset: The dataset's plain name.

    Raises:
        ConfigError: The name is not a plain one, or leads out of the root through a symbolic link.
    """

    def __init__(self, root: str | Path, dataset: str) -> None:
        if _NAME.fullmatch(dataset) is None:
            raise ConfigError(
                "dataset_name",
                expected="a dataset name of letters, digits, dots, dashes and underscores that starts with no sign",
                found=repr(dataset),
                remedy="choose a plain name; the folder is given by output.root",
            )
        self.root = Path(root)
        self.dataset = dataset
        self.path = self.root / dataset
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            raise ConfigError(
                "dataset_folder",
                expected=f"a folder, or nothing yet, at {self.path}",
                found="a symbolic link" if self.path.is_symlink() else "a file",
                remedy="choose another name or output.root",
            )

    @property
    def versions(self) -> Path:
        """The manifests."""
        return self.path / "versions"

    @property
    def data(self) -> Path:
        """The data folders, one for each attempt to publish."""
        return self.path / "data"

    @property
    def staging(self) -> Path:
        """The working areas of runs."""
        return self.path / ".staging"

    @property
    def rejected(self) -> Path:
        """The evidence of refused runs."""
        return self.path / "rejected"

    @property
    def promotions(self) -> Path:
        """The promotions of versions."""
        return self.path / "promotions"

    def manifest(self, version: int) -> Path:
        """Return the path of a version's manifest."""
        return self.versions / f"{version:08d}.json"

    def evaluation(self, version: int) -> Path:
        """Return the folder of a version's evaluation."""
        return self.path / "evaluations" / f"{version:08d}"

    def promotion(self, number: int) -> Path:
        """Return the path of a promotion."""
        return self.promotions / f"{number:08d}.json"

    def version_numbers(self) -> list[int]:
        """Return the numbers of all published versions, ascending."""
        return _numbered_files(self.versions)

    def promotion_numbers(self) -> list[int]:
        """Return the numbers of all promotions, ascending."""
        return _numbered_files(self.promotions)


def _numbered_files(folder: Path) -> list[int]:
    """Return the numbers that JSON files of a folder have for names, ascending; other files are leftovers."""
    if not folder.is_dir():
        return []
    return sorted(int(path.stem) for path in folder.glob("*.json") if re.fullmatch(r"\d{8,}", path.stem))


def stored_as_recipe(dataset: Path, manifest: dict[str, Any]) -> bool:
    """Return whether the train rows of a version were put away, to be rebuilt from source and recipe.

    Args:
        dataset: The dataset's folder.
        manifest: The version's manifest.
    """
    wanted = manifest["config"]["output"].get("materialise") == "recipe"
    return wanted and not (dataset / manifest["data"] / "train").exists()


def parse_address(address: str | Path) -> tuple[Path, str, int | Literal["promoted"] | None]:
    """Split `root/name@7` into root, name and version; no version means the newest.

    >>> parse_address("datasets/fraud@7")[1:], parse_address("datasets/fraud@promoted")[1:]
    (('fraud', 7), ('fraud', 'promoted'))

    Raises:
        VersionNotFoundError: What follows `@` is neither a version number nor `promoted`.
    """
    match = _ADDRESS.fullmatch(str(address).rstrip("/"))
    path, version = (match["path"], match["version"]) if match else (str(address), None)
    place = Path(path).parent, Path(path).name
    if version is None or version == "promoted":
        return *place, "promoted" if version else None
    if not version.isdecimal():
        raise VersionNotFoundError(
            "version_number",
            expected="a version number after @, such as datasets/fraud@7, or promoted",
            found=repr(version),
            remedy="list the versions with `counterpoise versions`",
        )
    return *place, int(version)
