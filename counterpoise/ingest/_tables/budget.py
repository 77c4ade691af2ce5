"""Check Parquet and Arrow files against a memory budget before decoding them.

Both formats store repeated values once, so a file of a few kilobytes can decode to gigabytes. The check computes the
fully expanded size of the columns from page headers and lengths. Only then are the values decoded once, in bounded
batches, so that damage is found here and not in a later stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from counterpoise.errors import InputError
from counterpoise.ingest._tables.ipc_buffers import batch_bytes
from counterpoise.ingest._tables.parquet_pages import Chunk, DamagedHeaderError, Group, Page, chunk_pages, row_groups

GROUP_BYTES = 2 << 30
"""The maximum decoded size of a row group or record batch; reading columns holds that much in memory."""

FREE_BYTES = 1 << 30
"""The decoded size that is always allowed, however small the file: two million rows of one value are no attack."""

_MAX_RATIO = 400
_BATCH_BYTES = 32 << 20
_FEWEST_ROWS, _MOST_ROWS = 64, 65_536
_PLAIN, _DELTA_LENGTH, _DELTA = 0, 6, 7
_WIDTHS = {0: 1, 1: 4, 2: 8, 3: 8, 4: 4, 5: 8, 6: 4}
"""Bytes per value by the number of the physical type; for texts, the size of an offset."""

_TEXT = 6


@dataclass(frozen=True)
class _Leaf:
    """A leaf column in one row group, with its known size and an upper bound for its repeated texts.

    Attributes:
        path: Its path in the schema.
        sure: Bytes of fixed-width values, of offsets and of texts stored in full.
        longest: An upper bound on the bytes of one repeated text.
        repeated: The number of texts taken from a dictionary or derived from the preceding text.
        sliced: Whether texts are delta-encoded, so that reading them as a dictionary does not keep them small.
    """

    path: str
    sure: int
    longest: int = 0
    repeated: int = 0
    sliced: bool = False


class _Budget:
    """Adds up the decoded size of a file and rejects the file when it is over the limit."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind
        self._stored, self._done = path.stat().st_size, 0
        self.left = min(GROUP_BYTES, self._most())

    def _most(self) -> int:
        return max(FREE_BYTES, _MAX_RATIO * self._stored)

    def share(self, part: float) -> int:
        """Return the decoded size that a share of the rows may have without a closer look."""
        return min(self.left, int(self._most() * part))

    def add(self, number: int, decoded: int) -> None:
        """Add a row group or record batch.

        Raises:
            InputError: The part or the whole file is over the limit.
        """
        if decoded > GROUP_BYTES:
            raise InputError(
                "row_group_too_large",
                expected=f"{self._parts} that decode to at most {_size(GROUP_BYTES)}",
                found=f"{_size(decoded)} or more in {self._part} {number} of {self._path.name}",
                remedy=f"write the file again with smaller {self._parts}",
                values={"file": self._path.name, "row_group": number, "bytes": decoded},
            )
        self._done += decoded
        if self._done > self._most():
            raise InputError(
                "decompression_bomb",
                expected=f"data that decodes to at most {_MAX_RATIO} times its size (or to {_size(FREE_BYTES)})",
                found=f"{self._path.name}: {self._stored:,} bytes decode to {self._done:,} or more",
                remedy="check where the file comes from; if you trust it, write it again without dictionaries and "
                "compression",
                values={"file": self._path.name, "bytes": self._stored, "decoded": self._done},
            )
        self.left = min(GROUP_BYTES, self._most() - self._done)

    @property
    def _part(self) -> str:
        return "row group" if self._kind == "parquet" else "record batch"

    @property
    def _parts(self) -> str:
        return "row groups" if self._kind == "parquet" else "record batches"


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):,.0f} MiB"


def check_parquet(path: Path) -> tuple[pa.Schema, int]:
    """Decode a Parquet file within the budget, and return its schema and number of rows.

    Raises:
        InputError: The file is damaged or exceeds the budget.
    """
    with pq.ParquetFile(path, page_checksum_verification=True) as file, path.open("rb") as raw:
        budget = _Budget(path, "parquet")
        try:
            groups = row_groups(raw)
        except DamagedHeaderError as error:
            raise damaged(path, "parquet", str(error)) from None
        if file.metadata.num_row_groups != len(groups) or file.metadata.num_rows != sum(g.rows for g in groups):
            raise damaged(path, "parquet", "a damaged footer")
        for number, group in enumerate(groups):
            share = budget.share(group.rows / max(file.metadata.num_rows, 1))
            decoded = _group_bytes(path, _leaves(path, raw, file, (number, group)), number, share, budget.left)
            budget.add(number, decoded)
            _decode(path, file, (number, group.rows), decoded)
        return file.schema_arrow, file.metadata.num_rows


def _leaves(path: Path, raw: IO[bytes], file: pq.ParquetFile, numbered: tuple[int, Group]) -> list[_Leaf]:
    """Return the leaf columns of a row group, given by its number and its footer entry."""
    number, group = numbered
    if len(group.chunks) != len(file.schema):
        raise damaged(path, "parquet", f"{len(group.chunks):,} columns of {len(file.schema):,}", row_group=number)
    leaves = []
    for place, chunk in enumerate(group.chunks):
        try:
            leaves.append(_leaf(group.rows, chunk, file.schema.column(place), list(chunk_pages(raw, chunk))))
        except DamagedHeaderError as error:
            raise damaged(path, "parquet", str(error), row_group=number, column=chunk.path) from None
    return leaves


def _group_bytes(path: Path, leaves: Sequence[_Leaf], number: int, share: int, left: int) -> int:
    """Return an upper bound on the decoded size of a row group; a value above `left` means that it is over the limit.

    The texts of a column are examined only if the longest possible ones would take more than its share.
    """
    sure = sum(leaf.sure for leaf in leaves)
    for leaf in leaves:
        if sure > left:
            break
        longest = leaf.repeated * leaf.longest
        sure += longest if sure + longest <= share else _text_bytes(path, number, leaf, (share - sure, left - sure))
    return sure


def _leaf(rows: int, chunk: Chunk, column: Any, pages: Sequence[Page]) -> _Leaf:
    nested = column.max_repetition_level > 0
    if not nested and chunk.values != rows:
        raise DamagedHeaderError(f"{chunk.values:,} values in {rows:,} rows")
    plain = sum(page.plain for page in pages)
    width = _WIDTHS.get(chunk.kind) or column.length
    width = max(width, 16 if str(column.logical_type).startswith("Decimal") else 0) + 4 * nested
    fixed = chunk.values * width
    if chunk.kind != _TEXT:
        return _Leaf(column.path, max(fixed, plain))
    data = [page for page in pages if not page.dictionary]
    repeated = sum(page.values for page in data if page.encoding not in (_PLAIN, _DELTA_LENGTH))
    sliced = any(page.encoding == _DELTA for page in data)
    longest = max((page.plain for page in (data if sliced else pages) if sliced or page.dictionary), default=0)
    return _Leaf(column.path, fixed + plain, longest, repeated, sliced)


def _text_bytes(path: Path, number: int, leaf: _Leaf, limits: tuple[int, int]) -> int:
    """Return the expanded size of a column's texts in bytes; if there are too many, any number above the limit.

    Below the first of two limits an overestimate is good enough; above the second, counting stops.

    The texts are read as dictionary codes, which store a repeated text once. Delta-encoded texts are decoded instead,
    in batches so small that even the longest possible texts fit.
    """
    few = max(1, _BATCH_BYTES // max(leaf.longest, 1)) if leaf.sliced else _MOST_ROWS
    root, total = leaf.path.partition(".")[0], 0
    with pq.ParquetFile(path, read_dictionary=[] if leaf.sliced else [leaf.path]) as file:
        names = [name for name in file.schema_arrow.names if name == root or leaf.path.startswith(f"{name}.")]
        for batch in file.iter_batches(min(few, _MOST_ROWS), row_groups=[number], columns=names, use_threads=False):
            if not total and leaf.repeated * (longest := _longest(batch.columns)) <= limits[0] and longest:
                return leaf.repeated * longest
            total += sum(map(expanded_bytes, batch.columns))
            if total > limits[1]:
                break
    return total


def _longest(arrays: Sequence[pa.Array]) -> int:
    """Return the length of the longest text in the arrays' dictionaries, which cover all rows; 0 without any."""
    lengths = [0]
    for array in arrays:
        if pa.types.is_dictionary(array.type) and _is_text(array.type.value_type):
            lengths.append(pc.max(pc.binary_length(array.dictionary)).as_py() or 0)
        elif pa.types.is_nested(array.type):
            lengths.append(_longest(list(_children(array))))
    return max(lengths)


def _decode(path: Path, file: pq.ParquetFile, numbered: tuple[int, int], decoded: int) -> None:
    """Decode a row group, given by its number and its rows, once in bounded batches."""
    number, rows = numbered
    if not rows:
        return
    width = max(1, decoded // rows)
    size = max(_FEWEST_ROWS if width < _BATCH_BYTES // _FEWEST_ROWS else 1, min(_MOST_ROWS, _BATCH_BYTES // width))
    read = 0
    try:
        for batch in file.iter_batches(size, row_groups=[number]):
            _validate(batch)
            read += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(path, "parquet", str(error), row_group=number, column=_broken(path, number)) from None
    if read != rows:
        raise damaged(path, "parquet", f"{read:,} rows, but {rows:,} in the footer", row_group=number)


def _broken(path: Path, number: int) -> str:
    """Return the first column that cannot be decoded, for the error message."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for name in file.schema_arrow.names:
            try:
                for batch in file.iter_batches(_FEWEST_ROWS, row_groups=[number], columns=[name], use_threads=False):
                    _validate(batch)
            except (pa.ArrowException, OSError):
                return str(name)
    return ""


def check_arrow(path: Path) -> tuple[pa.Schema, int]:
    """Decode an Arrow IPC file within the budget, and return its schema and number of rows.

    Raises:
        InputError: The file is damaged or exceeds the budget.
    """
    budget = _Budget(path, "arrow")
    try:
        with path.open("rb") as raw:
            for number, size in enumerate(batch_bytes(raw)):
                budget.add(number, size)
    except ValueError as error:
        raise damaged(path, "arrow", str(error)) from None
    budget, rows = _Budget(path, "arrow"), 0
    with pa.memory_map(str(path)) as memory, pa.ipc.open_file(memory) as reader:
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            _validate(batch)
            budget.add(number, sum(map(expanded_bytes, batch.columns)))
            rows += batch.num_rows
        return reader.schema, rows


def _validate(batch: pa.RecordBatch) -> None:
    """Check offsets, codes and UTF-8; dates in milliseconds are checked later, when they are converted to days."""
    for column in batch.columns:
        column.validate(full=column.type != pa.date64())


def expanded_bytes(array: pa.Array) -> int:
    """Return the size of an array in bytes with dictionaries and views expanded to their values.

    >>> expanded_bytes(pa.array(["abcd", "abcd", None]).dictionary_encode())
    20
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        return 4 * len(array) + _dictionary_bytes(array)
    if kind in (pa.string_view(), pa.binary_view()):
        views = np.frombuffer(array.buffers()[1], np.int32)[::4][array.offset : array.offset + len(array)]
        return int(views.astype(np.int64).sum()) + 4 * len(array)
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        inner = array.values
        return int(pc.sum(pc.list_value_length(array)).as_py() or 0) * -(-expanded_bytes(inner) // max(len(inner), 1))
    if pa.types.is_nested(kind) and not pa.types.is_union(kind):
        return 4 * len(array) + sum(map(expanded_bytes, _children(array)))
    return int(array.nbytes)


def _children(array: pa.Array) -> Iterator[pa.Array]:
    if pa.types.is_struct(array.type):
        yield from array.flatten()
    elif pa.types.is_map(array.type):
        yield from (array.keys, array.items)
    elif hasattr(array, "flatten"):
        yield array.flatten()


def _dictionary_bytes(array: pa.Array) -> int:
    """Return the total bytes of a dictionary's values, counting each as often as it is used."""
    values = array.dictionary
    if not _is_text(values.type):
        return len(array) * -(-expanded_bytes(values) // max(len(values), 1))
    used = pc.binary_length(values).cast(pa.int64()).take(array.indices)
    return int(pc.sum(used).as_py() or 0)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def damaged(path: Path, kind: str, why: str, **place: int | str) -> InputError:
    """Return the error for a file that cannot be decoded, with the row group and column if they are known."""
    at = f", row group {place['row_group']}" if "row_group" in place else ""
    at += f", column {place['column']!r}" if place.get("column") else ""
    return InputError(
        "unreadable_table",
        expected=f"a complete {kind} file",
        found=f"{path.name}{at} cannot be read ({(why.splitlines() or ['damaged'])[0]})",
        remedy="copy or write the file again",
        values={"file": path.name, **place},
    )
