"""Rebuild the train partition of a published version: `rebuild_version("datasets/fraud@7")`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from counterpoise.errors import InputError
from counterpoise.ingest import ingest_source
from counterpoise.persist import DatasetFolder, read_manifest, rebuild_train, remove_train_rows, upload_train_rows
from counterpoise.records import DatasetVersion
from counterpoise.runtime import Progress, names_refusals, silent
from counterpoise.storage import join_address, scratch_folder
from counterpoise.versions._open import Version, open_version
from counterpoise.versions._trusted_source import trusted_source


@dataclass(frozen=True)
class RebuiltVersion:
    """The location of a rebuilt train partition.

    Attributes:
        version: The version.
        folder: The address of the folder with `train/` and `keys/train/`.
        rows: Rows of the partition.
        stored: Whether the rows were already stored, so that they were only compared.
    """

    version: Version
    folder: str
    rows: int
    stored: bool


@names_refusals("rebuild")
def rebuild_version(
    address: str | Path,
    *,
    source: str = "",
    trusted: bool = False,
    out: Path | None = None,
    progress: Progress = silent,
) -> RebuiltVersion:
    """Rebuild a version's train partition from its source and recipe, and compare it byte for byte.

    Args:
        address: `root/name` for the newest version, `root/name@7` for a specific version.
        source: The current location of the source: a path, an object store's address or a database's URL. By default
            the one in the manifest, if it is below the working directory.
        trusted: Whether to follow any location in the manifest and to run its query.
        out: The folder to write `train/` and `keys/train/` to. By default the version's own folder, if it is stored as
            a recipe; a version with stored rows is compared and stays unchanged.
        progress: Called with the number of windows written.

    Raises:
        VersionNotFoundError: There is no such version.
        ConfigError: The manifest names a source that only the user may name.
        InputError: The source cannot be read, or `out` already contains a train partition.
        IntegrityError: The source, the recipe or the rebuilt bytes differ from those of the version.
    """
    version = open_version(address)
    folder = DatasetFolder.of(version.record)
    stored = not version.stored_as_recipe
    if out is not None and (out / "train").exists():
        raise InputError(
            "folder_in_use",
            expected="a folder without train/ for the rebuilt rows",
            found=str(out / "train"),
            remedy="name another folder with --out",
        )
    config = version.manifest.settings
    read = trusted_source(config.source, given=source, trusted=trusted)
    with scratch_folder() as scratch:
        snapshot = ingest_source(
            read, target=config.columns.target, columns=config.columns.named(), folder=scratch / "snapshot"
        )
        target = out or (scratch / "compared" if stored else folder.local / version.manifest.data)
        target.mkdir(parents=True, exist_ok=True)
        rows = rebuild_train(folder, version.manifest, snapshot, out=target, progress=progress)
    if out is None and not stored and folder.remote:
        upload_train_rows(folder, version.manifest)
    place = str(out) if out else join_address(folder.address, version.manifest.data)
    return RebuiltVersion(version, place, rows, stored)


@names_refusals("rebuild")
def remove_train_if_recipe(version: DatasetVersion) -> bool:
    """Remove the train rows if the version is to be stored as a recipe; return whether any were removed."""
    folder = DatasetFolder.of(version)
    return remove_train_rows(folder, read_manifest(folder, version.version))
