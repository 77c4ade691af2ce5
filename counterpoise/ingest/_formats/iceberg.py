"""Iceberg tables: one snapshot, read from the table's folder without a catalog."""

from __future__ import annotations

import re
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
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._tables.budget import check_parquet
from counterpoise.ingest._tables.streamed import write_rows

if TYPE_CHECKING:
    from pyiceberg.table import FileScanTask, StaticTable

_METADATA = re.compile(r"v?(\d+)\S*\.metadata\.json")
_REMEDY = "rewrite the table's data files, or write the snapshot to Parquet files and read those"
_NARROW = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}


def _read(job: ReadJob) -> Content:
    """Read one snapshot into one Parquet file, its files in the order of their names.

    Raises:
        ConfigError: pyiceberg is not installed, or no snapshot is set.
        InputError: There is no such snapshot or table, or its rows cannot be read exactly.
    """
    try:
        from pyiceberg.exceptions import ValidationError
    except ModuleNotFoundError:
        raise not_installed("pyiceberg", "pyiceberg") from None
    folder = TableFolder(job.source.path, job.folder / "table")
    with read_exactly("an Iceberg table", _REMEDY, ValidationError):
        table = _table(folder)
        return _rows_of(job, table, _snapshot(table, job.source.version))


def _table(folder: TableFolder) -> StaticTable:
    """Open the newest metadata of a table; nothing that the metadata name is imported or fetched from elsewhere.

    Raises:
        InputError: There are no metadata.
    """
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.serializers import FromInputFile
    from pyiceberg.table import StaticTable

    numbered = [(int(match[1]), name) for name in folder.names("metadata") if (match := _METADATA.fullmatch(name))]
    if not numbered:
        raise unsupported("an Iceberg table", f"no metadata in {folder.address!r}", "correct source.path")
    name = f"metadata/{max(numbered)[1]}"
    metadata = FromInputFile.table_metadata(_input(name, folder))
    return StaticTable(("table",), metadata, name, _folder_io(folder, metadata.location), NoopCatalog("none"))


def _snapshot(table: StaticTable, version: str) -> int:
    """Return the id of the snapshot to read.

    Raises:
        ConfigError: None is set.
        InputError: The table has none of that id.
    """
    known = [str(each.snapshot_id) for each in sorted(table.metadata.snapshots, key=lambda each: each.timestamp_ms)]
    if not version:
        raise not_pinned(str(table.metadata.current_snapshot_id or "none"), "snapshot")
    if version not in known:
        raise no_such_version(version, known, "snapshot")
    return int(version)


def _rows_of(job: ReadJob, table: StaticTable, snapshot: int) -> Content:
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    scan = table.scan(snapshot_id=snapshot)
    tasks = sorted(scan.plan_files(), key=lambda task: task.file.file_path)
    if marked := next((task for task in tasks if task.delete_files), None):
        found = f"rows marked as deleted in {marked.file.file_path[-200:]!r}"
        raise unsupported("an Iceberg table", found, _REMEDY)
    schema = schema_to_pyarrow(scan.projection(), include_field_ids=False)
    fields = [pa.field(each.name, pa.string() if each.type == pa.uuid() else _narrow(each.type)) for each in schema]
    return write_rows(job, pa.schema(fields), _rows(table, scan, tasks), name="the Iceberg table")


def _rows(table: StaticTable, scan: Any, tasks: list[FileScanTask]) -> Iterator[pa.RecordBatch]:
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.io.pyarrow import ArrowScan

    reader = ArrowScan(table.metadata, table.io, scan.projection(), AlwaysTrue())
    for task in tasks:
        for batch in reader.to_record_batches([task]):
            columns = [_uuids_as_text(column) if column.type == pa.uuid() else column for column in batch.columns]
            yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _uuids_as_text(column: pa.Array) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())


def _narrow(kind: pa.DataType) -> pa.DataType:
    """Return the usual type of texts, bytes and lists, instead of that for more than two gigabytes of them."""
    if pa.types.is_large_list(kind):
        return pa.list_(pa.field("item", _narrow(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(kind.field(n).name, _narrow(kind.field(n).type)) for n in range(kind.num_fields)])
    if pa.types.is_map(kind):
        return pa.map_(_narrow(kind.key_type), _narrow(kind.item_type))
    return _NARROW.get(kind, kind)


def _input(name: str, folder: TableFolder) -> Any:
    from pyiceberg.io.pyarrow import PyArrowFile

    path = folder.path(name)
    if name.endswith(".parquet"):
        check_parquet(path)
    return PyArrowFile(str(path), str(path), pa_fs.LocalFileSystem())


def _folder_io(folder: TableFolder, location: str) -> Any:
    """Return the access to files that a table has: those below its location are read from its folder, no others."""
    from pyiceberg.io import FileIO

    start = f"{location.rstrip('/')}/"

    class FolderIO(FileIO):  # type: ignore[misc]  # pyiceberg is not analysed
        def new_input(self, location: str) -> Any:
            if not location.startswith(start):
                raise outside(location)
            return _input(location.removeprefix(start), folder)

        def new_output(self, location: str) -> Any:
            raise outside(location)

        def delete(self, location: str) -> None:
            raise outside(str(location))

    return FolderIO()


FORMAT = SourceFormat(
    name="iceberg",
    label="an Iceberg table",
    suffixes=(),
    magic=b"",
    marker="metadata/*.metadata.json",
    options=frozenset({"version", "missing_values", "types"}),
    read=_read,
)
