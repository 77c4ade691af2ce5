"""What the library that reads workbooks does not tell: their size before they are read, and cells with error values."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from counterpoise.errors import InputError

_MOST = 1 << 30
_BLOCK = 1 << 20
_SHARED = "xl/sharedStrings.xml"
_SHARED_CELL = re.compile(rb'<c\b[^>]*\bt="s"[^>]*><v>(\d+)</v>')
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises for damaged and hostile archives: an unknown compression is a NotImplementedError, a password a
RuntimeError. Each becomes `unreadable_table`, with the library's own words."""
_CELL = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(.*?)</c>', re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def kind_of_archive(path: Path) -> str:
    """Return what a zip archive is: empty for an Excel workbook that can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return "a zip archive that is damaged or no workbook"
    if "xl/workbook.xml" in names:
        return ""
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb): save it as .xlsx"
    if "content.xml" in names and "mimetype" in names:
        return "an OpenDocument spreadsheet (.ods): save it as .xlsx"
    return "a zip archive"


def check_size(path: Path) -> None:
    """Check that a workbook does not expand to far more than its file.

    Texts are shared between cells in the file, but not in memory.

    Raises:
        InputError: It does.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = [each for each in archive.infolist() if each.filename.startswith("xl/")]
            size = sum(each.file_size for each in sheets)
            size += _repeated_texts(archive, max(_MOST - size, 0)) if size <= _MOST else 0
    except _ZIP_ERRORS as error:
        raise unreadable_workbook(path, str(error)) from None
    if size > _MOST:
        raise InputError(
            "decompression_bomb",
            expected=f"a workbook that expands to at most {_MOST >> 20:,} MiB",
            found=f"{path.name}: {path.stat().st_size:,} bytes expand to {size:,} or more",
            remedy="check where the file comes from; if you trust it, save the sheet as CSV",
            values={"file": path.name, "bytes": path.stat().st_size, "decompressed": size},
        )


def _repeated_texts(archive: zipfile.ZipFile, limit: int) -> int:
    """Return the bytes of shared texts as often as cells use them; above the limit counting stops."""
    if _SHARED not in archive.namelist():
        return 0
    lengths, carried = [], 0
    for block in _blocks(archive, _SHARED):
        *pieces, rest = block.split(b"</si>")
        lengths += [carried + len(pieces[0]), *map(len, pieces[1:])] if pieces else []
        carried = len(rest) + (0 if pieces else carried)
    total = 0
    for part in (name for name in archive.namelist() if name.startswith("xl/worksheets/")):
        rest = b""
        for block in _blocks(archive, part):
            text = rest + block
            end = text.rfind(b"</c>") + 4
            total += sum(lengths[int(each)] for each in _SHARED_CELL.findall(text, 0, end) if int(each) < len(lengths))
            rest = text[end:] if end > 3 else text
            if total > limit:
                return total
    return total


def error_cells(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Return the error values of a sheet by row and column from 0, such as #DIV/0!, which are read as empty cells."""
    found: dict[tuple[int, int], str] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            part = _sheet_part(archive, sheet)
            rest = b""
            for block in _blocks(archive, part):
                rest += block
                end = rest.rfind(b"</c>") + 4
                for match in _CELL.finditer(rest, 0, end) if b't="e"' in rest else ():
                    place, value = _PLACE.search(match[1]), _VALUE.search(match[2])
                    if place:
                        cell = int(place[2]) - 1, _number(place[1].decode())
                        found[cell] = value[1].decode() if value else "#ERROR"
                rest = rest[end:] if end > 3 else rest
    except (*_ZIP_ERRORS, KeyError, StopIteration, ET.ParseError) as error:
        raise unreadable_workbook(path, str(error)) from None
    return found


def _blocks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    with archive.open(part) as file:
        while block := file.read(_BLOCK):
            yield block


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the XML file that holds a sheet."""
    # S314: the size has been checked, and expat bounds the expansion of entities.
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    sheets = (each for each in book.iter() if each.tag.endswith("}sheet"))
    identity = next(each.attrib[_REL] for each in sheets if each.get("name") == sheet)
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next(each.attrib["Target"] for each in links if each.get("Id") == identity)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Return the letters of a column.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def unreadable_workbook(path: Path, why: str) -> InputError:
    """Return the error for a workbook that cannot be read, with the first line of the reason."""
    said = why.splitlines()[0][:200] if why else "damaged"
    return InputError(
        "unreadable_table",
        expected="a complete Excel workbook",
        found=f"{path.name} cannot be read ({said})",
        remedy="copy the file again, or open it in Excel and save it again",
        values={"file": path.name},
    )
