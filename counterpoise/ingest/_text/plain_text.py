"""Provide text files as plain, checked UTF-8, and count what a reader must account for.

Files are decompressed and transcoded if necessary.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from counterpoise.errors import InputError
from counterpoise.ingest._compression import compression_of, plain_blocks, read_head

LINE_LIMIT = 2_000_000
_SAMPLE = 4 << 20
_BLANK_LINE = re.compile(rb"(?<=\n)\n")
_BOMS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class TextCounts:
    """Counts over a text file, independent of its reader.

    Attributes:
        lines: Newlines, plus one if the last line has none.
        blank_lines: Lines without any characters.
        delimiters: Occurrences of the delimiter.
        quotes: Occurrences of the quote.
    """

    lines: int
    blank_lines: int
    delimiters: int
    quotes: int


def plain_text(path: Path, *, encoding: str, copy: Path) -> Path:
    """Return a file with the same text, uncompressed and in UTF-8.

    Args:
        path: The text file, plain or compressed.
        encoding: Its declared encoding.
        copy: The file to write if the original cannot be used directly.

    Raises:
        InputError: The file is damaged or not in the declared encoding.
    """
    raw, head = read_head(path)
    _check_head(path, head, encoding)
    if compression_of(raw) == "none" and encoding == "utf-8":
        return path
    with open(copy, "wb") as file:
        file.writelines(_transcoded(path, encoding))
    return copy


def text_sample(path: Path) -> tuple[str, bool]:
    """Return the first few megabytes of a plain UTF-8 file, and whether that is the whole file."""
    with open(path, "rb") as file:
        raw = file.read(_SAMPLE)
        whole = not file.read(1)
    if not whole:
        raw = raw[: max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1] or raw
    text = raw.decode("utf-8", errors="replace")
    return text.removeprefix("\ufeff"), whole


def read_lines(path: Path) -> Iterator[str]:
    r"""Yield the lines of a plain UTF-8 file with their endings (`\n`, `\r\n` or `\r`), without a byte order mark.

    Raises:
        InputError: A line has more than two million characters.
    """
    with open(path, encoding="utf-8-sig", newline="") as file:
        number = 0
        while line := file.readline(LINE_LIMIT):
            number += 1
            if len(line) == LINE_LIMIT and line[-1] not in "\r\n":
                raise InputError(
                    "line_too_long",
                    expected=f"lines of fewer than {LINE_LIMIT:,} characters",
                    found=f"{path.name}, line {number:,}, is longer",
                    remedy="check that the file is text with one record per line",
                    values={"file": path.name, "line": number},
                )
            yield line


def count_text(path: Path, *, name: str, delimiter: str, quote: str) -> TextCounts:
    """Count lines, delimiters and quotes of a plain text file, and check that all of it is UTF-8.

    Args:
        path: The plain file.
        name: Its name in errors.
        delimiter: Up to four characters.
        quote: One character.

    Raises:
        InputError: The file contains bytes that are not UTF-8.
    """
    lines = blank = delimiters = quotes = 0
    decoder, last = codecs.getincrementaldecoder("utf-8")("strict"), b"\n"
    separator, mark = delimiter.encode(), quote.encode()
    carried = b""
    for block in plain_blocks(path):
        _check_utf8(decoder, block, name=name, lines=lines)
        lines += _count(block, b"\n")
        blank += _blank_lines(last, block)
        quotes += _count(block, mark)
        delimiters += _count(carried + block, separator)
        last, carried = (last + block[-2:])[-2:], block[-(len(separator) - 1) :] if len(separator) > 1 else b""
    _check_utf8(decoder, b"", name=name, lines=lines, final=True)
    return TextCounts(lines + (not last.endswith(b"\n")), blank, delimiters, quotes)


def _count(block: bytes, what: bytes) -> int:
    if len(what) != 1:
        return block.count(what)
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == what[0]))


def _blank_lines(before: bytes, block: bytes) -> int:
    joined = before + block
    if b"\r" in joined:
        joined = joined.replace(b"\r\n", b"\n")
    return len(_BLANK_LINE.findall(joined)) if b"\n\n" in joined else 0


def _check_utf8(
    decoder: codecs.IncrementalDecoder, block: bytes, *, name: str, lines: int, final: bool = False
) -> None:
    if block.isascii() and not decoder.getstate()[0]:
        return
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n") + 1
        raise _undeclared(name, f"a byte that is not UTF-8 on line {line:,}", "latin-1", line=line) from None


def _check_head(path: Path, head: bytes, encoding: str) -> None:
    if encoding != "utf-8":
        return
    for bom, declared in _BOMS.items():
        if head.startswith(bom):
            raise _undeclared(path.name, "a UTF-16 byte order mark", declared)
    if head.count(0) * 5 > len(head):
        raise _undeclared(path.name, "mostly NUL bytes, as in UTF-16 without a byte order mark,", "utf-16")


def _undeclared(name: str, what: str, encoding: str, *, line: int = 1) -> InputError:
    return InputError(
        "undeclared_encoding",
        expected="UTF-8 text, or another encoding declared as source.encoding",
        found=f"{what} in {name}",
        remedy=f"set source.encoding, perhaps to {encoding}, or convert the file to UTF-8",
        values={"file": name, "line": line, "suggested": encoding},
    )


def _transcoded(path: Path, encoding: str) -> Iterable[bytes]:
    if encoding == "utf-8":
        yield from plain_blocks(path)
        return
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for block in plain_blocks(path):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise InputError(
            "wrong_encoding",
            expected=f"text in the declared encoding {encoding}",
            found=f"{path.name} is not ({error})",
            remedy="correct source.encoding",
            values={"file": path.name, "encoding": encoding},
        ) from None
