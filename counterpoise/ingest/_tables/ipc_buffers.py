"""Compute the decompressed buffer sizes of an Arrow IPC file from its messages, without decompressing anything.

Messages are FlatBuffers tables, see https://arrow.apache.org/docs/format/Columnar.html. pyarrow does not expose their
fields, and it decompresses a batch as soon as its rows are requested.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

_MAGIC = b"ARROW1"
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2
_LONGEST_FOOTER = 1 << 28


def batch_bytes(file: IO[bytes]) -> Iterator[int]:
    """Yield the decompressed size in bytes of each dictionary and each record batch.

    Raises:
        ValueError: The file is damaged.
    """
    try:
        for start, length in _blocks(file):
            yield _plain_bytes(file, start, length)
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"damaged messages: {error}") from None


def _blocks(file: IO[bytes]) -> list[tuple[int, int]]:
    """Return the start of each message and its length without the body, from the footer."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 10))
    (length,), magic = struct.unpack("<i", file.read(4)), file.read(6)
    if magic != _MAGIC or not 0 < length < min(size, _LONGEST_FOOTER):
        raise ValueError("no footer")
    file.seek(size - 10 - length)
    footer = _Table.root(file.read(length))
    blocks = [
        struct.unpack_from("<qi4xq", footer.data, place) for number in (2, 3) for place in footer.vector(number, 24)
    ]
    if any(not (start >= 0 and head > 0 and body >= 0 and start + head + body <= size) for start, head, body in blocks):
        raise ValueError("a message beyond the end of the file")
    return [(start, head) for start, head, _ in blocks]


def _plain_bytes(file: IO[bytes], start: int, length: int) -> int:
    file.seek(start)
    data = file.read(length)
    skipped = 8 if data[:4] == b"\xff\xff\xff\xff" else 4
    message = _Table.root(data[skipped:])
    kind, batch = message.byte(1), message.table(2)
    if kind == _DICTIONARY_BATCH and batch is not None:
        batch = batch.table(1)
    elif kind != _RECORD_BATCH:
        raise ValueError("a message that is not a batch")
    if batch is None:
        raise ValueError("a message without a batch")
    buffers = [struct.unpack_from("<qq", batch.data, place) for place in batch.vector(2, 16)]
    if not batch.place(3):
        return sum(size for _, size in buffers)
    return sum(_plain_size(file, start + length + offset, size) for offset, size in buffers if size)


def _plain_size(file: IO[bytes], place: int, size: int) -> int:
    file.seek(place)
    (plain,) = struct.unpack("<q", file.read(8))
    return size if plain == -1 else max(int(plain), 0)


class _Table:
    """A FlatBuffers table in bytes."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data, self.start = data, start
        self._fields = start - struct.unpack_from("<i", data, start)[0]
        if start < 0 or self._fields < 0:
            raise IndexError("a table outside its message")

    @classmethod
    def root(cls, data: bytes) -> _Table:
        """Return the outermost table."""
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def place(self, number: int) -> int:
        """Return the offset of a field; 0 if it is not set."""
        if 4 + 2 * number >= struct.unpack_from("<H", self.data, self._fields)[0]:
            return 0
        (offset,) = struct.unpack_from("<H", self.data, self._fields + 4 + 2 * number)
        return self.start + offset if offset else 0

    def byte(self, number: int) -> int:
        """Return a one-byte field."""
        place = self.place(number)
        return self.data[place] if place else 0

    def table(self, number: int) -> _Table | None:
        """Return a nested table."""
        place = self.place(number)
        return _Table(self.data, place + struct.unpack_from("<I", self.data, place)[0]) if place else None

    def vector(self, number: int, width: int) -> range:
        """Return the offsets of a vector's items, given their width in bytes."""
        place = self.place(number)
        if not place:
            return range(0)
        start = place + struct.unpack_from("<I", self.data, place)[0]
        (count,) = struct.unpack_from("<I", self.data, start)
        if start + 4 + count * width > len(self.data):
            raise IndexError("a vector outside its message")
        return range(start + 4, start + 4 + count * width, width)
