"""Turn texts of a column into the values that a notation declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, InputError
from counterpoise.ingest._notations.notation import Notation
from counterpoise.ingest._notations.registry import AS_TEXT, notation_named
from counterpoise.ingest._notations.survey import TextColumn
from counterpoise.ingest._notations.typed import TextFacts, castable
from counterpoise.ingest._values.spool import cast_declared, declared_type

Columns = Mapping[str, TextColumn]


@dataclass(frozen=True)
class Conversion:
    """A column's new type, and the function that converts its chunks, given the row number of the first value."""

    type: pa.DataType
    convert: Callable[[pa.Array, int], pa.Array]


def declared_conversions(source: SourceConfig, schema: pa.Schema, texts: Columns, label: str) -> dict[str, Conversion]:
    """Return the conversions that `source.notations` declares, by column.

    Args:
        source: The declared notations and types.
        schema: All columns.
        texts: The columns of texts.
        label: The label column, which a notation for all columns leaves as it is.

    Raises:
        ConfigError: There is no such notation.
        ColumnNotFoundError: There is no such column.
        InputError: A column is not text, or a value is not in the declared notation.
    """
    declared = source.column_notations()
    named = {name: notation_named(one, column=name) for name, one in declared.items() if one != AS_TEXT}
    common = [notation_named(notation, column="*") for notation in source.common_notations()]
    if unknown := [name for name in declared if name not in schema.names]:
        raise ColumnNotFoundError.from_names(unknown, schema.names, field="source.notations")
    for name in named:
        if name not in texts:
            raise _not_text(name, schema.field(name).type)
    found = {name: _conversion(name, notation, texts[name], source) for name, notation in named.items()}
    rest = [name for name in texts if name not in {*declared, *source.type_overrides(), label}]
    return found | dict(_common(common, rest, texts, source))


def _common(
    notations: list[Notation], names: list[str], texts: Columns, source: SourceConfig
) -> Iterator[tuple[str, Conversion]]:
    for name in names:
        for notation in notations:
            if _facts(notation, texts[name]) is not None:
                yield name, _conversion(name, notation, texts[name], source)
                break


def _facts(notation: Notation, column: TextColumn) -> TextFacts | None:
    """Return the facts of a column of at least one text; None if a text is not in the notation."""
    facts, read = TextFacts(), 0
    for texts in column.texts():
        plain = notation.read(texts)
        if plain.null_count:
            return None
        facts, read = facts + TextFacts.of(plain, notation.kind), read + len(plain)
    return facts if read and facts.type_of(notation.kind) is not None else None


def _conversion(name: str, notation: Notation, column: TextColumn, source: SourceConfig) -> Conversion:
    """Return the conversion of a column whose texts are all in a notation.

    Raises:
        InputError: A text is not in the notation, or no type holds its digits.
    """
    facts = TextFacts()
    row = 0
    for chunk in column.chunks():
        plain = notation.read(chunk)
        if plain.null_count > chunk.null_count:
            raise _misfit(name, notation, chunk, plain, row)
        facts, row = facts + TextFacts.of(plain, notation.kind), row + len(chunk)
    declared = source.type_overrides().get(name)
    kind = declared_type(name, declared) if declared else facts.type_of(notation.kind)
    if kind is None:
        raise InputError(
            "too_many_digits",
            expected=f"numbers of at most 38 digits in column {name!r}",
            found=f"{facts.whole + facts.scale} digits",
            remedy=f"declare source.types: {name}=float64 to round them, or remove {name} from source.notations",
            values={"column": name, "digits": facts.whole + facts.scale},
        )
    field = pa.field(name, kind)
    return Conversion(kind, lambda chunk, first: cast_declared(castable(notation.read(chunk), kind), field, first))


def _misfit(name: str, notation: Notation, chunk: pa.Array, plain: pa.Array, first_row: int) -> InputError:
    position = next(number for number in range(len(chunk)) if chunk[number].is_valid and not plain[number].is_valid)
    row, value = first_row + position + 1, str(chunk[position].as_py())
    return InputError(
        "value_does_not_fit",
        expected=f"only {notation.label} in column {name!r}, as source.notations declares with {notation.name!r}",
        found=f"{value[:120]!r} in row {row:,}",
        remedy=f"correct the value, or {name} in source.notations, or add it to source.missing_values if it means "
        "missing and the source is text or a database",
        values={"column": name, "row": row, "value": value[:2_000], "notation": notation.name},
    )


def _not_text(name: str, kind: pa.DataType) -> ConfigError:
    return ConfigError(
        "notation_not_applicable",
        expected=f"a column of texts where source.notations names {name!r}",
        found=f"the type {kind}, which the source itself declares",
        remedy=f"remove {name} from source.notations",
        values={"column": name, "type": str(kind)},
    )
