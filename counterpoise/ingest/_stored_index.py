"""Indexes that pandas and R store with a table: row labels, which are no features."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._text.records import TextRecord

_LEVEL = re.compile(r"__index_level_\d+__")
_KEPT = "name it in columns.ids to keep it in keys/, or give it a name in the source to use it"


def without_index(schema: pa.Schema, job: ReadJob) -> tuple[pa.Schema, tuple[str, ...]]:
    """Return a schema without the unnamed indexes of pandas that the configuration does not name, and notes."""
    unread = [name for name in schema.names if _LEVEL.fullmatch(name) and name not in job.names()]
    kept = pa.schema([field for field in schema if field.name not in unread], schema.metadata)
    return kept, tuple(f"{name!r} is the index of a pandas frame and is not read; {_KEPT}" for name in unread)


def named_index_notes(schema: pa.Schema, job: ReadJob) -> tuple[str, ...]:
    """Return notes on the named indexes of pandas that are read as features because the configuration has no role."""
    return tuple(
        f"{name!r} is the index of a pandas frame and is read as a feature; name it in columns.ids if it identifies"
        " rows"
        for name in _stored_indexes(schema)
        if name in schema.names and not _LEVEL.fullmatch(name) and name not in job.names()
    )


def _stored_indexes(schema: pa.Schema) -> list[str]:
    """Return the columns that pandas says it wrote from an index."""
    try:
        stored = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))["index_columns"]
        return [name for name in stored if isinstance(name, str)]
    except (ValueError, KeyError, TypeError):
        return []


def separation_note(name: str, columns: Sequence[tuple[pa.Array, pa.Array]]) -> Iterator[str]:
    """Yield a note if the classes follow each other in the order of an index, which would give the label away.

    Args:
        name: The index.
        columns: Its values and the labels, in parts.
    """
    values, labels = (pa.chunked_array([pair[side] for pair in columns]) for side in (0, 1))
    if pa.types.is_nested(labels.type) or pa.types.is_nested(values.type):
        return
    plain = labels.cast(labels.type.value_type) if pa.types.is_dictionary(labels.type) else labels
    ordered = plain.take(pc.sort_indices(values)).combine_chunks()
    changes = pc.sum(pc.not_equal(ordered[1:], ordered[:-1])).as_py() or 0
    classes = pc.count_distinct(ordered).as_py()
    if classes > 1 and changes == classes - 1 and not ordered.null_count:
        yield f"the order of {name!r} alone separates the classes: the rows seem to be sorted by label"


def unnamed_index(header: TextRecord | None, wanted: Sequence[str]) -> str:
    """Return the name of a text's first column if only it has no name, as an index, and nobody asks for it."""
    if header is None or len(header.fields) < 3 or header.fields[0] or not all(header.fields[1:]):
        return ""
    return "" if "column_0" in wanted else "column_0"


def unnamed_index_note(name: str) -> str:
    """Return the note on such a column."""
    return f"the first column has no name, like the row labels of pandas and R, and is not read; {_KEPT} ({name!r})"
