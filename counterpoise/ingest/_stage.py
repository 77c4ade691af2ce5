"""The ingest stage: read a source of any format into an immutable snapshot."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._content_columns import with_folder_columns
from counterpoise.ingest._content_sort import sort_by_content
from counterpoise.ingest._download import download
from counterpoise.ingest._folders import FolderColumns, FoundFiles
from counterpoise.ingest._interpretation import interpreted
from counterpoise.ingest._lake.folder import table_format
from counterpoise.ingest._names import check_label
from counterpoise.ingest._notations.registry import check_notations
from counterpoise.ingest._registry import check_known_format, source_formats
from counterpoise.ingest._remote_files import fetch_objects, find_objects
from counterpoise.ingest._snapshot_files import Content, column_schemas, write_rejected_lines
from counterpoise.ingest._source_files import (
    SourceFiles,
    check_unchanged,
    digest_of,
    file_digests,
    find_files,
    stamps,
    unreadable,
)
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._watermark import highest_value
from counterpoise.records import FileStamp, Snapshot, SnapshotFile, SourcePart
from counterpoise.runtime import Progress, names_refusals, silent
from counterpoise.storage import is_remote, is_web
from counterpoise.table import settled_stamp

_READ_ERRORS = frozenset({errno.EACCES, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOENT, errno.EPERM, errno.ESTALE})


@names_refusals("ingest")
def identify_source(source: SourceConfig) -> str:
    """Return a digest of the source's bytes and of the options that affect how they are read.

    File names do not count: the same bytes at another path are the same source. For a database, an object store or a
    table with versions the result is empty, because only reading the data can identify it.

    Raises:
        InputError: The path has no files, or files that cannot be read.
        ConfigError: An option does not apply to the source.
    """
    check_known_format(source)
    if is_web(source.path):
        return digest_of(source, [source.sha256]) if source.sha256 else ""
    if source.url.get_secret_value() or is_remote(source.path) or table_format(source):
        return ""
    files = find_files(source)
    return digest_of(source, file_digests(files.paths), files.columns)


def source_identity(source: SourceConfig) -> str:
    """Return a digest of an object store's listing of a source and of the options that affect how it is read.

    It is empty for a table with versions: its objects do not tell which rows it has.

    Raises:
        InputError: The address has no objects.
        StorageError: The store refuses access.
        ConfigError: An option does not apply to the source.
    """
    check_known_format(source)
    if table_format(source):
        return ""
    return digest_of(source, [find_objects(source.path).identity])


@names_refusals("ingest")
def ingest_source(
    source: SourceConfig,
    *,
    target: str,
    folder: Path,
    progress: Progress = silent,
    rebuilt_from: bool = False,
    columns: tuple[str, ...] = (),
) -> Snapshot:
    """Read a source into an immutable snapshot; from here on the row number identifies a row.

    The snapshot's files are Parquet files that the format's reader writes, or the source's own Parquet or Arrow files,
    in place or downloaded. Lines that are not rows are kept in `rejected_file`.

    Args:
        source: The source to read and its options.
        target: The name of the label column, or its 0-based position as text. In this column only an empty cell counts
            as missing; `missing_values` does not apply to it.
        folder: The stage's working folder; created if it does not exist.
        progress: Callback for the number of rows written and the total.
        rebuilt_from: Whether train will be rebuilt from the source later; if that may fail, the snapshot carries a
            note.
        columns: Other column names that the configuration uses; a line of text that holds them is the header.

    Raises:
        InputError: The source cannot be read exactly as a table, or it changed during the read.
        ColumnNotFoundError: The table has no such target.
        ConfigError: An option does not apply to the source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    check_known_format(source)
    check_notations(source)
    job = ReadJob(source, target, folder, progress, rebuilt_from, columns)
    if source.url.get_secret_value():
        snapshot = _ingest_rows(job, source_formats()["sql"])
    elif is_web(source.path):
        snapshot = _ingest_download(job)
    elif table := table_format(source):
        table.check_options(source)
        snapshot = _ingest_rows(job, table)
    elif is_remote(source.path):
        snapshot = _ingest_objects(job)
    else:
        snapshot = _ingest_files(find_files(source), job)
    if source.order == "content":
        snapshot = sort_by_content(snapshot, folder)
    return _with_watermark(snapshot, source)


def _ingest_rows(job: ReadJob, kind: SourceFormat) -> Snapshot:
    """Read a source that is identified by its rows: a database, or a table with versions."""
    content = kind.read(job)
    check_label(content.schema, job.target)
    content = interpreted(content, job)
    return _snapshot(content, [content.digest], job, kind=kind.name)


def _ingest_download(job: ReadJob) -> Snapshot:
    """Download a file exactly as its digest says and read the copy like a local file."""
    copy = download(job.source.path, job.source.sha256, job.folder / "objects")
    return _ingest_copies(FoundFiles((copy,), copy.parent), job)


def _ingest_objects(job: ReadJob) -> Snapshot:
    """Download a source's objects exactly as listed and read the copies like local files."""
    objects = find_objects(job.source.path)
    copies = fetch_objects(objects, job.folder / "objects")
    root = job.folder / "objects" / objects.folder
    snapshot = _ingest_copies(FoundFiles(tuple(sorted(copies)), root, objects.notes), job)
    return snapshot.model_copy(update={"identity": digest_of(job.source, [objects.identity])})


def _ingest_copies(copies: FoundFiles, job: ReadJob) -> Snapshot:
    """Read copies in the working folder, and remove them unless the snapshot refers to them."""
    files = find_files(job.source, copies)
    snapshot = _ingest_files(files, job)
    if not _refers_to(snapshot.files, files.paths):
        shutil.rmtree(job.folder / "objects")
    return snapshot


def _ingest_files(files: SourceFiles, job: ReadJob) -> Snapshot:
    settled = tuple(settled_stamp(path) for path in files.paths)
    before, digests = stamps(files.paths), file_digests(files.paths)
    try:
        content = interpreted(_read(files, replace(job, paths=files.paths, digests=digests)), job)
    except OSError as error:
        if error.errno in _READ_ERRORS and error.filename in (None, *map(str, files.paths)):
            raise unreadable(str(error.filename or files.paths[0]), error) from error
        raise
    referenced = _refers_to(content.files, files.paths)
    check_unchanged(files.paths, before, digests=digests, again=digests if referenced else file_digests(files.paths))
    content = _with_stamps(content, settled) if referenced else content
    snapshot = _snapshot(content, digests, job, kind=files.format.name, columns=files.columns)
    return snapshot.model_copy(update={"parts": _parts(files, digests, content)})


def _read(files: SourceFiles, job: ReadJob) -> Content:
    """Return the content of files with the columns that their folders give."""
    own = [pair for pair in job.source.types if pair.rsplit("=", 1)[0] not in files.columns.names]
    source = job.source.model_copy(update={"types": tuple(own)})
    content = files.format.read(replace(job, source=source, elsewhere=files.columns.names))
    content = with_folder_columns(content, files.columns, job)
    check_label(content.schema, job.target)
    return replace(content, notes=(*files.notes, *content.notes))


def _refers_to(files: Sequence[SnapshotFile], paths: Sequence[Path]) -> bool:
    """Return whether a snapshot refers to the source's own files."""
    return {file.path for file in files} == set(map(str, paths))


def _parts(files: SourceFiles, digests: Sequence[str], content: Content) -> tuple[SourcePart, ...]:
    """Return the source's files with the number of rows from each."""
    rows = content.rows_read or [file.rows for file in content.files]
    found = zip(files.names, digests, rows, strict=True)
    return tuple(SourcePart(name=name, rows=number, sha256=digest) for name, digest, number in found)


def _with_watermark(snapshot: Snapshot, source: SourceConfig) -> Snapshot:
    """Record in the snapshot how far the source was read, if it has a watermark."""
    if not source.watermark:
        return snapshot
    mark = highest_value(snapshot, source.watermark)
    note = f"read up to {source.watermark} {mark}"
    return snapshot.model_copy(update={"watermark": mark, "notes": (*snapshot.notes, note)})


def _with_stamps(content: Content, settled: Sequence[FileStamp | None]) -> Content:
    """Add stamps to content that refers to the source's own files."""
    files = zip(content.files, settled, strict=True)
    return replace(content, files=tuple(file.model_copy(update={"stamp": stamp}) for file, stamp in files))


def _snapshot(
    content: Content, digests: Sequence[str], job: ReadJob, *, kind: str, columns: FolderColumns | None = None
) -> Snapshot:
    rows = sum(file.rows for file in content.files)
    if rows == 0:
        raise InputError(
            "no_rows", expected="a table with rows", found="none", remedy="check the source", values={"rows": 0}
        )
    return Snapshot(
        files=content.files,
        rows=rows,
        columns=column_schemas(content.schema),
        digest=digest_of(job.source, digests, columns),
        format=kind,
        rejected_lines=len(content.rejected),
        rejected_file=write_rejected_lines(job.folder / "rejected-lines.parquet", content.rejected),
        unread=content.unread,
        notes=content.notes,
    )
