"""Reading published versions: `open_version("datasets/fraud@7").to_pandas("train")`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError, IntegrityError, VersionNotFoundError
from counterpoise.persist import (
    TRAIN_FOLDERS,
    DatasetFolder,
    Manifest,
    changed_files,
    copy_evaluation,
    evaluation_name,
    find_manifest,
    in_a_steady_state,
    is_dataset_name,
    iter_part,
    manifest_name,
    manifest_sha256,
    parse_address,
    read_manifest,
    read_manifests,
    run_key,
    stored_as_recipe,
    version_record,
)
from counterpoise.records import PARTITIONS, DatasetVersion
from counterpoise.results import Promotion
from counterpoise.runtime import names_refusals
from counterpoise.storage import fetch_checked, join_address, store_at
from counterpoise.table import to_pandas
from counterpoise.versions._promotion.promotions import newest_promotion

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Version", "find_version", "list_datasets", "list_versions", "open_version", "run_key"]


class Version:
    """A published version, to be read.

    Args:
        folder: The dataset.
        number: The version's number.
    """

    def __init__(self, folder: DatasetFolder, number: int) -> None:
        self._folder = folder
        self.manifest: Manifest = read_manifest(folder, number)

    def __repr__(self) -> str:
        return f"open_version({f'{self._folder.address}@{self.number}'!r})"

    @property
    def number(self) -> int:
        """The version's number."""
        return self.manifest.version

    @property
    def record(self) -> DatasetVersion:
        """The version as the record that the flow returns."""
        return version_record(self._folder, self.manifest, created=False)

    @property
    def promotion(self) -> Promotion | None:
        """The dataset's newest promotion, of this version or of another; None where none is promoted."""
        return newest_promotion(self._folder)

    @property
    def data(self) -> Path:
        """The folder of the version's files; of an object store, a copy of them all that goes with this process."""
        self._fetch("")
        return self._data

    @property
    def _data(self) -> Path:
        return self._folder.local / self.manifest.data

    def _fetch(self, part: str) -> None:
        """Have the files of a part on this machine, each checked against the manifest when it was fetched."""
        if not self._folder.remote:
            return
        data = self.manifest.data
        away = tuple(f"{data}/{name}/" for name in TRAIN_FOLDERS) if self.stored_as_recipe else ()
        files = [file for file in self.manifest.part_files(part) if not file.path.startswith(away)]
        fetch_checked(self._folder.store, self._folder.local, files)

    @property
    def stored_as_recipe(self) -> bool:
        """Whether the train rows were put away, to be rebuilt from source and recipe."""
        return stored_as_recipe(self._folder.store, self.manifest)

    @property
    def evaluation(self) -> Path:
        """The folder of the version's evaluation, which may not exist; of an object store, a copy."""
        copy = self._folder.local / evaluation_name(self.number)
        if self._folder.remote:
            copy_evaluation(self._folder, self.number, copy)
        return copy

    def path(self, part: str) -> Path:
        """Return the folder of a part: `train`, `validation`, `test`, `keys/train` … or `rejected`.

        Of an object store the files are fetched first, into a copy that goes with this process.

        Raises:
            VersionNotFoundError: There is no such part.
            IntegrityError: What was fetched is not what was published.
        """
        known = [*PARTITIONS, *(f"keys/{name}" for name in PARTITIONS), "rejected", "recipe"]
        if part not in known:
            raise VersionNotFoundError(
                "no_such_part",
                expected=f"one of {', '.join(known)}",
                found=repr(part),
                remedy="name one of them",
                values={"known": known},
            )
        self._fetch(part)
        return self._data / part

    def to_arrow(self, part: str) -> pa.Table:
        """Return a part's rows, every page checked against its checksum.

        Raises:
            IntegrityError: The files are not those that were published.
        """
        tables = list(self.iter_arrow(part))
        if tables:
            return pa.concat_tables(tables).unify_dictionaries()
        first = next(iter(sorted((self._data / part).glob("*.parquet"))), None)
        return pq.read_schema(first).empty_table() if first else pa.table({})

    def iter_arrow(self, part: str) -> Iterator[pa.Table]:
        """Yield a part's rows a row group at a time, in order, every page checked against its checksum.

        Raises:
            IntegrityError: The files are not those that were published.
        """
        self.path(part)  # fetched, where it is not here
        self._check_stored(part)
        changed = in_a_steady_state(
            self._folder, self.manifest, lambda: changed_files(self._folder.local, self.manifest, only=part)
        )
        if changed:
            self._check_stored(part)  # they may have gone meanwhile
            raise IntegrityError(
                "changed_files",
                expected=f"the files of {part} as they were published",
                found="; ".join(changed[:5]),
                remedy="restore them from a backup, or publish the dataset again",
                values={"files": changed},
            )
        for path in self._files(part):
            try:
                yield from iter_part(path)
            except IntegrityError:
                self._check_stored(part)
                raise

    def _files(self, part: str) -> list[Path]:
        """Return the part's files of rows as the manifest lists them: a folder may be put away meanwhile."""
        names = [file.path for file in self.manifest.part_files(part)]
        return [self._folder.local / name for name in sorted(names) if name.endswith(".parquet")]

    def _check_stored(self, part: str) -> None:
        if part in TRAIN_FOLDERS and self.stored_as_recipe:
            address = f"{self._folder.address}@{self.number}"
            raise VersionNotFoundError(
                "stored_as_recipe",
                expected=f"the rows of {part}",
                found="a version that is stored as a recipe (output.materialise)",
                remedy=f"make them with `counterpoise rebuild {address}`",
            )

    def to_pandas(self, part: str) -> pd.DataFrame:
        """Return a part's rows as a frame that loses nothing: integers with nulls come as `Int64`."""
        return to_pandas(self.to_arrow(part))


@names_refusals("versions")
def open_version(address: str | Path) -> Version:
    """Open a published version.

    Args:
        address: `root/name` for the newest version, `root/name@7` for a certain one, `root/name@promoted` for the one
            that is promoted.

    Raises:
        VersionNotFoundError: There is no such dataset or version, or none is promoted.
        IntegrityError: The promotion cannot be read.
    """
    root, dataset, wanted = parse_address(address)
    folder = _known_folder(root, dataset)
    numbers = folder.version_numbers()
    number = _promoted(folder, numbers) if wanted == "promoted" else wanted
    if not numbers if number is None else number not in numbers and not folder.store.exists(manifest_name(number)):
        raise VersionNotFoundError(
            "no_such_version",
            expected="a published version" if number is None else f"version {number} of {dataset}",
            found=f"versions {', '.join(map(str, numbers[-20:]))}" if numbers else "none",
            remedy=f"list them with `counterpoise versions {root}`, or run the flow",
            values={"versions": numbers},
        )
    return Version(folder, numbers[-1] if number is None else number)


@names_refusals("versions")
def list_datasets(root: str | Path) -> list[str]:
    """Return the names of the datasets under a root that have a version, sorted."""
    names = [name for name in store_at(root).folders("") if is_dataset_name(name)]
    return [name for name in names if DatasetFolder(root, name).version_numbers()]


@names_refusals("versions")
def list_versions(root: str | Path, dataset: str) -> list[DatasetVersion]:
    """Return a dataset's published versions, ascending."""
    folder = DatasetFolder(root, dataset)
    return [version_record(folder, manifest, created=False) for manifest in read_manifests(folder)][::-1]


@names_refusals("versions")
def find_version(config: BalanceConfig, digest: str) -> DatasetVersion | None:
    """Return the version that this configuration and source have already given, or None.

    Args:
        config: The configuration.
        digest: The source's digest; an empty text is never found.
    """
    if not digest:
        return None
    folder = DatasetFolder.of(config)
    manifest = find_manifest(folder, run_key(config, digest))
    return None if manifest is None else version_record(folder, manifest, created=False)


def _promoted(folder: DatasetFolder, numbers: list[int]) -> int | None:
    """Return the promoted version's number; None where there is no version at all."""
    promotion = newest_promotion(folder)
    if promotion is None and numbers:
        raise VersionNotFoundError(
            "none_promoted",
            expected=f"a promoted version of {folder.dataset}",
            found=f"{len(numbers)} published, none of them promoted",
            remedy=f"promote one with `counterpoise promote {folder.address}@{numbers[-1]}`, or set promotion.rule",
            values={"versions": numbers},
        )
    if promotion is None:
        return None
    _check_promoted(folder, promotion)
    return promotion.version


def _check_promoted(folder: DatasetFolder, promotion: Promotion) -> None:
    """Refuse a version that is no longer the one that was promoted."""
    if promotion.version in folder.version_numbers():
        if manifest_sha256(folder, promotion.version) == promotion.manifest_sha256:
            return
        place = join_address(folder.address, manifest_name(promotion.version))
        raise IntegrityError(
            "other_version",
            expected=f"the manifest that promotion {promotion.number} promoted in {place}",
            found="another one",
            remedy="restore the file from a backup, or promote the version anew by its number",
            values={"file": place},
        )


def _known_folder(root: Path | str, dataset: str) -> DatasetFolder:
    """Return the dataset's folder, saying which datasets there are where the name is not one."""
    try:
        return DatasetFolder(root, dataset)
    except CounterpoiseError as error:
        known = ", ".join(list_datasets(root))
        raise VersionNotFoundError(
            "no_such_dataset",
            expected="an address such as datasets/fraud or datasets/fraud@7",
            found=repr(join_address(root, dataset)),
            remedy=f"name one of: {known}" if known else "publish a version with `counterpoise run`",
        ) from error
