"""Read published versions: `open_version("datasets/fraud@7").to_pandas("train")`."""

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
    is_dataset_name,
    iter_part,
    manifest_name,
    manifest_sha256,
    parse_address,
    read_manifest,
    read_manifests,
    run_key,
    run_until_stable,
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


class Version:
    """A published version, opened for reading.

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
        """The dataset's newest promotion, of this version or another; None if no version was promoted."""
        return newest_promotion(self._folder)

    @property
    def data(self) -> Path:
        """The folder of the version's files; for an object store, a copy that is deleted when this process ends."""
        self._fetch("")
        return self._data

    @property
    def _data(self) -> Path:
        return self._folder.local / self.manifest.data

    def _fetch(self, part: str) -> None:
        """Fetch a part's files to this machine and check each against the manifest."""
        if not self._folder.remote:
            return
        data = self.manifest.data
        removed = tuple(f"{data}/{name}/" for name in TRAIN_FOLDERS) if self.stored_as_recipe else ()
        files = [file for file in self.manifest.part_files(part) if not file.path.startswith(removed)]
        fetch_checked(self._folder.store, self._folder.local, files)

    @property
    def stored_as_recipe(self) -> bool:
        """Whether the train rows were removed and must be rebuilt from source and recipe."""
        return stored_as_recipe(self._folder.store, self.manifest)

    @property
    def evaluation(self) -> Path:
        """The folder of the version's evaluation, which may not exist; for an object store, a copy."""
        copy = self._folder.local / evaluation_name(self.number)
        if self._folder.remote:
            copy_evaluation(self._folder, self.number, copy)
        return copy

    def path(self, part: str) -> Path:
        """Return the folder of a part: `train`, `validation`, `test`, `keys/train` … or `rejected`.

        For an object store, the files are first fetched into a copy that is deleted when this process ends.

        Raises:
            VersionNotFoundError: There is no such part.
            IntegrityError: The fetched files differ from the published ones.
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
        """Return a part's rows after verifying every page checksum.

        Raises:
            IntegrityError: The files differ from the published ones.
        """
        tables = list(self.iter_arrow(part))
        if tables:
            return pa.concat_tables(tables).unify_dictionaries()
        first = next(iter(sorted((self._data / part).glob("*.parquet"))), None)
        return pq.read_schema(first).empty_table() if first else pa.table({})

    def iter_arrow(self, part: str) -> Iterator[pa.Table]:
        """Yield a part's rows in order, one row group at a time, after verifying every page checksum.

        Raises:
            IntegrityError: The files differ from the published ones.
        """
        self.path(part)  # fetches the files if needed
        self._check_stored(part)
        changed = run_until_stable(
            self._folder, self.manifest, lambda: changed_files(self._folder.local, self.manifest, only=part)
        )
        if changed:
            self._check_stored(part)  # they may have been removed meanwhile
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
        """Return the part's row files as listed in the manifest: the folder may be removed meanwhile."""
        names = [file.path for file in self.manifest.part_files(part)]
        return [self._folder.local / name for name in sorted(names) if name.endswith(".parquet")]

    def _check_stored(self, part: str) -> None:
        if part in TRAIN_FOLDERS and self.stored_as_recipe:
            address = f"{self._folder.address}@{self.number}"
            raise VersionNotFoundError(
                "stored_as_recipe",
                expected=f"the rows of {part}",
                found="a version that is stored as a recipe (output.materialise)",
                remedy=f"rebuild them with `counterpoise rebuild {address}`",
            )

    def to_pandas(self, part: str) -> pd.DataFrame:
        """Return a part's rows as a lossless frame: integers with nulls become `Int64`."""
        return to_pandas(self.to_arrow(part))


@names_refusals("versions")
def open_version(address: str | Path) -> Version:
    """Open a published version.

    Args:
        address: `root/name` for the newest version, `root/name@7` for a specific version, `root/name@promoted` for the
            promoted one.

    Raises:
        VersionNotFoundError: There is no such dataset or version, or no version is promoted.
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
    """Return the names of the datasets under a root with at least one version, sorted."""
    names = [name for name in store_at(root).folders("") if is_dataset_name(name)]
    return [name for name in names if DatasetFolder(root, name).version_numbers()]


@names_refusals("versions")
def list_versions(root: str | Path, dataset: str) -> list[DatasetVersion]:
    """Return a dataset's published versions in ascending order."""
    folder = DatasetFolder(root, dataset)
    return [version_record(folder, manifest, created=False) for manifest in read_manifests(folder)][::-1]


@names_refusals("versions")
def find_version(config: BalanceConfig, digest: str) -> DatasetVersion | None:
    """Return the version already published for this configuration and source, or None.

    Args:
        config: The configuration.
        digest: The source's digest; an empty string never matches.
    """
    if not digest:
        return None
    folder = DatasetFolder.of(config)
    manifest = find_manifest(folder, run_key(config, digest))
    return None if manifest is None else version_record(folder, manifest, created=False)


def _promoted(folder: DatasetFolder, numbers: list[int]) -> int | None:
    """Return the promoted version's number; None if there is no version at all."""
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
    """Refuse a version whose manifest changed since its promotion."""
    if promotion.version in folder.version_numbers():
        if manifest_sha256(folder, promotion.version) == promotion.manifest_sha256:
            return
        place = join_address(folder.address, manifest_name(promotion.version))
        raise IntegrityError(
            "other_version",
            expected=f"the manifest promoted by promotion {promotion.number} in {place}",
            found="a different manifest",
            remedy="restore the file from a backup, or promote the version again by its number",
            values={"file": place},
        )


def _known_folder(root: Path | str, dataset: str) -> DatasetFolder:
    """Return the dataset's folder, or refuse an unknown name and list the known datasets."""
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
