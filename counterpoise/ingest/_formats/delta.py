"""Delta Lake tables: one version, without the files and rows that it does not have any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.fs as pa_fs

from counterpoise.ingest._lake.folder import (
    TableFolder,
    no_such_version,
    not_installed,
    not_pinned,
    outside,
    read_exactly,
    unsupported,
)
from counterpoise.ingest._snapshot_files import Content, batch_rows
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._tables.budget import check_parquet
from counterpoise.ingest._tables.streamed import write_rows

if TYPE_CHECKING:
    from deltalake import DeltaTable

_LOG = "_delta_log"
_REMEDY = "write the version to Parquet files and read those, for example with Spark"


def _read(job: ReadJob) -> Content:
    """Read one version into one Parquet file, its files in the order of their names.

    Raises:
        ConfigError: deltalake is not installed, or no version is set.
        InputError: There is no such version or table, or its rows cannot be read exactly.
    """
    try:
        from deltalake.exceptions import DeltaError
    except ModuleNotFoundError:
        raise not_installed("deltalake", "deltalake") from None
    folder = TableFolder(job.source.path, job.folder / "table")
    with read_exactly("a Delta Lake table", _REMEDY, DeltaError):
        dataset = _dataset(_table(folder, job.source.version), folder)
        return write_rows(job, dataset.schema, _rows(dataset), name="the Delta Lake table")


def _table(folder: TableFolder, version: str) -> DeltaTable:
    """Open a version of a table.

    Raises:
        ConfigError: No version is set.
        InputError: There is no such version.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    for name in folder.names(_LOG):
        folder.path(f"{_LOG}/{name}")
    newest = DeltaTable(folder.root)
    if not version:
        raise not_pinned(str(newest.version()), "version")
    try:
        return DeltaTable(folder.root, version=int(version))
    except DeltaError:
        known = [str(number) for number in range(newest.version() + 1)] if int(version) > newest.version() else []
        raise no_such_version(version, known or ["its log was cleaned up", str(newest.version())], "version") from None


def _dataset(table: DeltaTable, folder: TableFolder) -> Any:
    """Return the rows of a table, after fetching its files.

    Raises:
        InputError: The table renames columns or marks single rows as deleted, or refers to files elsewhere.
    """
    settings, features = table.metadata().configuration, set(table.protocol().reader_features or ())
    mapped = settings.get("delta.columnMapping.mode", "none") != "none"
    if found := features & {"deletionVectors", "columnMapping"} | ({"columnMapping"} if mapped else set()):
        remedy = f"run REORG TABLE … APPLY (PURGE) and drop the feature, or {_REMEDY}"
        raise unsupported("a Delta Lake table", f"the table features {', '.join(sorted(found))}", remedy)
    for uri in table.file_uris():
        name = _name_of(uri, folder)
        check_parquet(folder.path(name))
    filesystem = pa_fs.SubTreeFileSystem(str(folder.root), pa_fs.LocalFileSystem())
    return table.to_pyarrow_dataset(filesystem=filesystem)


def _name_of(uri: str, folder: TableFolder) -> str:
    root = str(folder.root)
    path = uri.removeprefix("file://")
    if not path.startswith(f"{root}/"):
        raise outside(uri)
    return path.removeprefix(f"{root}/")


def _rows(dataset: Any) -> Iterator[pa.RecordBatch]:
    rows = batch_rows(len(dataset.schema))
    for fragment in sorted(dataset.get_fragments(), key=lambda each: str(each.path)):
        yield from fragment.to_batches(schema=dataset.schema, batch_size=rows, use_threads=False)


FORMAT = SourceFormat(
    name="delta",
    label="a Delta Lake table",
    suffixes=(),
    magic=b"",
    marker="_delta_log/*.json",
    options=frozenset({"version", "missing_values", "types"}),
    read=_read,
)
