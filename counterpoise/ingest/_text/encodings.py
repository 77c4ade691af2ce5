"""Decide how a text is encoded: by its byte order mark, its structure, or the configuration; never by a guess.

Bytes that are not UTF-8 have no certain reading, because most single-byte encodings accept most bytes. They are refused
with the readings of the encodings that are plausible, so that a person can choose the one that reads right.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from counterpoise.errors import InputError
from counterpoise.ingest._compression import plain_blocks
from counterpoise.ingest._text.readings import Reading, decoded, excerpt, readings

AUTO = "auto"
CONTROLS = re.compile("[\x80-\x84\x86-\x9f]")
"""C1 control characters except NEL: no text contains them, but wrongly decoded bytes do."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
for _name in ("utf-8-sig", "utf-16", "utf-32", *_WIDE):
    codecs.lookup(_name)  # imports it now: later, under the limits of a stage, it could pass for unknown
_ESCAPES = re.compile(rb"\x1b(\$[@B]|\([BJI]|\$\)[AC])|~\{[!-}]{2}")
_EVIDENCE_BYTES = 1 << 16
_UTF8_LINES = 3


@dataclass
class _Evidence:
    """What the lines of a text say about its encoding.

    Attributes:
        line: The 1-based number of the first line with a byte that is not UTF-8.
        column: The 1-based position of the first such byte, in characters.
        byte: The byte.
        foreign: The number of such lines.
        valid: The number of lines with characters beyond ASCII in valid UTF-8.
        texts: Distinct lines that are not UTF-8.
    """

    line: int = 0
    column: int = 0
    byte: int = 0
    foreign: int = 0
    valid: int = 0
    texts: dict[bytes, None] | None = None


def decide_encoding(path: Path, head: bytes, declared: str) -> str:
    """Return the encoding to decode a text with; `utf-8` still has to be checked.

    Args:
        path: The file.
        head: Its first bytes, decompressed.
        declared: `source.encoding`.

    Raises:
        InputError: The declared encoding contradicts the first bytes.
    """
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), "")
    if declared == AUTO:
        return marked or wide_encoding(head) or "utf-8"
    encoding = codecs.lookup(declared).name
    if encoding in ("utf-16", "utf-32") and not marked.startswith("utf-16" if encoding == "utf-16" else "utf-32"):
        found = wide_encoding(head)
        if not found.startswith(encoding):
            why = "it has neither a byte order mark nor ASCII characters in it"
            raise wrong_encoding(path, declared, why, advice=marked or found)
        return found
    if marked and marked != encoding and not encoding.startswith((marked, "utf-8")):
        raise wrong_encoding(path, declared, f"it starts with the byte order mark of {marked}", advice=marked)
    wide = "" if encoding.startswith(("utf-16", "utf-32")) else wide_encoding(head)
    if wide:
        raise wrong_encoding(path, declared, f"its bytes are {wide}", advice=wide)
    if encoding in ("utf-8", "utf-8-sig"):
        return "utf-8"
    if not wide and not encoding.startswith(("utf", "iso2022", "hz")):
        _check_not_utf8(path, declared)
    return encoding


def _check_not_utf8(path: Path, declared: str) -> None:
    """Check that a text declared in another encoding is not UTF-8, which that encoding would change silently."""
    evidence = _gather(path)
    if evidence.valid >= _UTF8_LINES and not evidence.foreign:
        why = f"all {evidence.valid:,} lines beyond ASCII are valid UTF-8, which text in {declared} hardly ever is"
        raise wrong_encoding(path, declared, why, advice="utf-8")


def wide_encoding(head: bytes) -> str:
    """Return the UTF-16 or UTF-32 encoding that the NUL bytes of a text prove; empty if there is none.

    >>> wide_encoding("a,b".encode("utf-16-le")), wide_encoding(b"a,b")
    ('utf-16-le', '')
    """
    if 0 not in head:
        return ""
    for name in _WIDE:
        whole = head[: len(head) - len(head) % (4 if "32" in name else 2)]
        try:
            text = codecs.getincrementaldecoder(name)("strict").decode(whole)
        except UnicodeDecodeError:
            continue
        plain = sum(character.isascii() for character in text)
        if "\0" not in text and plain and not CONTROLS.search(text) and plain * 4 >= len(text):
            return name
    return ""


def check_escapes(block: bytes, name: str) -> None:
    """Check that ASCII text has no escape sequences of ISO-2022 or HZ, which would pass as ASCII characters.

    Raises:
        InputError: It has some.
    """
    rare = b"\x1b" in block or (b"~" in block and b"~{" in block)  # one byte is found ten times as fast as two
    if not rare or not (found := _ESCAPES.search(block)):
        return
    encoding = "hz" if found[0].startswith(b"~") else "iso2022_kr" if found[0].endswith(b"C") else "iso2022_jp"
    if (reading := decoded(block, encoding)) is None or reading.isascii():
        return
    raise _undeclared(name, f"escape sequences of {encoding}", _Evidence(), [Reading(encoding, excerpt(reading))])


def foreign_bytes(path: Path, name: str) -> InputError:
    """Return the error for a text that is not UTF-8, with the place of the first wrong byte and what may be right.

    Args:
        path: The file, plain or compressed.
        name: Its name in the error.
    """
    evidence = _gather(path)
    place = f"the byte 0x{evidence.byte:02X}, which is not UTF-8, on line {evidence.line:,}, column {evidence.column:,}"
    if evidence.valid * 10 > evidence.foreign:
        return InputError(
            "undeclared_encoding",
            expected="UTF-8 text, or another encoding declared as source.encoding",
            found=f"{place} of {name}; {evidence.foreign:,} lines have such bytes, but {evidence.valid:,} lines are "
            "UTF-8 beyond ASCII, which any other encoding would change",
            remedy="correct these bytes in the source, or write the whole file in one encoding",
            values={"file": name, "line": evidence.line, "column": evidence.column, "encodings": []},
        )
    return _undeclared(name, place, evidence, readings(b"\n".join(evidence.texts or ())))


def _gather(path: Path) -> _Evidence:
    evidence, texts, size = _Evidence(), dict[bytes, None](), 0
    for number, line in enumerate(_raw_lines(path), 1):
        if line.isascii():
            continue
        try:
            line.decode()
            evidence.valid += 1
        except UnicodeDecodeError as error:
            evidence.foreign += 1
            if not evidence.line:
                before = len(line[: error.start].decode(errors="replace").removeprefix("\ufeff"))
                evidence.line, evidence.column, evidence.byte = number, before + 1, line[error.start]
            if size < _EVIDENCE_BYTES and line not in texts:
                texts[line[:_EVIDENCE_BYTES]] = None
                size += len(line)
    evidence.texts = texts
    return evidence


def _raw_lines(path: Path) -> Iterator[bytes]:
    rest = b""
    for block in plain_blocks(path):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _undeclared(name: str, what: str, evidence: _Evidence, found: list[Reading]) -> InputError:
    return InputError(
        "undeclared_encoding",
        expected="UTF-8 text, or another encoding declared as source.encoding",
        found=f"{what} in {name}",
        remedy=_remedy(found),
        values={
            "file": name,
            "line": evidence.line,
            "column": evidence.column,
            "encodings": [each.encoding for each in found],
            "readings": [each.excerpt for each in found],
        },
    )


def _remedy(found: list[Reading]) -> str:
    shown = "; ".join(f"{each.encoding} reads {each.excerpt!r}" for each in found)
    if len(found) > 1:
        return f"set source.encoding to the one that reads right: {shown}"
    if found:
        return f"set source.encoding to {found[0].encoding} if this is right: it reads {found[0].excerpt!r}"
    return "set source.encoding to the encoding that the file was written with, or convert it to UTF-8"


def wrong_encoding(path: Path, declared: str, why: str, *, advice: str = "") -> InputError:
    """Return the error for a text that is not in its declared encoding, with what its bytes say instead."""
    remedy = f"set source.encoding to {advice}" if advice else ""
    if not remedy:
        evidence = _gather(path)
        remedy = _remedy(readings(b"\n".join(evidence.texts or ()))) if evidence.foreign else "remove source.encoding"
    return InputError(
        "wrong_encoding",
        expected=f"text in the declared encoding {declared}",
        found=f"{path.name} is not: {why}",
        remedy=remedy,
        values={"file": path.name, "encoding": declared, "suggested": advice},
    )
