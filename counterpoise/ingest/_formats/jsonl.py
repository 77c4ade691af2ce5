"""JSON lines: one object per line, keys become columns, integers stay exact."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from counterpoise.errors import InputError
from counterpoise.ingest._names import MAX_COLUMNS, check_names
from counterpoise.ingest._snapshot_files import Content, RejectedLine
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._text.plain_text import count_text, plain_text, read_lines
from counterpoise.ingest._values.spool import Spool, in_batches, spool_rows

_TEXT_KEPT = 10_000


def read_json_lines(job: ReadJob) -> Content:
    """Read files of JSON lines into one Parquet file. Lines that are not objects are rejected.

    Raises:
        InputError: A file is empty, truncated, mostly not JSON lines, or nested too deeply.
    """
    rejected: list[RejectedLine] = []
    rows_read: list[int] = []
    with Spool(job.folder / "spool.arrow", job.source, job.target, elsewhere=job.elsewhere) as spool:
        for path in job.paths:
            before = spool.rows
            _spool_file(path, spool, rejected, encoding=job.source.encoding, copy=job.folder / "text.jsonl")
            if spool.rows == before:
                raise _no_rows(path, [line for line in rejected if line.file == path.name])
            rows_read.append(spool.rows - before)
        if spool.rows <= len(rejected):
            raise _not_json_lines(rejected, spool.rows)
        content = spool.finish(job.folder / "snapshot-00000.parquet", job.progress)
    return replace(content, rejected=tuple(rejected), rows_read=tuple(rows_read))


def _spool_file(path: Path, spool: Spool, rejected: list[RejectedLine], *, encoding: str, copy: Path) -> None:
    text = plain_text(path, encoding=encoding, copy=copy)
    count_text(text, name=path.name, delimiter=",", quote='"')
    objects = _objects(text, path.name, rejected)
    for rows in in_batches(objects, spool_rows(1)):
        names = dict.fromkeys(itertools.chain.from_iterable(rows))
        if len(names) > MAX_COLUMNS:
            check_names(list(names))
        most = spool_rows(len(names))
        for part in (rows[start : start + most] for start in range(0, len(rows), most)):
            spool.add({name: [row.get(name) for row in part] for name in names})
    copy.unlink(missing_ok=True)


def _objects(text: Path, name: str, rejected: list[RejectedLine]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each line's object and length; collect the lines that are not objects.

    Raises:
        InputError: The last line is truncated, or a value is nested too deeply.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    for number, line in enumerate(read_lines(text), 1):
        if not line.strip():
            continue
        try:
            value = decoder.decode(line)
        except RecursionError:
            raise InputError(
                "nested_too_deeply",
                expected="flat objects, or values nested a few levels",
                found=f"a value nested too deeply to read, in {name}, line {number:,}",
                remedy="remove the value, or store it as text",
                values={"file": name, "line": number},
            ) from None
        except ValueError as error:
            if line.startswith("{") and not line.endswith(("\n", "\r")):
                raise InputError(
                    "truncated_file",
                    expected="a complete JSON object in the last line",
                    found=f"{name}, line {number:,}, is truncated: {line[-80:]!r}",
                    remedy="copy the file again, or remove its last line",
                    values={"file": name, "line": number},
                ) from None
            rejected.append(RejectedLine(name, number, str(error), line.strip()[:_TEXT_KEPT]))
            continue
        if isinstance(value, dict) and value:
            yield value, len(line)
        else:
            rejected.append(RejectedLine(name, number, "not an object with values", line.strip()[:_TEXT_KEPT]))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"key {next(name for name in found if names.count(name) > 1)!r} occurs twice")
    return found


def _no_rows(path: Path, rejected: Sequence[RejectedLine]) -> InputError:
    why = f", but line {rejected[0].line:,}: {rejected[0].text[:80]!r} ({rejected[0].reason})" if rejected else ""
    return InputError(
        "empty_file" if path.stat().st_size == 0 else "no_rows",
        expected="one JSON object per line",
        found=f"none in {path.name}{why}",
        remedy="check how the file was written; convert one large JSON array to JSON lines",
        values={"file": path.name},
    )


def _not_json_lines(rejected: Sequence[RejectedLine], rows: int) -> InputError:
    first = rejected[0]
    return InputError(
        "not_json_lines",
        expected="one JSON object per line",
        found=f"{len(rejected):,} other lines and {rows:,} objects, first {first.file}, line {first.line:,}: "
        f"{first.text[:80]!r} ({first.reason})",
        remedy="write the records as JSON lines, one object per line",
        values={"file": first.file, "line": first.line, "rejected": len(rejected), "rows": rows},
    )


FORMAT = SourceFormat(
    name="jsonl",
    label="JSON lines",
    suffixes=(".jsonl", ".ndjson", ".json"),
    magic=b"",
    opening=b"{",
    options=frozenset({"encoding", "missing_values", "types"}),
    read=read_json_lines,
)
