"""The stage: a source of any kind to an immutable snapshot."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._remote_files import fetch_objects, find_objects
from counterpoise.ingest._snapshot_files import Content, RejectedLine, column_schemas, write_rejected_lines
from counterpoise.ingest._source_files import (
    SourceFiles,
    check_unchanged,
    digest_of,
    file_digests,
    find_files,
    stamps,
    unreadable,
)
from counterpoise.ingest._sql.source import about_rebuilding, read_sql
from counterpoise.ingest._tables.arrow_tables import reference_tables
from counterpoise.ingest._text.delimited import read_delimited
from counterpoise.ingest._values.json_lines import read_json_lines
from counterpoise.ingest._watermark import reached
from counterpoise.records import FileStamp, Snapshot, SourcePart
from counterpoise.runtime import Progress, names_refusals, silent
from counterpoise.storage import is_remote
from counterpoise.table import settled_stamp

__all__ = ["identify_source", "ingest_source", "source_identity"]

_TAIL = 65_536
_OF_READING = frozenset({errno.EACCES, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOENT, errno.EPERM, errno.ESTALE})


@names_refusals("ingest")
def identify_source(source: SourceConfig) -> str:
    """Return a digest of the source's bytes and of the options that change how they are read.

    File names are no part of it: the same bytes elsewhere are the same source. Empty text for a database and an object
    store, where only reading tells.

    Raises:
        InputError: Nothing at the path, or files that cannot be read.
    """
    if source.url.get_secret_value() or is_remote(source.path):
        return ""
    return digest_of(source, file_digests(find_files(source).paths))


def source_identity(source: SourceConfig) -> str:
    """Return what an object store tells of a source, and the options that change how it is read, as one digest.

    Raises:
        InputError: Nothing at the address.
        StorageError: The store refuses.
    """
    return digest_of(source, [find_objects(source.path).identity])


@names_refusals("ingest")
def ingest_source(
    source: SourceConfig, *, target: str, folder: Path, progress: Progress = silent, rebuilt_from: bool = False
) -> Snapshot:
    """Make the immutable snapshot of a source: its row number is a row's identity from here on.

    Delimited text, JSON lines and database rows are written as Parquet; Parquet and Arrow files are referenced where
    they lie, or where they were fetched to. Lines that are no rows are kept in `rejected_file`.

    Args:
        source: What to read and how.
        target: The label's column: its name, or its 0-based position as text. Missing values are not applied to it,
            but for the empty cell.
        folder: The stage's working area; made if it does not exist.
        progress: Told the rows written and the rows in all.
        rebuilt_from: Whether train is to be made again from the source later: a note says where that cannot be counted
            on.

    Raises:
        InputError: The source cannot be read as a table, not exactly, or has changed meanwhile.
        ColumnNotFoundError: No such target.
        ConfigError: Options that do not go with the source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if source.url.get_secret_value():
        read = read_sql(source, target=target, folder=folder, progress=progress)
        if rebuilt_from:
            notes = (*read.content.notes, *about_rebuilding(source))
            read = replace(read, content=replace(read.content, notes=notes))
        return _marked(_snapshot(read.content, digest_of(source, [read.digest]), folder), source)
    if is_remote(source.path):
        return _ingest_objects(source, target=target, folder=folder, progress=progress)
    return _ingest_files(find_files(source), source, target=target, folder=folder, progress=progress)


def _ingest_objects(source: SourceConfig, *, target: str, folder: Path, progress: Progress) -> Snapshot:
    """Fetch a source's objects, each as it was when they were listed, and read the copies like files."""
    objects = find_objects(source.path)
    files = find_files(source, fetch_objects(objects, folder / "objects"))
    snapshot = _ingest_files(files, source, target=target, folder=folder, progress=progress)
    if files.kind not in ("parquet", "arrow"):  # else the snapshot refers to the copies
        shutil.rmtree(folder / "objects")
    return snapshot.model_copy(update={"identity": digest_of(source, [objects.identity])})


def _ingest_files(
    files: SourceFiles, source: SourceConfig, *, target: str, folder: Path, progress: Progress
) -> Snapshot:
    settled = tuple(settled_stamp(path) for path in files.paths)
    before, digests = stamps(files.paths), file_digests(files.paths)
    try:
        content = _read_files(files, digests, source, target=target, folder=folder, progress=progress)
    except OSError as error:
        if error.errno in _OF_READING and error.filename in (None, *map(str, files.paths)):
            raise unreadable(str(error.filename or files.paths[0]), error) from error
        raise
    referenced = {file.path for file in content.files} == set(map(str, files.paths))
    check_unchanged(files.paths, before, digests=digests, again=digests if referenced else file_digests(files.paths))
    content = _stamped(content, settled) if referenced else content
    snapshot = _snapshot(content, digest_of(source, digests), folder)
    return _marked(snapshot.model_copy(update={"parts": _parts(files, digests, content)}), source)


def _parts(files: SourceFiles, digests: Sequence[str], content: Content) -> tuple[SourcePart, ...]:
    """Return the source's files with the rows that each gave."""
    rows = content.rows_read or [file.rows for file in content.files]
    found = zip(files.paths, digests, rows, strict=True)
    return tuple(SourcePart(name=path.name, rows=number, sha256=digest) for path, digest, number in found)


def _marked(snapshot: Snapshot, source: SourceConfig) -> Snapshot:
    """Return the snapshot with how far the source was read, where it has a watermark."""
    if not source.watermark:
        return snapshot
    mark = reached(snapshot, source.watermark)
    note = f"read up to {source.watermark} {mark}"
    return snapshot.model_copy(update={"watermark": mark, "notes": (*snapshot.notes, note)})


def _stamped(content: Content, settled: Sequence[FileStamp | None]) -> Content:
    """Return the content with the stamps of its files, which are the source's own."""
    files = zip(content.files, settled, strict=True)
    return replace(content, files=tuple(file.model_copy(update={"stamp": stamp}) for file, stamp in files))


def _read_files(
    files: SourceFiles,
    digests: tuple[str, ...],
    source: SourceConfig,
    *,
    target: str,
    folder: Path,
    progress: Progress,
) -> Content:
    if files.kind == "delimited":
        content = read_delimited(files.paths, source, target=target, folder=folder, progress=progress)
        return replace(content, notes=(*content.notes, *_cut_off(files.paths, content.rejected, source.encoding)))
    if files.kind == "jsonl":
        return read_json_lines(files.paths, source, target=target, folder=folder, progress=progress)
    return reference_tables(files.paths, digests, source, kind=files.kind, target=target, folder=folder)


def _cut_off(paths: Sequence[Path], rejected: Sequence[RejectedLine], encoding: str) -> list[str]:
    """Return a note on each file that ends within a line which is no row: it was most likely cut off."""
    notes = []
    for path in paths:
        last = next((line.text for line in reversed(rejected) if line.file == path.name), "")
        if last and _tail(path).decode(encoding, errors="replace").endswith(last):
            notes.append(f"{path.name} ends in the middle of a line: it may have been cut off")
    return notes


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read()


def _snapshot(content: Content, digest: str, folder: Path) -> Snapshot:
    rows = sum(file.rows for file in content.files)
    if rows == 0:
        raise InputError(
            "no_rows", expected="a table with rows", found="none", remedy="check the source", values={"rows": 0}
        )
    return Snapshot(
        files=content.files,
        rows=rows,
        columns=column_schemas(content.schema),
        digest=digest,
        rejected_lines=len(content.rejected),
        rejected_file=write_rejected_lines(folder / "rejected-lines.parquet", content.rejected),
        notes=content.notes,
    )
