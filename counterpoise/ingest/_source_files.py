"""Find a source's files, detect their format and check that they do not change during a read."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from counterpoise.config import SourceConfig
from counterpoise.errors import CounterpoiseError, InputError
from counterpoise.ingest._compression import COMPRESSED_SUFFIXES, compression_of, read_head
from counterpoise.ingest._folders import FolderColumns, FoundFiles, files_under, folder_columns
from counterpoise.ingest._registry import source_formats
from counterpoise.ingest._source_format import SourceFormat
from counterpoise.ingest._tables.workbook import kind_of_archive
from counterpoise.runtime import file_sha256, json_sha256, refusal_behind
from counterpoise.text import is_utf8

_FALLBACK_FORMAT = "delimited"
"""The format of a file if neither its name nor its first bytes identify one."""

_FOREIGN = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Excel 97-2003 workbook (.xls), or one with a password: save it as .xlsx",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"SQLite format 3\0": "an SQLite database: set source.url to sqlite:///FILE and source.table",
    b"FEA1": "Feather version 1",
}


_DUCKDB = b"DUCK"  # after a checksum of eight bytes
_PAGES = (b"<!doctype html", b"<html", b"<table", b"<?xml")
_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_REMEDIES = {
    errno.EIO: "check the disk or network drive, and copy the file to another one",
    errno.ESTALE: "check the network drive and run again",
    errno.ENAMETOOLONG: "correct source.path: it is longer than the system allows",
}


@dataclass(frozen=True)
class SourceFiles:
    """The files of a source, all of one format, in sorted order.

    Attributes:
        format: Their format.
        paths: The files.
        names: Their names relative to the source's folder.
        columns: The columns that folder names give.
        notes: Notes for the user.
    """

    format: SourceFormat
    paths: tuple[Path, ...]
    names: tuple[str, ...]
    columns: FolderColumns
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stamp:
    """Attributes that change with a file: size in bytes, modification time in nanoseconds and inode."""

    size: int
    modified: int
    inode: int


def find_files(source: SourceConfig, copies: FoundFiles | None = None) -> SourceFiles:
    """Return the files that a source's path refers to.

    Args:
        source: The source's path and, if declared, its format.
        copies: Local copies of the files of a source in an object store.

    Raises:
        InputError: No file matches, or the files are unreadable, of different formats or of an unsupported format.
        ConfigError: The source sets an option that the format does not support.
    """
    try:
        found = copies or _matching(source.path)
    except OSError as error:
        raise unreadable(str(error.filename or source.path), error) from error
    paths = found.paths
    formats = {path: _format(path, source.format) for path in paths}
    kinds = [(name, each.name) for name, each in zip(found.names(), formats.values(), strict=True)]
    if len({kind for _, kind in kinds}) > 1:
        raise InputError(
            "mixed_kinds",
            expected="files of one format",
            found=", ".join(f"{name} ({kind})" for name, kind in kinds[:10]),
            remedy="name the files with a glob such as data/*.csv, or set source.format",
            values={"files": dict(kinds[:100])},
        )
    formats[paths[0]].check_options(source)
    return SourceFiles(formats[paths[0]], paths, tuple(found.names()), folder_columns(found), found.notes)


def stamps(paths: Sequence[Path]) -> tuple[Stamp, ...]:
    """Return the stamps of files."""
    found = [path.stat() for path in paths]
    return tuple(Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ino) for stat in found)


def file_digests(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the SHA-256 of each file.

    Raises:
        InputError: A file cannot be read.
    """
    try:
        return tuple(file_sha256(path) for path in paths)
    except OSError as error:
        raise unreadable(str(error.filename or paths[0]), error) from error


def digest_of(source: SourceConfig, digests: Sequence[str], columns: FolderColumns | None = None) -> str:
    """Return a digest of file (or row) digests, of folder names that give columns, and of the options of reading."""
    options = source.model_dump(
        mode="json", include={"format", "delimiter", "quote", "header", "encoding", "missing_values", "types"}
    )
    options["encoding"] = "utf-8" if source.encoding == "auto" else source.encoding
    later = {"escape", "sheet", "missing_labels", "label_spellings", "notations"}
    options |= source.model_dump(mode="json", include=later, exclude_defaults=True)
    folders = {"folders": [columns.names, columns.values]} if columns and columns.names else {}
    return json_sha256({"content": list(digests), "options": options, **folders})


def check_unchanged(
    paths: Sequence[Path], before: Sequence[Stamp], *, digests: Sequence[str], again: Sequence[str]
) -> None:
    """Check that files have not changed since before they were read.

    Args:
        paths: The files.
        before: Their stamps before reading.
        digests: Their SHA-256 before reading.
        again: Their SHA-256 after reading.

    Raises:
        InputError: A file has changed.
    """
    changed = [
        path.name
        for path, old, new, digest, later in zip(paths, before, stamps(paths), digests, again, strict=True)
        if old != new or digest != later
    ]
    if changed:
        raise InputError(
            "source_changed",
            expected="a source that does not change while it is read",
            found=f"changed: {', '.join(changed[:10])}",
            remedy="run again when nothing writes to the source, or read a copy",
            values={"files": changed[:100]},
        )


def _matching(text: str) -> FoundFiles:
    found = files_under(text)
    if not found.paths:
        raise _not_found(Path(text))
    if broken := [path for path in found.paths if not is_utf8(str(path))]:
        raise InputError(
            "name_not_utf8",
            expected="file and folder names in UTF-8",
            found=repr(str(broken[0])),
            remedy="rename the file or folder: a manifest cannot hold its name",
            values={"files": [ascii(str(path)) for path in broken[:10]]},
        )
    kind = "Delta Lake" if (found.root / "_delta_log").is_dir() else ""
    kind = kind or ("Iceberg" if any((found.root / "metadata").glob("*.metadata.json")) else "")
    if kind:
        raise InputError(
            "unsupported_format",
            expected="a folder of files that all belong to the table",
            found=f"the {kind} table {str(found.root)!r}, whose folder keeps deleted rows too",
            remedy="set source.format to auto, and source.version to the version to read",
            values={"path": str(found.root)},
        )
    return found


def _not_found(path: Path) -> InputError:
    if path.exists() and not path.is_dir():
        raise unreadable(str(path), "neither a file nor a folder")
    return InputError(
        "source_not_found",
        expected="a file, a folder with files or a glob that matches files as source.path",
        found=f"no files in {str(path)!r}" if path.is_dir() else f"nothing at {str(path)!r}",
        remedy="correct source.path; it is relative to the working folder",
        values={"path": str(path)},
    )


def unreadable(path: str, why: OSError | str) -> CounterpoiseError:
    """Return the error for a file that the operating system refuses to read.

    A limit of the process or machine has nothing to do with the source and keeps the name that it has at every stage.
    """
    if isinstance(why, OSError) and why.errno in _LIMITS and (named := refusal_behind(why, stage="ingest", place=path)):
        return named
    number = why.errno if isinstance(why, OSError) else None
    message = (why.strerror or type(why).__name__) if isinstance(why, OSError) else why
    return InputError(
        "unreadable_source",
        expected="a readable file",
        found=f"{path[:500]!r}: {message}",
        remedy=_REMEDIES.get(number or 0, "correct source.path or the file's permissions"),
        values={"path": path[:500], "errno": number},
    )


def _format(path: Path, declared: str) -> SourceFormat:
    try:
        raw, head = read_head(path)
    except OSError as error:
        raise unreadable(str(path), error) from error
    known = source_formats()
    certain = next((each for each in known.values() if each.magic and raw.startswith(each.magic)), None)
    foreign = next((what for magic, what in _FOREIGN.items() if raw.startswith(magic)), "")
    if certain and certain.name == "excel":
        foreign = kind_of_archive(path)
    elif raw[8:12] == _DUCKDB:
        foreign = "a DuckDB database: set source.url to duckdb:///FILE and source.table"
    elif not foreign and raw.lstrip()[:15].lower().startswith(_PAGES):
        foreign = "an HTML or XML page, as some programs name .xls"
    if foreign and (not certain or certain.name == "excel"):
        raise InputError(
            "unsupported_format",
            expected=", ".join(each.label for each in source_formats().values() if each.suffixes),
            found=f"{path.name} is {foreign}",
            remedy="unpack or convert the file first",
            values={"file": path.name},
        )
    if declared != "auto":
        return known[declared]
    return certain or _format_by_name(path, head, compressed=compression_of(raw) != "none")


def _format_by_name(path: Path, head: bytes, *, compressed: bool) -> SourceFormat:
    """Return a file's format by its suffix, or else by the start of its text."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if compressed and suffixes and suffixes[-1] in COMPRESSED_SUFFIXES:
        suffixes.pop()
    known = source_formats()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    by_suffix = (each for each in known.values() if suffixes and suffixes[-1] in each.suffixes)
    by_text = (each for each in known.values() if each.opening and text.startswith(each.opening))
    return next(by_suffix, None) or next(by_text, known[_FALLBACK_FORMAT])
