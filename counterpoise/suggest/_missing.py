"""Propose what means missing: usual tokens among texts, and texts without digits among numbers, dates and times."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import pyarrow.compute as pc

from counterpoise.config import SourceConfig
from counterpoise.ingest import source_formats
from counterpoise.records import Snapshot
from counterpoise.suggest._profile import ColumnSummary
from counterpoise.table import SnapshotReader, plain_values

_MOST_MARKS = 20
_SHOWN = 3
_SHOWN_COLUMNS = 6


def with_missing_values(
    source: SourceConfig, snapshot: Snapshot, features: Sequence[ColumnSummary], changing: Collection[str]
) -> tuple[SourceConfig, dict[str, str]]:
    """Return a source with the texts that mean missing among its features, and comments that count them.

    Args:
        source: The settings that the source was read with.
        snapshot: The source, with the changing columns as texts.
        features: Its features.
        changing: Columns of numbers with a few texts among them, which `source` declares as texts.
    """
    known = source_formats().get(snapshot.format)
    if not (known and "missing_values" in known.options):
        return source, {}
    usual = source.path and "types" in known.options  # where a text is what was written, and not a value of its own
    counts = {each.name: dict(each.tokens) for each in features if each.tokens and usual}
    mistaken = {}
    unread = {each.name for each in snapshot.unread if not (each.notations or each.as_good_as_text)}
    for name in (each.name for each in features if each.name in unread or each.name in changing):
        marks, others = _marks(snapshot, name)
        if name in changing and others:
            mistaken[name] = others
        elif len(marks) <= _MOST_MARKS:
            counts[name] = counts.get(name, {}) | marks
    new = [token for token in dict.fromkeys(chain(*counts.values())) if token not in source.missing_values]
    types = [pair for pair in source.types if pair.rsplit("=", 1)[0] not in {*changing} - {*mistaken}]
    values = {**dict(source), "missing_values": (*source.missing_values, *new), "types": tuple(types)}
    shown = "; ".join(f"{token!r} ({_places(token, counts)})" for token in new)
    comments = {"source.missing_values": f"Found among the features: {shown}."} if new else {}
    if mistaken:
        comments["source.types"] = _about_mistakes(mistaken)
    return SourceConfig(**values), comments


def _marks(snapshot: Snapshot, name: str) -> tuple[dict[str, int], list[str]]:
    """Return the texts of a column without digits, with their numbers, and the others that are no numbers."""
    column = plain_values(SnapshotReader(snapshot).read_columns([name]).column(0)).drop_null()
    found = {each["values"]: each["counts"] for each in pc.value_counts(pc.utf8_trim_whitespace(column)).to_pylist()}
    texts = {text: count for text, count in found.items() if not _is_number(text)}
    marks = {text: count for text, count in texts.items() if not any(map(str.isdigit, text))}
    return marks, [text for text in texts if text not in marks]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _places(token: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    found = [f"{found[token]:,} in {name!r}" for name, found in counts.items() if token in found]
    more = [f"{len(found) - _SHOWN_COLUMNS} more columns"] if len(found) > _SHOWN_COLUMNS else []
    return ", ".join([*found[:_SHOWN_COLUMNS], *more])


def _about_mistakes(mistaken: Mapping[str, Sequence[str]]) -> str:
    shown = "; ".join(f"{', '.join(map(repr, texts[:_SHOWN]))} in {name!r}" for name, texts in mistaken.items())
    return f"Texts among numbers, which are read as texts therefore: {shown}. Correct them, and remove the type."
