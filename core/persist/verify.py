"""Recomputing digests and the leakage certificate of a published version from its files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from counterpoise.core.config import ColumnsConfig, SplitConfig
from counterpoise.core.digest import file_sha256
from counterpoise.core.errors import IntegrityError
from counterpoise.core.persist.certificate import UNTOUCHED, Asked, PartContent, RowBalance, certify, read_parts
from counterpoise.core.persist.commit import read_manifest
from counterpoise.core.persist.layout import TRAIN_FOLDERS, DatasetFolder, stored_as_recipe
from counterpoise.core.records import Certificate
from counterpoise.core.split.promise import SplitPromise
from counterpoise.core.storage.local import LocalStore
from counterpoise.core.storage.transfer import download

__all__ = ["changed_files", "checked_out", "verify_version"]


def verify_version(root: str | Path, dataset: str, number: int) -> list[str]:
    """Return how a version differs from its manifest, in sentences; nothing where it holds.

    Args:
        root: The folder that holds all datasets.
        dataset: The dataset's name.
        number: The version.
    """
    folder = DatasetFolder(root, dataset)
    manifest = read_manifest(folder, number)
    names = [file["path"] for file in manifest["files"]]
    with checked_out(folder, [manifest["data"]], expected=names) as base:
        differences = changed_files(base, manifest)
        if differences:
            return differences
        try:
            recomputed = _recompute(base, manifest)
        except IntegrityError as error:
            return [f"{error.expected}: {error.found}"]
    return _certificate_differences(Certificate(**manifest["certificate"]), recomputed)


@contextmanager
def checked_out(folder: DatasetFolder, names: Sequence[str], *, expected: Sequence[str] = ()) -> Iterator[Path]:
    """Give the dataset's folder or, of an object store, a copy of some of its folders, read anew and soon gone.

    Args:
        folder: The dataset.
        names: The folders that are wanted, relative to the dataset.
        expected: Files that should lie in one of them, whatever a listing of it leaves out.
    """
    if not folder.remote:
        yield folder.path
        return
    folder.local.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.local) as place:
        for name in names:
            within = [path for path in expected if path.startswith(f"{name}/")]
            download(folder.store, name, Path(place), expected=within)
        yield Path(place)


def changed_files(base: Path, manifest: dict[str, Any], *, only: str = "") -> list[str]:
    """Return which files are missing, too many, or not the bytes that the manifest says.

    Args:
        base: The dataset's folder, or a copy of it.
        manifest: The version's manifest.
        only: The part of the version to look at alone, such as `keys/test`.
    """
    differences = []
    looked_at = f"{manifest['data']}/{only}/" if only else f"{manifest['data']}/"
    expected = {file["path"]: file for file in manifest["files"] if file["path"].startswith(looked_at)}
    present = {path.relative_to(base).as_posix() for path in (base / looked_at).rglob("*.parquet")}
    if stored_as_recipe(LocalStore(base), manifest):
        away = tuple(f"{manifest['data']}/{name}/" for name in TRAIN_FOLDERS)
        expected = {path: file for path, file in expected.items() if not path.startswith(away)}
        present = {path for path in present if not path.startswith(away)}
    for path, file in expected.items():
        target = base / path
        if not target.is_file():
            differences.append(f"{path}: missing")
        elif target.stat().st_size != file["bytes"]:
            differences.append(f"{path}: {target.stat().st_size} bytes instead of {file['bytes']}")
        elif (found := file_sha256(target)) != file["sha256"]:
            differences.append(f"{path}: SHA-256 {found[:16]}… instead of {file['sha256'][:16]}…")
    return differences + [f"{path}: not in the manifest" for path in sorted(present - set(expected))]


def _recompute(base: Path, manifest: dict[str, Any]) -> Certificate:
    data = base / manifest["data"]
    target = manifest["config"]["columns"]["target"]
    source = manifest["source"]
    balance = RowBalance(
        rows_in=source["rows"] + source["rejected_lines"],
        dropped=_column(data / "recipe" / "copies.parquet", "source_row", only_dropped=True),
        rejected=_column(data / "rejected" / "rows.parquet", 0),
        rejected_lines=source["rejected_lines"],
        content_disjoint=manifest["config"]["split"]["duplicates"] == "together",
    )
    features = tuple(column["name"] for column in manifest["schema"] if column["name"] != target)
    promise = _promise(manifest["config"])
    asked = Asked(features if promise.compares_content else (), promise)
    if stored_as_recipe(LocalStore(base), manifest):
        train = _train_of_recipe(data, balance, rows=source["rows"])
        found = {"train": [train], **read_parts(data, asked=asked, partitions=UNTOUCHED)}
    else:
        found = read_parts(data, asked=asked)
    return certify(found, balance=balance, source=manifest["certificate"]["fingerprints"], promise=promise)


def _promise(config: dict[str, Any]) -> SplitPromise:
    columns, split = ColumnsConfig.model_validate(config["columns"]), SplitConfig.model_validate(config["split"])
    return SplitPromise(columns, split, config["seed"])


def _train_of_recipe(data: Path, balance: RowBalance, *, rows: int) -> PartContent:
    """Return what a recipe says of train rows that were put away: their numbers and parents, not their content."""
    elsewhere = [
        np.concatenate([np.zeros(0, np.int64), *(pq.read_table(file)["source_row"].to_numpy() for file in files)])
        for files in (sorted((data / "keys" / name).glob("*.parquet")) for name in UNTOUCHED)
    ]
    train = np.ones(rows, dtype=bool)
    for gone in (*elsewhere, balance.dropped, balance.rejected):
        train[gone[(gone >= 0) & (gone < rows)]] = False
    made = data / "recipe" / "synthetic.parquet"
    table = pq.read_table(made, columns=["parent_a", "parent_b"]) if made.exists() else None
    parents = [] if table is None else [column.drop_null().to_numpy() for column in table.columns]
    return PartContent(np.flatnonzero(train), np.concatenate([np.zeros(0, np.int64), *parents]))


def _column(path: Path, name: str | int, *, only_dropped: bool = False) -> npt.NDArray[np.int64]:
    if not path.exists():
        return np.zeros(0, np.int64)
    table = pq.read_table(path)
    values = np.asarray(table[name].to_numpy())
    return values[table["copies"].to_numpy() == 0] if only_dropped else values


def _certificate_differences(certified: Certificate, recomputed: Certificate) -> list[str]:
    differences = [f"certificate: {name} does not hold" for name, holds in recomputed.checks.items() if not holds]
    before, after = certified.model_dump(exclude={"checks"}), recomputed.model_dump(exclude={"checks"})
    differences += [
        f"certificate: {name} is {after[name]} instead of {before[name]}"
        for name in before
        if before[name] != after[name]
    ]
    return differences
