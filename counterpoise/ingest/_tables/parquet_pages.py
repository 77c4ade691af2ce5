"""Read the footer and the page headers of a Parquet file without decoding any page.

The footer may give wrong sizes, and readers trust the pages. Both are Thrift structs in the compact protocol, see
https://github.com/apache/parquet-format. None of our dependencies reads headers without decoding the page. pyarrow
aborts the process when it accesses a column of a damaged footer, so this module parses the footer as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

_HEADER = 1 << 14
_LONGEST_HEADER = 1 << 24
_DICTIONARY, _DATA, _DATA_2 = 2, 0, 3
_DEPTH = 16


class DamagedHeaderError(ValueError):
    """The bytes are not a page header, or the header contradicts the footer."""


@dataclass(frozen=True)
class Page:
    """The header of a page.

    Attributes:
        dictionary: Whether the page holds a dictionary instead of rows.
        values: The number of values, including nulls.
        encoding: The number of the values' encoding.
        plain: The decompressed size in bytes.
    """

    dictionary: bool
    values: int
    encoding: int
    plain: int


@dataclass(frozen=True)
class Chunk:
    """The footer's entry for a column in a row group.

    Attributes:
        path: The column's path in the schema.
        kind: The number of its physical type.
        values: The number of values, including nulls.
        start: The offset of its first page.
        stored: The size of its pages in the file in bytes.
    """

    path: str
    kind: int
    values: int
    start: int
    stored: int


@dataclass(frozen=True)
class Group:
    """The footer's entry for a row group."""

    rows: int
    chunks: tuple[Chunk, ...]


def row_groups(file: IO[bytes]) -> list[Group]:
    """Return the row groups listed in the footer.

    Raises:
        DamagedHeaderError: The footer is damaged.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    length = int.from_bytes(file.read(4), "little")
    file.seek(max(0, size - 8 - length))
    try:
        footer = _Compact(file.read(length)).struct()
        groups = [Group(_size(group, 3), tuple(map(_chunk, group[1]))) for group in footer.get(4, [])]
        total = _size(footer, 3)
    except (IndexError, KeyError, TypeError, AttributeError):
        raise DamagedHeaderError("a damaged footer") from None
    if sum(group.rows for group in groups) != total:
        raise DamagedHeaderError(f"{total:,} rows in all, {sum(group.rows for group in groups):,} in row groups")
    return groups


def _chunk(column: dict[int, Any]) -> Chunk:
    facts = column[3]
    start = _size(facts, 9)
    if facts.get(11):
        start = min(start, _size(facts, 11))
    path = b".".join(facts[3]).decode(errors="backslashreplace")
    return Chunk(path, _size(facts, 1), _size(facts, 5), start, _size(facts, 7))


def chunk_pages(file: IO[bytes], chunk: Chunk) -> Iterator[Page]:
    """Yield the pages of a column in a row group up to its last value.

    Raises:
        DamagedHeaderError: A header is damaged, or the pages and the footer disagree on the number of values.
    """
    start, end, values = chunk.start, chunk.start + chunk.stored, 0
    while values < chunk.values:
        if not 0 <= start < end:
            raise DamagedHeaderError(f"{values:,} values in pages, {chunk.values:,} in the footer")
        header, length = _header(file, start)
        page = _page(header)
        yield page
        values += 0 if page.dictionary else page.values
        start += length + header[3]
    if values > chunk.values:
        raise DamagedHeaderError(f"{values:,} values in pages, {chunk.values:,} in the footer")


def _page(header: dict[int, Any]) -> Page:
    kind = header.get(1)
    inner = header.get({_DICTIONARY: 7, _DATA: 5, _DATA_2: 8}.get(kind if isinstance(kind, int) else -1, 0))
    if kind not in (_DICTIONARY, _DATA, _DATA_2):
        return Page(True, 0, 0, _size(header, 2))  # an index, which readers skip
    if not isinstance(inner, dict):
        raise DamagedHeaderError("a page of an unknown kind")
    return Page(kind == _DICTIONARY, _size(inner, 1), _size(inner, 4 if kind == _DATA_2 else 2), _size(header, 2))


def _size(struct: dict[int, Any], number: int) -> int:
    value = struct.get(number)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DamagedHeaderError("a page header without a size")
    return value


def _header(file: IO[bytes], start: int) -> tuple[dict[int, Any], int]:
    """Return the fields of the header at an offset, and its length; statistics can make it long."""
    most = _HEADER
    while True:
        file.seek(start)
        data = file.read(most)
        try:
            reader = _Compact(data)
            header = reader.struct()
        except IndexError:
            if len(data) < most or most >= _LONGEST_HEADER:
                raise DamagedHeaderError("a page header that does not end") from None
            most *= 16
            continue
        _size(header, 3)
        return header, reader.place


class _Compact:
    """Parses Thrift's compact protocol; raises an IndexError at the end of the data."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return a struct's values by field number."""
        if depth > _DEPTH:
            raise DamagedHeaderError("a page header nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        read = {3: self._byte, 4: self._integer, 5: self._integer, 6: self._integer}.get(kind)
        if read is not None:
            return read()
        if kind in (7, 8):
            return self._bytes(8 if kind == 7 else self._varint())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.struct(depth + 1)
        raise DamagedHeaderError("a page header with a field of an unknown type")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > len(self.data):
            raise DamagedHeaderError("a page header with a list that does not end")
        kind = head & 15 if head & 15 not in (1, 2) else 3  # booleans take a full byte here
        return [self._value(kind, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        self.place += 1
        return self.data[self.place - 1]

    def _bytes(self, count: int) -> bytes:
        self.place += count
        if self.place > len(self.data):
            raise IndexError
        return self.data[self.place - count : self.place]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise DamagedHeaderError("a page header with a number that does not end")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
