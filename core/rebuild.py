"""Rebuilding the train partition of a published version: `rebuild_version("datasets/fraud@7")`."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path

from counterpoise.core.config import BalanceConfig, SourceConfig
from counterpoise.core.errors import InputError
from counterpoise.core.ingest import ingest_source
from counterpoise.core.persist.commit import read_manifest
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.persist.rebuild import put_away_train_rows, put_train_rows, rebuild_train
from counterpoise.core.progress import Progress, silent
from counterpoise.core.records import DatasetVersion
from counterpoise.core.refusals import names_refusals
from counterpoise.core.storage import is_remote, join_address
from counterpoise.core.storage.work import scratch_folder
from counterpoise.core.versions import Version, open_version

__all__ = ["RebuiltVersion", "rebuild_version", "store_as_asked"]


@dataclass(frozen=True)
class RebuiltVersion:
    """Where the rebuilt train partition lies.

    Attributes:
        version: The version.
        folder: The address of what holds `train/` and `keys/train/`.
        rows: Rows of the partition.
        stored: Whether the rows were there already, so that rebuilding only compared them.
    """

    version: Version
    folder: str
    rows: int
    stored: bool


@names_refusals("rebuild")
def rebuild_version(
    address: str | Path, *, path: str = "", out: Path | None = None, progress: Progress = silent
) -> RebuiltVersion:
    """Make a version's train partition again from its source and recipe, and compare it byte for byte.

    Args:
        address: `root/name` for the newest version, `root/name@7` for a certain one.
        path: Where the source lies now; by default where the version's configuration says.
        out: The folder to write `train/` and `keys/train/` to. By default the version's own, if it is stored as a
            recipe; a version whose rows are stored is compared and stays as it is.
        progress: Told the windows written.

    Raises:
        VersionNotFoundError: There is no such version.
        InputError: The source cannot be read, or `out` holds a train partition.
        IntegrityError: Source, recipe or rebuilt bytes are not those of the version.
    """
    version = open_version(address)
    folder = DatasetFolder(version.record.root, version.record.dataset)
    stored = not version.stored_as_recipe
    if out is not None and (out / "train").exists():
        raise InputError(
            "folder_in_use",
            expected="a folder without train/ for the rebuilt rows",
            found=str(out / "train"),
            remedy="name another folder with --out",
        )
    config = BalanceConfig.model_validate(version.manifest["config"])
    with scratch_folder() as scratch:
        source = _source(config.source, path)
        snapshot = ingest_source(source, target=config.columns.target, folder=scratch / "snapshot")
        target = out or (scratch / "compared" if stored else folder.local / version.manifest["data"])
        target.mkdir(parents=True, exist_ok=True)
        rows = rebuild_train(folder, version.manifest, snapshot, out=target, progress=progress)
    if out is None and not stored and folder.remote:
        put_train_rows(folder, version.manifest)
    place = str(out) if out else join_address(folder.address, version.manifest["data"])
    return RebuiltVersion(version, place, rows, stored)


def _source(known: SourceConfig, path: str) -> SourceConfig:
    """Return the source of the configuration, at another path where one is given."""
    here = known.path and not is_remote(known.path) and not glob.has_magic(known.path)
    if not path and here and not Path(known.path).exists():
        raise InputError(
            "source_not_found",
            expected=f"the source of the version at {known.path!r}, as its configuration says",
            found="nothing there (of an absolute path, a version keeps the last name only)",
            remedy="name the place with --source",
        )
    return known.model_copy(update={"path": path} if path else {})


@names_refusals("rebuild")
def store_as_asked(version: DatasetVersion) -> bool:
    """Put the train rows away where the version is to be stored as a recipe; return whether that was done."""
    folder = DatasetFolder(version.root, version.dataset)
    return put_away_train_rows(folder, read_manifest(folder, version.version))
