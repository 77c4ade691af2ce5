"""Read gzip, zstd and plain files as bytes, with a limit on how far compressed data may grow."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, cast

import pyarrow as pa

from counterpoise.errors import InputError

Compression = Literal["none", "gzip", "zstd"]

COMPRESSED_SUFFIXES = (".gz", ".zst", ".gzip", ".zstd")

_BLOCK = 1 << 22
_HEAD = 1 << 13
_FREE_BYTES = 64 << 20
_MAX_RATIO = 400


def compression_of(head: bytes) -> Compression:
    """Return the compression of a file, recognised by its first bytes.

    >>> compression_of(b"a,b")
    'none'
    """
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else "none"


def read_head(path: Path) -> tuple[bytes, bytes]:
    """Return a file's first bytes twice: as stored and decompressed."""
    with open(path, "rb") as file:
        raw = file.read(_HEAD)
    if compression_of(raw) == "none":
        return raw, raw
    return raw, next(iter(_decompressed(path, compression_of(raw), size=_HEAD)), b"")


def plain_blocks(path: Path) -> Iterator[bytes]:
    """Yield a file's decompressed content in blocks of a few megabytes.

    Raises:
        InputError: The compressed data is truncated or damaged, or expands suspiciously (more than 400-fold and to more
            than 64 MiB).
    """
    with open(path, "rb") as file:
        compression = compression_of(file.read(4))
    if compression == "none":
        yield from _blocks(path)
        return
    stored, done = path.stat().st_size, 0
    for block in _decompressed(path, compression, size=_BLOCK):
        done += len(block)
        if done > max(_FREE_BYTES, stored * _MAX_RATIO):
            raise InputError(
                "decompression_bomb",
                expected=f"compressed data that expands at most {_MAX_RATIO}-fold (or to {_FREE_BYTES >> 20} MiB)",
                found=f"{path.name}: {stored:,} bytes expanded to more than {done:,}",
                remedy="check where the file comes from; if you trust it, decompress it first",
                values={"file": path.name, "bytes": stored, "decompressed": done},
            )
        yield block


def _blocks(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _decompressed(path: Path, compression: Compression, *, size: int) -> Iterator[bytes]:
    try:
        with _open(path, compression) as stream:
            while block := stream.read(size):
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error, pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, gzip.BadGzipFile):
            raise
        raise InputError(
            "truncated_file",
            expected=f"a complete {compression} file",
            found=f"{path.name} is truncated or damaged ({error})",
            remedy="copy the file again, or restore it",
            values={"file": path.name},
        ) from None


def _open(path: Path, compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
