"""Spool rows of already typed values (JSON lines, SQL) to disk, and decide column types after the last row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TypeVar

import pyarrow as pa

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest._names import MAX_COLUMNS, check_names, resolve_column, unsupported_label
from counterpoise.ingest._snapshot_files import Content, write_snapshot_file
from counterpoise.ingest._text.column_types import declared_rule
from counterpoise.ingest._values.kinds import Kind, array_of, count_kinds, kind_of, text_of, type_of
from counterpoise.runtime import Progress

T = TypeVar("T")

BATCH_BYTES = 16 << 20
"""The approximate limit on a batch's text in bytes; as Python and Arrow objects it takes a few times as much."""


def in_batches(rows: Iterable[tuple[T, int]], most: int) -> Iterator[list[T]]:
    """Yield rows in lists that respect the limits on rows and bytes.

    Args:
        rows: Each row with its size in bytes.
        most: The maximum number of rows in a list.

    >>> list(in_batches([("a", 1), ("b", 16 << 20), ("c", 1)], 10))
    [['a', 'b'], ['c']]
    """
    batch: list[T] = []
    size = 0
    for row, width in rows:
        batch.append(row)
        size += width
        if len(batch) >= most or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


_NUMERIC: frozenset[Kind] = frozenset({"integer", "long_integer", "float", "decimal"})
_NUMERIC_SHARE = 0.99
_CELLS = 1_000_000
_EXACT_INTEGERS = 2**53


def spool_rows(columns: int) -> int:
    """Return the number of rows to add to a spool at a time, given the number of columns.

    >>> spool_rows(31), spool_rows(10_000)
    (32258, 256)
    """
    return max(256, min(32_768, _CELLS // max(columns, 1)))


@dataclass
class _Facts:
    """Statistics of a column: values by kind, the first row and text of each kind, and the size of numbers."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    first: dict[Kind, tuple[int, str]] = field(default_factory=dict)
    digits: int = 0
    scale: int = 0
    exact_floats: bool = True

    def add(self, values: Sequence[Any], first_row: int) -> frozenset[Kind]:
        """Record values and return their kinds."""
        counted = count_kinds(values)
        for kind in counted:
            if kind not in self.first:
                position = next(
                    place for place, value in enumerate(values) if value is not None and kind_of(value) == kind
                )
                self.first[kind] = (first_row + position + 1, (text_of(values[position]) or "")[:2_000])
        self.kinds += counted
        if counted.keys() & {"integer", "long_integer"}:
            self._add_integers([value for value in values if type(value) is int])
        if "decimal" in counted:
            self._add_decimals([value for value in values if isinstance(value, Decimal) and value.is_finite()])
        return frozenset(counted)

    def _add_integers(self, values: Sequence[int]) -> None:
        low, high = min(values), max(values)
        self.digits = max(self.digits, len(str(abs(low))), len(str(abs(high))))
        self.exact_floats = self.exact_floats and low >= -_EXACT_INTEGERS and high <= _EXACT_INTEGERS

    def _add_decimals(self, values: Sequence[Decimal]) -> None:
        for value in values:
            _, digits, exponent = value.as_tuple()
            shift = int(exponent)
            self.digits = max(self.digits, len(digits) + shift)
            self.scale = max(self.scale, -shift)


class Spool:
    """A buffer on disk for rows whose column types are not yet known.

    Args:
        path: The file to spool to.
        source: Missing values and declared types.
        target: The name or position of the label column.
        elsewhere: Columns that will be added to the rows.
    """

    def __init__(self, path: Path, source: SourceConfig, target: str, *, elsewhere: Sequence[str] = ()) -> None:
        self._path = path
        self._file = pa.OSFile(str(path), "wb")
        self._tokens = frozenset(token.strip() for token in source.missing_values)
        self._declared = {name: declared_type(name, text) for name, text in source.types_to_read().items()}
        self._typed_columns = tuple(source.type_overrides())
        self._label_tokens = frozenset(source.label_tokens())
        self._target, self._elsewhere = target, elsewhere
        self._label = ""
        self._facts: dict[str, _Facts] = {}
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Add rows, given as columns of equal length. Rows without a column have missing values in it.

        Raises:
            InputError: There are too many columns, or no column type can hold a value.
        """
        rows = len(next(iter(columns.values()), ()))
        for name in columns:
            self._facts.setdefault(name, _Facts())
        if len(self._facts) > MAX_COLUMNS:
            check_names(list(self._facts))
        self._label = self._label or self._resolved()
        arrays = [self._array(name, values) for name, values in columns.items()]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        with pa.ipc.new_stream(self._file, batch.schema) as writer:
            writer.write_batch(batch)
        self.rows += rows

    def finish(self, path: Path, progress: Progress) -> Content:
        """Write all rows to one Parquet file, giving each column the type that preserves all its values.

        Args:
            path: The file to create.
            progress: Callback for the number of rows written.

        Raises:
            InputError: Labels are of several kinds, a column of numbers contains a few texts, or a declared type cannot
                hold a value.
        """
        names = list(self._facts)
        check_names(names)
        self._label = resolve_column([*names, *self._elsewhere], self._target)
        if unknown := [name for name in self._typed_columns if name not in names]:
            raise ColumnNotFoundError.from_names(unknown, names, field="source.types")
        self._file.close()
        decided = {name: self._decide(name, facts) for name, facts in self._facts.items()}
        schema = pa.schema([(name, kind) for name, (kind, _) in decided.items()])
        file = write_snapshot_file(path, schema, self._typed_batches(schema, progress))
        return Content((file,), schema, notes=tuple(note for _, note in decided.values() if note))

    def _resolved(self) -> str:
        try:
            return resolve_column(list(self._facts), self._target)
        except ColumnNotFoundError:
            return ""

    def _array(self, name: str, values: Sequence[Any]) -> pa.Array:
        tokens = self._label_tokens if name == self._label else self._tokens
        texts = str in set(map(type, values))
        cells = (
            [None if type(value) is str and value.strip() in tokens else value for value in values] if texts else values
        )
        facts = self._facts[name]
        kinds = facts.add(cells, self.rows)
        if "unsupported" in kinds:
            row, text = facts.first["unsupported"]
            raise InputError(
                "unsupported_type",
                expected="numbers, texts, booleans, dates, times, bytes or nested values",
                found=f"{text[:120]!r} in row {row:,} of column {name!r}",
                remedy="cast the column to text in the query",
                values={"column": name, "row": row},
            )
        try:
            return array_of(cells, kinds)
        except UnicodeEncodeError as error:
            raise InputError(
                "invalid_text",
                expected=f"texts in column {name!r} that can be written as UTF-8",
                found=f"{str(error.object)[:120]!r}",
                remedy="fix the text in the source",
                values={"column": name},
            ) from None

    def _decide(self, name: str, facts: _Facts) -> tuple[pa.DataType, str]:
        """Return a column's type, and a note if it becomes text although its values are not."""
        if name in self._declared:
            return self._declared[name], ""
        kinds = frozenset(facts.kinds)
        if not kinds:
            return pa.string(), f"column {name!r} has only missing values: kept as text"
        if name == self._label and "nested" in kinds:
            raise unsupported_label(name, "list or structure")
        kind = type_of(kinds, digits=facts.digits, scale=facts.scale, exact_floats=facts.exact_floats)
        if kind is not None:
            return kind, ""
        if len(kinds) > 1 and name == self._label:
            raise _mixed_labels(name, facts)
        if "text" in kinds and _NUMERIC & kinds:
            _check_few_texts(name, facts)
        return pa.string(), f"column {name!r} is kept as text: it holds {', '.join(sorted(kinds))} values"

    def _typed_batches(self, schema: pa.Schema, progress: Progress) -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in self._spooled():
            arrays = [self._typed(batch, column, done) for column in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            done += batch.num_rows
            progress(done, self.rows)

    def _typed(self, batch: pa.RecordBatch, column: pa.Field, first_row: int) -> pa.Array:
        position = batch.schema.get_field_index(column.name)
        if position < 0 or pa.types.is_null(batch.column(position).type):
            return pa.nulls(batch.num_rows, column.type)
        array = batch.column(position)
        if column.type == pa.string() and array.type != pa.string():
            return pa.array([text_of(value) for value in array.to_pylist()], pa.string())
        if column.name in self._declared:
            return cast_declared(array, column, first_row)
        if pa.types.is_decimal(column.type):
            return array.cast(pa.string()).cast(column.type)
        return array.cast(column.type)

    def _spooled(self) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(self._path), "rb") as file:
            while file.tell() < file.size():
                with pa.ipc.open_stream(file) as reader:
                    yield from reader


def _mixed_labels(name: str, facts: _Facts) -> InputError:
    found = ", ".join(f"{kind} {text[:60]!r} in row {row:,}" for kind, (row, text) in facts.first.items())
    return InputError(
        "mixed_label_types",
        expected=f"labels of one kind in column {name!r}",
        found=found,
        remedy=f"write all labels the same way, or declare source.types: {name}=string",
        values={"column": name, "kinds": dict(facts.kinds)},
    )


def _check_few_texts(name: str, facts: _Facts) -> None:
    numbers = sum(facts.kinds[kind] for kind in _NUMERIC)
    if numbers < _NUMERIC_SHARE * facts.kinds.total():
        return
    row, text = facts.first["text"]
    raise InputError(
        "type_change",
        expected=f"only numbers in column {name!r}",
        found=f"{text[:120]!r} in row {row:,} ({facts.kinds['text']:,} of {facts.kinds.total():,} values are texts)",
        remedy=f"add {text.strip()[:120]!r} to source.missing_values if it means missing, "
        f"or declare source.types: {name}=string",
        values={"column": name, "row": row, "value": text, "misfits": facts.kinds["text"]},
    )


_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
} | {f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)}


def declared_type(column: str, declared: str) -> pa.DataType:
    """Return the Arrow type that `source.types` declares for a column.

    Raises:
        ConfigError: The type does not exist.

    >>> declared_type("price", "decimal(10, 2)")
    Decimal128Type(decimal128(10, 2))
    """
    rule = declared_rule(column, declared)
    match = re.fullmatch(r"DECIMAL\((\d+), (\d+)\)", rule.sql)
    return pa.decimal128(int(match[1]), int(match[2])) if match else _ARROW[declared.strip().lower()]


def cast_declared(array: pa.Array, column: pa.Field, first_row: int) -> pa.Array:
    """Cast values to the declared type.

    Args:
        array: The values.
        column: The column's name and declared type.
        first_row: The 0-based row number of the first value.

    Raises:
        InputError: A value does not fit.
    """
    try:
        return array.cast(column.type)
    except pa.ArrowInvalid:
        position = next(number for number in range(len(array)) if not _fits(array[number], column.type))
        row, value = first_row + position + 1, str(array[position].as_py())
        raise InputError(
            "value_does_not_fit",
            expected=f"only values of type {column.type} in column {column.name!r}, as declared in source.types",
            found=f"{value[:120]!r} in row {row:,}",
            remedy=f"add it to source.missing_values if it means missing, or correct {column.name} in source.types",
            values={"column": column.name, "row": row, "value": value[:2_000]},
        ) from None


def _fits(value: pa.Scalar, kind: pa.DataType) -> bool:
    try:
        value.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True
