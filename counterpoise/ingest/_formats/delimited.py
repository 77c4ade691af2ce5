"""Delimited text: a fast reader for regular text and a careful one for the rest.

The fast reader is DuckDB. Its result is accepted only if it agrees with an independent count of lines and delimiters.
Otherwise the text is read record by record, ragged lines are rejected and the rest is written in regular form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from counterpoise.errors import EngineError
from counterpoise.ingest._names import check_names, resolve_column
from counterpoise.ingest._snapshot_files import Content, RejectedLine, write_snapshot_file
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._stored_index import unnamed_index, unnamed_index_note
from counterpoise.ingest._tables.common_schema import check_same_names
from counterpoise.ingest._text.delimiters import TextSample
from counterpoise.ingest._text.dialect import Dialect, sniff_dialect
from counterpoise.ingest._text.engine import Tally, TextTable, embedded_counts, open_engine
from counterpoise.ingest._text.plain_text import TextCounts, count_text, plain_text, text_sample
from counterpoise.ingest._text.regular_text import REGULAR, write_regular_text
from counterpoise.ingest._text.types import ColumnTypeQuery, decide_types, tally_first_pass, type_queries, typed_text
from counterpoise.runtime import Progress

if TYPE_CHECKING:
    import duckdb

_TAIL = 65_536


@dataclass(frozen=True)
class _Loaded:
    """A file as the engine reads it, its first-pass tallies and its rejected lines."""

    table: TextTable
    tallies: list[Tally]
    rejected: tuple[RejectedLine, ...]


def read_delimited(job: ReadJob) -> Content:
    """Read delimited text files with the same columns into Parquet files, one per text file.

    Raises:
        InputError: The files are not a table, or cannot be read exactly.
    """
    try:
        texts = [
            plain_text(path, encoding=job.source.encoding, copy=job.folder / f"text-{number:05}.csv")
            for number, path in enumerate(job.paths)
        ]
        content = _read_texts(texts, job)
        notes = _truncation_notes(job, texts, content.rejected)
    finally:
        for copy in (*job.folder.glob("text-*.csv"), *job.folder.glob("regular-*.csv")):
            copy.unlink()
    return replace(content, notes=(*content.notes, *notes))


def _read_texts(texts: Sequence[Path], job: ReadJob) -> Content:
    dialects = _dialects(texts, job)
    names = dialects[0].names
    check_names(names)
    for path, dialect in zip(job.paths, dialects, strict=True):
        check_same_names(job.paths[0], names, path, dialect.names)
    unread = unnamed_index(dialects[0].header, job.names())
    label = resolve_column([name for name in (*names, *job.elsewhere) if name != unread], job.target)
    queries = type_queries(dialects[0], job.source, label)
    with open_engine(job.folder) as engine:
        loaded = [
            _load(engine, text, _ordered(dialect, names), queries, regular=job.folder / f"regular-{number:05}.csv")
            for number, (text, dialect) in enumerate(zip(texts, dialects, strict=True))
        ]
        content = _write(engine, loaded, queries, job=job, unread=unread)
    notes = [note for each in dialects for note in each.notes] + ([unnamed_index_note(unread)] if unread else [])
    return replace(content, notes=(*notes, *content.notes))


def _ordered(dialect: Dialect, names: Sequence[str]) -> Dialect:
    """Return a file's dialect with the positions of its columns among those of the first file."""
    same = dialect.names == tuple(names)
    return dialect if same else replace(dialect, order=tuple(list(names).index(name) for name in dialect.names))


def _dialects(texts: Sequence[Path], job: ReadJob) -> list[Dialect]:
    """Return each file's dialect; the first file's delimiter, quote and header apply to the others."""
    dialects: list[Dialect] = []
    source = job.source
    for path, text in zip(job.paths, texts, strict=True):
        sample, whole = text_sample(text, name=path.name)
        dialects.append(sniff_dialect(TextSample(path.name, sample, whole), source, job.names()))
        first = dialects[0]
        detected = {**asdict(first.marks), "header": "yes" if first.header else "no"}
        source = source.model_copy(update=detected)
    return dialects


def _load(
    engine: duckdb.DuckDBPyConnection,
    text: Path,
    dialect: Dialect,
    queries: Sequence[ColumnTypeQuery],
    *,
    regular: Path,
) -> _Loaded:
    """Count a file's cells with the fast reader, using a regular copy if the file itself is irregular."""
    import duckdb

    marks = dialect.marks
    counts = count_text(text, name=dialect.name, delimiter=marks.delimiter, quote=marks.quote)
    table = TextTable(
        text, dialect.name, marks.delimiter, marks.quote, dialect.skipped, len(dialect.names), dialect.order
    )
    try:
        if dialect.is_regular:
            tallies = tally_first_pass(engine, table, queries)
            if _agrees(engine, table, counts, rows=tallies[0].rows, above=dialect.above):
                return _Loaded(table, tallies, ())
    except duckdb.Error:
        pass
    written = write_regular_text(text, dialect, copy=regular)
    marks = marks if dialect.is_regular else REGULAR
    table = replace(table, path=regular, skip=0, delimiter=marks.delimiter, quote=marks.quote)
    loaded = _Loaded(table, tally_first_pass(engine, table, queries), written.rejected)
    _check_rows(loaded, written.rows)
    return loaded


def _agrees(engine: duckdb.DuckDBPyConnection, table: TextTable, counts: TextCounts, *, rows: int, above: str) -> bool:
    """Return whether the rows account for every line and delimiter of the text below the lines above it."""
    lines = counts.lines - rows - len(above.splitlines())
    delimiters = counts.delimiters - rows * (table.columns - 1) - above.count(table.delimiter)
    if lines == delimiters == 0:
        return True
    newlines_inside, delimiters_inside = embedded_counts(engine, table) if counts.quotes else (0, 0)
    return 0 <= lines - newlines_inside <= counts.blank_lines and delimiters == delimiters_inside


def _write(
    engine: duckdb.DuckDBPyConnection,
    loaded: Sequence[_Loaded],
    queries: Sequence[ColumnTypeQuery],
    *,
    job: ReadJob,
    unread: str,
) -> Content:
    typed = decide_types(engine, [item.table for item in loaded], queries, [item.tallies for item in loaded])
    total, done = sum(item.tallies[0].rows for item in loaded), 0
    plans = [plan for plan in typed.plans if plan.name != unread]
    files = []
    for number, item in enumerate(loaded):
        schema, batches = typed_text(engine, item.table, plans, folder=job.folder)
        reported = _with_progress(batches, job.progress, done=done, total=total)
        files.append(write_snapshot_file(job.folder / f"snapshot-{number:05}.parquet", schema, reported))
        done += item.tallies[0].rows
        _check_rows(item, files[-1].rows)
    rejected = [line for item in loaded for line in item.rejected]
    return Content(tuple(files), schema, tuple(rejected), typed.notes, unread=typed.unread)


def _with_progress(
    batches: Iterator[pa.RecordBatch], progress: Progress, *, done: int, total: int
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch
        done += batch.num_rows
        progress(done, total)


def _check_rows(item: _Loaded, rows: int) -> None:
    if rows != item.tallies[0].rows:
        raise EngineError(
            "rows_lost",
            expected=f"{item.tallies[0].rows:,} rows of {item.table.name}, as counted before",
            found=f"{rows:,}",
            remedy="run again; if it happens again, report it with the file",
            values={"file": item.table.name, "counted": item.tallies[0].rows, "written": rows},
        )


def _truncation_notes(job: ReadJob, texts: Sequence[Path], rejected: Sequence[RejectedLine]) -> list[str]:
    """Return a note for each file that ends in a rejected line: it was probably truncated."""
    notes = []
    for path, text in zip(job.paths, texts, strict=True):
        last = next((line.text for line in reversed(rejected) if line.file == path.name), "")
        if last and _tail(text).decode("utf-8", errors="replace").endswith(last):
            notes.append(f"{path.name} ends in the middle of a line: it may have been truncated")
    return notes


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return file.read()


FORMAT = SourceFormat(
    name="delimited",
    label="delimited text",
    suffixes=(".csv", ".tsv", ".txt", ".data"),
    magic=b"",
    options=frozenset({"delimiter", "quote", "escape", "header", "encoding", "missing_values", "types"}),
    read=read_delimited,
)
