"""Provide text files as plain, checked UTF-8, and count what a reader must account for.

Files are decompressed and transcoded if necessary.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from counterpoise.errors import InputError
from counterpoise.ingest._compression import compression_of, plain_blocks, read_head
from counterpoise.ingest._text.encodings import CONTROLS, check_escapes, decide_encoding, foreign_bytes, wrong_encoding

LINE_LIMIT = 2_000_000
_SAMPLE = 4 << 20
_BLANK_LINE = re.compile(rb"(?<=\n)\n")


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
        encoding: `source.encoding`.
        copy: The file to write if the original cannot be used directly.

    Raises:
        InputError: The file is damaged or not in the declared encoding.
    """
    raw, head = read_head(path)
    decided = decide_encoding(path, head, encoding)
    if compression_of(raw) == "none" and decided == "utf-8":
        return path
    with open(copy, "wb") as file:
        file.writelines(plain_blocks(path) if decided == "utf-8" else _transcoded(path, decided))
    return copy


def text_sample(path: Path, *, name: str) -> tuple[str, bool]:
    """Return the first few megabytes of a plain file, and whether that is the whole file.

    Raises:
        InputError: They contain bytes that are not UTF-8.
    """
    with open(path, "rb") as file:
        raw = file.read(_SAMPLE)
        whole = not file.read(1)
    if not whole:
        raw = raw[: max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1] or raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if whole or len(raw) - error.start > 3:
            raise foreign_bytes(path, name) from None
        text = raw[: error.start].decode("utf-8-sig")
    return text, whole


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
        _check_utf8(decoder, block, path=path, name=name)
        lines += _count(block, b"\n")
        blank += _blank_lines(last, block)
        quotes += _count(block, mark)
        delimiters += _count(carried + block, separator)
        last, carried = (last + block[-2:])[-2:], block[-(len(separator) - 1) :] if len(separator) > 1 else b""
    _check_utf8(decoder, b"", path=path, name=name, final=True)
    return TextCounts(lines + (not last.endswith(b"\n")), blank, delimiters, quotes)


def _count(block: bytes, what: bytes) -> int:
    if len(what) != 1:
        return block.count(what)
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == what[0]))


def _blank_lines(before: bytes, block: bytes) -> int:
    joined = before + block
    if b"\r" in joined:
        joined = joined.replace(b"\r\n", b"\n")
    ends = np.frombuffer(joined, np.uint8) == ord("\n")
    return len(_BLANK_LINE.findall(joined)) if (ends[1:] & ends[:-1]).any() else 0


def _check_utf8(
    decoder: codecs.IncrementalDecoder, block: bytes, *, path: Path, name: str, final: bool = False
) -> None:
    if block.isascii() and not decoder.getstate()[0]:
        check_escapes(block, name)
        return
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        raise foreign_bytes(path, name) from None


def _transcoded(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield a text in UTF-8.

    Raises:
        InputError: It is not in the encoding, or has control characters in it that no text has.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    separator = "\x85" if "\n".encode(encoding)[-1:] == b"\x25" else "\n"  # EBCDIC ends lines with NEL
    lines = 0
    try:
        for block in plain_blocks(path):
            text = decoder.decode(block).replace(separator, "\n")
            _check_controls(text, path, encoding, lines)
            lines += text.count("\n")
            yield text.encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise wrong_encoding(path, encoding, f"after line {lines:,}: {error}") from None


def _check_controls(text: str, path: Path, encoding: str, lines: int) -> None:
    if text.isascii() or not (found := CONTROLS.search(text)):
        return
    line = lines + text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    why = f"line {line:,}, column {column:,} would be the control character U+{ord(found[0]):04X}, which no text has"
    raise wrong_encoding(path, encoding, why)
