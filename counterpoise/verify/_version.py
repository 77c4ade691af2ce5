"""Recompute a published version's files, certificate and manifest facts.

Statements that the files can prove are checked; the others are listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.errors import CounterpoiseError, IntegrityError
from counterpoise.persist import (
    UNTOUCHED,
    CertificateScope,
    DatasetFolder,
    Manifest,
    PartContent,
    RowBalance,
    certify,
    changed_files,
    checked_out,
    manifest_name,
    manifest_sha256,
    newest_manifest,
    read_manifest,
    read_parts,
    run_until_stable,
    stored_as_recipe,
)
from counterpoise.records import Certificate
from counterpoise.runtime import format_size, free_memory, names_refusals
from counterpoise.split import SplitPromise, steps_of
from counterpoise.storage import LocalStore
from counterpoise.table import read_parquet
from counterpoise.typing import Ints
from counterpoise.verify._recount import recount

_BYTES_A_ROW = 40
"""Approximate bytes needed to account for a row whose content is not stored."""


@dataclass(frozen=True)
class Verification:
    """The result of verifying a version.

    Attributes:
        differences: Where the version differs from its manifest, in sentences.
        unproven: Statements that neither the files nor the source can prove, in sentences.
        left_to_the_source: Statements that need a comparison with the source; empty once it was made.
    """

    differences: tuple[str, ...]
    unproven: tuple[str, ...]
    left_to_the_source: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def verify_version(root: str | Path, dataset: str, number: int) -> list[str]:
    """Return how a version differs from its manifest, in sentences; empty if it does not.

    Args:
        root: The folder that holds all datasets.
        dataset: The dataset's name.
        number: The version.

    Raises:
        IntegrityError: The manifest cannot be read.
    """
    return list(check_version(root, dataset, number).differences)


@names_refusals("verify")
def check_version(root: str | Path, dataset: str, number: int) -> Verification:
    """Recompute everything that a version's files can prove.

    Args:
        root: The folder that holds all datasets.
        dataset: The dataset's name.
        number: The version.

    Raises:
        IntegrityError: The manifest cannot be read.
    """
    folder = DatasetFolder(root, dataset)
    manifest = read_manifest(folder, number)
    folder.refuse_links(manifest.data)
    return run_until_stable(folder, manifest, lambda: _verification(folder, manifest))


def _verification(folder: DatasetFolder, manifest: Manifest) -> Verification:
    names = [file.path for file in manifest.files]
    with checked_out(folder, [manifest.data], expected=names) as base:
        stored = not stored_as_recipe(LocalStore(base), manifest)
        differences = [*_place_differences(folder, manifest), *_data_differences(base, manifest, stored=stored)]
    left = tuple(_left_to_the_source(stored=stored))
    return Verification(tuple(differences), tuple(_unproven(folder, manifest)), left)


def _place_differences(folder: DatasetFolder, manifest: Manifest) -> Iterator[str]:
    """Check a version's place in the dataset and among its versions."""
    if manifest.dataset != folder.dataset:
        yield f"manifest: dataset is {manifest.dataset}, but the folder is called {folder.dataset}"
    numbers = folder.version_numbers()
    earlier, digest = newest_manifest(folder, [number for number in numbers if number < manifest.version])
    if earlier is not None and (manifest.parent or 0) < earlier:
        yield f"manifest: parent is {manifest.parent}, but version {earlier} precedes it"
    elif manifest.parent in numbers and digest != manifest.parent_sha256:
        place = manifest_name(manifest.parent or 0)
        yield f"{place}: not the parent that version {manifest.version} was published after"
    for later in (number for number in numbers if number > manifest.version):
        yield from _child_differences(folder, manifest, later)
        break


def _child_differences(folder: DatasetFolder, manifest: Manifest, later: int) -> Iterator[str]:
    try:
        child = read_manifest(folder, later)
    except IntegrityError:  # damage to it is reported for that version
        return
    if child.parent == manifest.version and child.parent_sha256 != manifest_sha256(folder, manifest.version):
        yield f"manifest: changed since version {later} was published after it"


def _data_differences(base: Path, manifest: Manifest, *, stored: bool) -> list[str]:
    """Return how files differ: by their bytes or, if these match, by their content."""
    differences = changed_files(base, manifest)
    if differences:
        return differences
    try:
        recomputed = _recompute(base, manifest, stored=stored)
        return [*_certificate_differences(manifest.certificate, recomputed), *recount(base, manifest, stored=stored)]
    except CounterpoiseError as error:
        return [f"{error.expected}: {error.found}"]
    except (pa.ArrowException, IndexError, KeyError, TypeError, ValueError) as error:
        return [f"manifest: its files cannot be read as described: {error}"]


def _left_to_the_source(*, stored: bool) -> Iterator[str]:
    """Yield the statements that only the source can prove."""
    yield "that the source held these rows; `--source` compares them with it"
    if not stored:
        yield "classes, order and bytes of train, which is stored as a recipe; `--source` and `rebuild` compare them"


def _unproven(folder: DatasetFolder, manifest: Manifest) -> Iterator[str]:
    """Yield the statements that nothing can prove."""
    yield "who published the version, when, and with which libraries: nothing is signed"
    yield "settings that leave no trace in the files, notes, and what validation observed"
    if manifest.dropped:
        yield "how many of the dropped rows equal others: their content is not stored"
    if manifest.parent is not None and manifest.parent not in folder.version_numbers():
        yield f"the content of version {manifest.parent}, published before it: its manifest is missing"


def _recompute(base: Path, manifest: Manifest, *, stored: bool) -> Certificate:
    data, source, config = base / manifest.data, manifest.source, manifest.settings
    balance = RowBalance(
        rows_in=source.rows + source.rejected_lines,
        dropped=_column(data / "recipe" / "copies.parquet", "source_row", only_dropped=True),
        rejected=_column(data / "rejected" / "rows.parquet", 0),
        rejected_lines=source.rejected_lines,
        content_disjoint=config.split.duplicates != "ignore",
    )
    features = tuple(column.name for column in manifest.columns if column.name != config.columns.target)
    split = manifest.split
    promise = SplitPromise(
        config.columns, config.split, config.seed, split.windows, split.positive_class, steps_of(split.near)
    )
    scope = CertificateScope(features if promise.compares_content else (), promise)
    if stored:
        found = read_parts(data, scope=scope)
    else:
        train = _train_of_recipe(data, balance, rows=source.rows)
        found = {"train": [train], **read_parts(data, scope=scope, partitions=UNTOUCHED)}
    return certify(found, balance=balance, source=manifest.certificate.fingerprints, promise=promise)


def _train_of_recipe(data: Path, balance: RowBalance, *, rows: int) -> PartContent:
    """Return a recipe's statements about removed train rows: their numbers and parents, not their content."""
    elsewhere = [
        np.concatenate([np.zeros(0, np.int64), *(read_parquet(file)["source_row"].to_numpy() for file in files)])
        for files in (sorted((data / "keys" / name).glob("*.parquet")) for name in UNTOUCHED)
    ]
    _check_memory(rows)
    train = np.ones(rows, dtype=bool)
    for removed in (*elsewhere, balance.dropped, balance.rejected):
        train[removed[(removed >= 0) & (removed < rows)]] = False
    made = data / "recipe" / "synthetic.parquet"
    table = read_parquet(made, columns=["parent_a", "parent_b"]) if made.exists() else None
    parents = [] if table is None else [column.drop_null().to_numpy() for column in table.columns]
    return PartContent(np.flatnonzero(train), np.concatenate([np.zeros(0, np.int64), *parents]))


def _check_memory(rows: int) -> None:
    """Refuse a row count, known only from the manifest, that exceeds any memory."""
    free = free_memory()
    if free is not None and rows * _BYTES_A_ROW > free:
        raise MemoryError(f"{rows:,} rows in the manifest need more than the {format_size(free)} of free memory")


def _column(path: Path, name: str | int, *, only_dropped: bool = False) -> Ints:
    if not path.exists():
        return np.zeros(0, np.int64)
    table = read_parquet(path)
    values = np.asarray(table[name].to_numpy())
    return values[table["copies"].to_numpy() == 0] if only_dropped else values


def _certificate_differences(certified: Certificate, recomputed: Certificate) -> list[str]:
    differences = [f"certificate: {name} does not hold" for name, holds in recomputed.checks.items() if not holds]
    before, after = certified.model_dump(), recomputed.model_dump()
    if set(before["checks"]) != set(after["checks"]):
        differences.append(
            f"certificate: its checks are {sorted(before['checks'])} instead of {sorted(after['checks'])}"
        )
    differences += [
        f"certificate: {name} is {after[name]} instead of {before[name]}"
        for name in before
        if name != "checks" and before[name] != after[name]
    ]
    return differences
