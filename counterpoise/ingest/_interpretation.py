"""Interpret the texts of a source: declared notations, spellings of labels, and texts that look like values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._names import resolve_column
from counterpoise.ingest._notations.conversions import Conversion, declared_conversions
from counterpoise.ingest._notations.registry import AS_TEXT, notation_named
from counterpoise.ingest._notations.sentences import unread_column
from counterpoise.ingest._notations.survey import TextColumn, survey_column
from counterpoise.ingest._snapshot_files import Content, write_snapshot_file
from counterpoise.ingest._source_format import ReadJob
from counterpoise.records import Snapshot, UnreadColumn
from counterpoise.table import RowGroup, SnapshotReader, several_spellings, spellings_of, text_counts

_SHOWN = 6


def interpreted(content: Content, job: ReadJob) -> Content:
    """Return content whose texts are interpreted as the source declares.

    Values are never reinterpreted unless the configuration says so; columns whose texts look like numbers, dates or
    times are named in notes. Files are written anew if a column changes, one for each.

    Raises:
        InputError: A value is not in the declared notation, or labels are spelled in several ways.
        ConfigError: A notation does not exist or does not apply.
        ColumnNotFoundError: A notation is declared for a column that does not exist.
    """
    table = _Table(SnapshotReader(Snapshot(files=content.files, rows=0, columns=(), digest="")), content)
    label = resolve_column(content.schema.names, job.target)
    texts = {field.name: table.column(field.name) for field in content.schema if _is_text(field.type)}
    conversions = declared_conversions(job.source, content.schema, texts, label)
    if label in texts and label not in conversions:
        conversions |= _label_conversion(texts[label], label, job)
    if conversions:
        content = table.rewritten(conversions, job)
    rest = {name: each for name, each in texts.items() if name not in {label, *conversions}}
    unread = tuple(_unread(rest, content, job.source))
    comma = _has_decimal_comma(unread, job.source)
    unread = (*(each for each in content.unread if each.reason or comma), *unread)
    mentioned = [each for each in unread if not each.as_good_as_text]
    replaced = {note for each in mentioned for note in _noted(content, each.name)}
    notes = (*(note for note in content.notes if note not in replaced), *(each.note for each in mentioned))
    return replace(content, notes=notes, unread=unread)


def with_missing_values(content: Content, job: ReadJob) -> Content:
    """Return content of a format with types of its own, with nulls for the texts among features that mean missing.

    An empty text stays a text, because such a format has nulls.

    Args:
        content: What the format's reader has read.
        job: The job, whose source names the texts.
    """
    tokens = pa.array(sorted({token.strip() for token in job.source.missing_values} - {""}), pa.string())
    label = resolve_column([*content.schema.names, *job.elsewhere], job.target)
    table = _Table(SnapshotReader(Snapshot(files=content.files, rows=0, columns=(), digest="")), content)
    fields = [field for field in content.schema if _is_text(field.type) and field.name != label] if tokens else []
    conversions = {
        field.name: Conversion(field.type, partial(_without, tokens))
        for field in fields
        if any(pc.any(_among(texts, tokens)).as_py() for texts in table.column(field.name).texts())
    }
    return table.rewritten(conversions, job, name="present") if conversions else content


def _among(texts: pa.Array, tokens: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_trim_whitespace(texts.cast(pa.string())), tokens)


def _without(tokens: pa.Array, texts: pa.Array, _first: int) -> pa.Array:
    """Return texts with nulls for tokens, in the type that they have."""
    if not isinstance(texts, pa.DictionaryArray):
        return pc.if_else(_among(texts, tokens), pa.scalar(None, texts.type), texts)
    values = _without(tokens, texts.dictionary, 0)
    indices = pc.if_else(values.is_null().take(texts.indices), pa.scalar(None, texts.indices.type), texts.indices)
    return pa.DictionaryArray.from_arrays(indices, texts.dictionary)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


@dataclass(frozen=True)
class _Table:
    """The rows of content."""

    reader: SnapshotReader
    content: Content

    def column(self, name: str) -> TextColumn:
        groups = self.reader.row_groups
        places = sorted({0, len(groups) // 2, len(groups) - 1}) if groups else []
        return TextColumn(
            partial(self._chunks, groups, name), lambda: self._chunks([groups[place] for place in places], name)
        )

    def _chunks(self, groups: Iterable[RowGroup], name: str) -> Iterator[pa.Array]:
        for group in groups:
            yield from self.reader.read_group(group, [name]).column(0).chunks

    def rewritten(self, conversions: dict[str, Conversion], job: ReadJob, *, name: str = "interpreted") -> Content:
        """Write files with converted columns, and delete those that the reader of the format has written."""
        fields = [
            field.with_type(conversions[field.name].type) if field.name in conversions else field
            for field in self.reader.subschema(None)
        ]
        schema = pa.schema(fields)
        files = []
        for number, old in enumerate(self.content.files):
            batches = self._batches(number, schema, conversions)
            files.append(write_snapshot_file(job.folder / f"{name}-{number:05}.parquet", schema, batches))
            if Path(old.path).parent == job.folder:
                Path(old.path).unlink()
        return replace(self.content, files=tuple(files), schema=schema)

    def _batches(self, file: int, schema: pa.Schema, conversions: dict[str, Conversion]) -> Iterator[pa.RecordBatch]:
        for group in (each for each in self.reader.row_groups if each.file == file):
            table = self.reader.read_group(group).combine_chunks()
            for batch in table.to_batches():
                arrays = [
                    conversions[name].convert(column, group.first_row) if name in conversions else column
                    for name, column in zip(table.schema.names, batch.columns, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _unread(texts: dict[str, TextColumn], content: Content, source: SourceConfig) -> Iterator[UnreadColumn]:
    """Yield the columns that look like values, except those that are said to be texts or have a better note."""
    said = {*source.type_overrides(), *source.column_notations()}
    for name, column in texts.items():
        noted = bool(_noted(content, name))
        found = None if name in said else survey_column(column, readable=noted)
        if found is not None and (found.certain or not (noted or found.family.as_good_as_text)):
            yield unread_column(name, found)


def _has_decimal_comma(unread: Iterable[UnreadColumn], source: SourceConfig) -> bool:
    """Return whether a column has, or is said to have, numbers with a decimal comma."""
    declared = [*source.column_notations().values(), *(each.notations[0] for each in unread if each.certain)]
    named = (notation_named(name, column="*") for name in declared if name != AS_TEXT)
    return any(each.kind == "number" and each.meaning == "," for each in named)


def _noted(content: Content, name: str) -> tuple[str, ...]:
    return tuple(note for note in content.notes if note.startswith(f"column {name!r} "))


def _label_conversion(column: TextColumn, label: str, job: ReadJob) -> dict[str, Conversion]:
    """Return the conversion that sets missing labels apart and merges spellings, if any label needs it.

    Raises:
        InputError: Labels are spelled in several ways, and the source does not say what to do.
    """
    counts: dict[str, int] = {}
    for chunk in column.texts():
        for text, rows in text_counts(chunk).items():
            counts[text] = counts.get(text, 0) + rows
    tokens = frozenset(job.source.label_tokens())
    missing = {text for text in counts if text.strip() in tokens}
    kept = {text: rows for text, rows in counts.items() if text not in missing}
    policy = job.source.label_spellings
    if policy == "stop" and (several := several_spellings(kept)):
        raise _several(label, several)
    named = spellings_of(kept) if policy == "merge" else {text: text for text in kept}
    changed = {text: named.get(text) for text in counts if named.get(text) != text}
    if not changed:
        return {}
    return {label: Conversion(pa.string(), _renamed({text: named.get(text) for text in counts}))}


def _renamed(names: dict[str, str | None]) -> Callable[[pa.Array, int], pa.Array]:
    old, new = pa.array(list(names), pa.string()), pa.array(list(names.values()), pa.string())
    return lambda chunk, _first: new.take(pc.index_in(chunk.cast(pa.string()), old))


def _several(label: str, several: list[dict[str, int]]) -> InputError:
    shown = "; ".join(
        " = ".join(f"{text!r} ({rows:,} rows)" for text, rows in list(group.items())[:_SHOWN])
        for group in several[:_SHOWN]
    )
    return InputError(
        "label_spellings",
        expected=f"one spelling of each label in column {label!r}",
        found=f"labels that differ only in case, blanks, Unicode form or as numbers: {shown}",
        remedy="set source.label_spellings to merge to make them one class, or to keep if they are different classes",
        values={"column": label, "labels": several[:20]},
    )
