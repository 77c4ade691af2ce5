"""Publish a version from its plans: write, read back, certify, commit."""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import BalanceConfig
from counterpoise.errors import IntegrityError, StorageError, StorageUnavailableError
from counterpoise.persist._certificate import CertificateScope, RowBalance, certify
from counterpoise.persist._commit import commit_manifest, find_manifest, referenced_data
from counterpoise.persist._files.part_files import PartFile, finished_part
from counterpoise.persist._layout import PROFILE_FILE, DatasetFolder
from counterpoise.persist._manifest import Facts, Manifest, draft_manifest, run_key, version_record
from counterpoise.persist._rows.materialise import WrittenParts, write_partitions
from counterpoise.persist._rows.materials import Materials, TrainRecipe, gather_materials
from counterpoise.persist._workspace import reclaim_leftovers
from counterpoise.records import (
    Certificate,
    DatasetVersion,
    FileDigest,
    ResamplingPlan,
    Snapshot,
    SplitPlan,
    Validation,
)
from counterpoise.resample import read_class_rows, read_copies, read_recipe, read_weights
from counterpoise.runtime import LOCAL, Engine, Progress, naming_refusals, silent
from counterpoise.split import SplitPromise, TrainRows, read_partition, steps_of
from counterpoise.storage import WORK, own_area, sync_folder, upload_checked
from counterpoise.table import (
    ColumnRoles,
    SnapshotReader,
    SourceTable,
    check_unchanged,
    read_rejects,
)


@dataclass(frozen=True)
class _Run:
    """The inputs of a publication."""

    config: BalanceConfig
    snapshot: Snapshot
    validation: Validation
    split: SplitPlan
    resampling: ResamplingPlan

    @cached_property
    def table(self) -> SourceTable:
        return SourceTable(self.snapshot, self.config.columns)

    @property
    def roles(self) -> ColumnRoles:
        return self.table.roles

    @cached_property
    def train(self) -> TrainRows:
        return TrainRows.from_plan(self.split, self.table.labels).in_source_order()

    @cached_property
    def scope(self) -> CertificateScope:
        promise = SplitPromise(
            self.config.columns,
            self.config.split,
            self.config.seed,
            self.split.windows,
            self.split.positive_class,
            steps_of(self.split.near),
        )
        return CertificateScope(self.roles.features if promise.compares_content else (), promise)


def publish_version(
    config: BalanceConfig,
    *,
    snapshot: Snapshot,
    validation: Validation,
    split: SplitPlan,
    resampling: ResamplingPlan,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> DatasetVersion:
    """Write the planned partitions and publish them as the next version.

    If a run with the same configuration, source and code was already published, return its version.

    Args:
        config: The complete configuration.
        snapshot: The source.
        validation: The validation verdict; its outcomes are stored with the version.
        split: The partition of each row.
        resampling: The plan for the train rows.
        engine: The engine that writes the files.
        progress: Called with the number of windows written.

    Raises:
        PublishError: The file system refuses; no version becomes visible.
        StorageError: The object store refuses; no version becomes visible.
        IntegrityError: The written files do not match the certificate; no version becomes visible.
        InputError: The source has changed since it was ingested; no version becomes visible.
    """
    folder, key = DatasetFolder.of(config), run_key(config, snapshot.digest)

    def published() -> str:
        return "nothing was published" if find_manifest(folder, key) is None else "the version was published"

    with naming_refusals("persist", place=folder.address, note=published):
        committed, created = find_manifest(folder, key), False
        if committed is None:
            folder.store.prepare()
            run = _Run(config, snapshot, validation, split, resampling)
            committed, created = _publish(run, folder, engine, progress)
    with suppress(OSError, StorageError):  # the version is published: the next run can retry this
        reclaim_leftovers(folder)
    return version_record(folder, committed, created=created)


def _publish(run: _Run, folder: DatasetFolder, engine: Engine, progress: Progress) -> tuple[Manifest, bool]:
    """Write a version in a private folder, move its data into place and make it visible; return whether it is new."""
    name = uuid.uuid4().hex
    place = (folder.local / WORK) if folder.remote else folder.work
    with own_area(place, name) as area:  # the mark protects the data until a manifest refers to it
        facts = _write(run, area / name, engine=engine, progress=progress)
        try:
            _put_in_place(area / name, folder)
            if folder.remote:
                upload_checked(folder.store, folder.local, facts.files)
            committed = commit_manifest(folder, facts)
        except StorageUnavailableError:  # the manifest may still arrive, so keep the data it names
            raise
        except BaseException:
            _discard(folder, name)
            raise
        created = committed.data == facts.data
        if not created:
            _discard(folder, name)
    return committed, created


def _put_in_place(data: Path, folder: DatasetFolder) -> None:
    target = folder.local / "data" / data.name
    target.parent.mkdir(exist_ok=True)
    data.rename(target)
    for path in (target.parent, folder.local):
        sync_folder(path)


def _discard(folder: DatasetFolder, name: str) -> None:
    """Remove data that no version refers to, and keep it if that is uncertain.

    A run can be interrupted after its manifest is created but before it learns of that; the data then stays.
    """
    with suppress(OSError, StorageError):
        known = referenced_data(folder)
        if known is None or name in known:
            return
        folder.store.delete(f"data/{name}")
        if folder.remote:
            shutil.rmtree(folder.local / "data" / name, ignore_errors=True)


def _write(run: _Run, data: Path, *, engine: Engine, progress: Progress) -> Facts:
    """Write all files of a version, certify them, and return the manifest's facts."""
    written = write_partitions(_materials(run), data, scope=run.scope, engine=engine, progress=progress)
    check_unchanged(run.snapshot)
    write_rejected(run.snapshot, run.split, data / "rejected")
    _write_recipe(run.resampling, run.train, data / "recipe")
    _write_validation(run, data)
    certificate = _certify(run, written)
    return draft_manifest(
        run.config,
        snapshot=run.snapshot,
        split=run.split,
        resampling=run.resampling,
        data=f"data/{data.name}",
        schema=pa.schema([run.table.schema.field(name) for name in run.roles.data]),
        files=_sync_files(data, written),
        certificate=certificate,
    )


def _write_validation(run: _Run, data: Path) -> None:
    """Store the validation outcome, and the profile that the next delivery is compared with."""
    profile = run.validation.profile_file
    stored = run.validation.model_copy(update={"rejects_file": "", "profile_file": PROFILE_FILE if profile else ""})
    (data / "validation.json").write_text(stored.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if profile:
        shutil.copyfile(profile, data / PROFILE_FILE)


def _certify(run: _Run, written: WrittenParts) -> Certificate:
    rows, copies = read_copies(run.resampling)
    balance = RowBalance(
        rows_in=run.snapshot.rows + run.snapshot.rejected_lines,
        dropped=rows[copies == 0],
        rejected=read_rejects(run.split.rejects_file)["source_row"].to_numpy(),
        rejected_lines=run.snapshot.rejected_lines,
        content_disjoint=run.config.split.duplicates != "ignore",
    )
    source = {name: f"{value:016x}" for name, value in written.fingerprints.items()}
    certificate = certify(written.contents, balance=balance, source=source, promise=run.scope.promise)
    if not certificate.holds:
        failed = [name for name, passed in certificate.checks.items() if not passed]
        raise IntegrityError(
            "certificate",
            expected="every check of the leakage certificate to pass on the written files",
            found=f"failed: {', '.join(failed)}",
            remedy="report this as a bug in Counterpoise; nothing was published",
            values={"failed": failed},
        )
    return certificate


def _materials(run: _Run) -> Materials:
    _, copies = read_copies(run.resampling)
    return gather_materials(
        run.snapshot,
        TrainRecipe(
            run.train,
            copies,
            read_recipe(run.resampling),
            read_weights(run.resampling),
            read_class_rows(run.resampling),
        ),
        roles=run.roles,
        partition=read_partition(run.split),
        seed=run.config.seed,
        output=run.config.output,
    )


def _write_recipe(resampling: ResamplingPlan, train: TrainRows, folder: Path) -> None:
    """Store the recipe: rows whose count or weight differs from one, and how synthetic rows are made.

    Storing their classes allows counting each class before resampling from the files alone.
    """
    folder.mkdir(parents=True)
    rows, copies = read_copies(resampling)
    classes = pa.DictionaryArray.from_arrays(train.codes, pa.array(train.classes))
    columns, weights = {"source_row": rows, "copies": copies, "class": classes}, read_weights(resampling)
    changed = copies != 1
    if weights is not None:
        columns["weight"] = weights
        changed |= weights != 1
    table = pa.table(columns).filter(pa.array(changed))
    pq.write_table(table, folder / "copies.parquet", compression="zstd", write_page_checksum=True)
    recipe = read_recipe(resampling)
    if recipe is not None:
        pq.write_table(recipe, folder / "synthetic.parquet", compression="zstd", write_page_checksum=True)


def _sync_files(data: Path, written: WrittenParts) -> tuple[FileDigest, ...]:
    """Make all files of a version durable, and return their digests under their published names."""
    known = {file.path: file for file in written.files}
    files = [path for path in sorted(data.rglob("*")) if path.is_file()]
    parts = [known.get(path) or finished_part(path) for path in files]
    for path in [data, *(path for path in data.rglob("*") if path.is_dir())]:
        sync_folder(path)
    return tuple(_digest(part, f"data/{data.name}/{part.path.relative_to(data).as_posix()}") for part in parts)


def _digest(part: PartFile, path: str) -> FileDigest:
    return FileDigest(path=path, rows=part.rows, bytes=part.bytes, sha256=part.sha256)


_ROWS_AT_ONCE = 131_072


def write_rejected(snapshot: Snapshot, split: SplitPlan, folder: Path) -> None:
    """Write rejected rows to `rows.parquet` and unparsable lines to `lines.parquet`.

    An empty file is not written.

    Args:
        snapshot: The source.
        split: The plan that contains the rejects.
        folder: The version's `rejected/` folder.
    """
    folder.mkdir(parents=True)
    rejects = read_rejects(split.rejects_file)
    if rejects.num_rows:
        _write_rows(snapshot, rejects, folder / "rows.parquet")
    if snapshot.rejected_file:
        shutil.copyfile(snapshot.rejected_file, folder / "lines.parquet")


def _write_rows(snapshot: Snapshot, rejects: pa.Table, path: Path) -> None:
    reader = SnapshotReader(snapshot)
    taken = {*reader.schema.names}
    names = [name if name not in taken else f"rejected_{name}" for name in rejects.schema.names]
    rejects = rejects.rename_columns(names)
    schema = pa.schema([*rejects.schema, *reader.subschema(None)])
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        for start in range(0, rejects.num_rows, _ROWS_AT_ONCE):
            part = rejects.slice(start, _ROWS_AT_ONCE)
            rows = reader.read_rows(part.column(0).to_numpy())
            writer.write_table(pa.table([*part.columns, *rows.columns], schema=schema))
