"""Dates and times: `31/12/2024`, `12/31/2024 5:00 PM`, `31 Dec 2024`, `2024-12-31T10:00:00.123456789+02:00`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.ingest._notations.notation import Family, Kind, Notation, kept

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
)
_PIECES = {
    "yyyy": "(?P<year>[0-9]{4})",
    "yy": "(?P<year>[0-9]{2})",
    "mmm": f"(?P<month>(?i:{_MONTH}))",
    "mm": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{1,2})",
}
_ORDERS = {
    "yyyy-mm-dd": "year first", "dd-mm-yyyy": "day first", "mm-dd-yyyy": "month first",
    "dd-mm-yy": "day first", "mm-dd-yy": "month first", "yy-mm-dd": "year first",
}  # fmt: skip
_DATES = {
    **{pattern.replace("-", mark): order for mark in "-/." for pattern, order in _ORDERS.items()},
    "dd mmm yyyy": "day first", "mmm dd yyyy": "month first", "dd mmm yy": "day first", "yyyymmdd": "year first",
}  # fmt: skip
_CLOCK = (
    "(?P<hour>[0-9]{1,2}):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9])(?:[.,](?P<part>[0-9]{1,9}))?)?"
    "(?:\\s*(?P<half>[AaPp])[.]?[Mm][.]?)?"
)
_ZONE = "\\s*(?P<zone>Z|z|UTC|GMT|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
_CLOCKS: tuple[tuple[str, Kind], ...] = ((" hh:mm+hh:mm", "instant"), (" hh:mm", "time"), ("", "date"))
_CENTURY = 69
"""Two-digit years from here on are of the 20th century, as POSIX says."""


def _date_regex(date: str) -> str:
    if "mmm" in date:
        between = "[-/., ]{0,2}"
        return between.join(_PIECES[piece] for piece in date.split())
    width = "{2}" if date == "yyyymmdd" else "{1,2}"
    pieces = re.findall("yyyy|yy|mm|dd|[^a-z]", date)
    return "".join(_PIECES[each].replace("{1,2}", width) if each in _PIECES else re.escape(each) for each in pieces)


def _notation(date: str, clock: str, kind: Kind) -> Notation:
    order = _DATES.get(date, "")
    between = "(?:[Tt]|,?\\s+)" if date and clock else ""
    shown = (_CLOCK if clock else "") + (_ZONE if clock.endswith("+hh:mm") else "")
    pattern = f"^{_date_regex(date)}{between}{shown}$"

    def plain(texts: pa.Array) -> pa.Array:
        found = pc.extract_regex(texts, pattern)
        return _plain(found) if found.null_count < len(found) else pa.nulls(len(texts), pa.string())

    what = {"date": "dates", "time": "times", "instant": "times with an offset", "clock": "times of day"}[kind]
    label = f"{what}, {order}" if order else what
    return Notation(f"{date}{clock}".strip(), label, kind, f"{kind} {order}", plain)


def _plain(found: pa.StructArray) -> pa.Array:
    """Return ISO 8601 texts of extracted parts; null where there is no such date or time."""
    names = [field.name for field in found.type]
    parts = {name: pc.if_else(found.is_valid(), found.field(name), None) for name in names}
    valid = np.asarray(found.is_valid())
    texts = []
    if "day" in parts:
        days, real = _days(parts["year"], parts["month"], parts["day"])
        valid = valid & real
        texts.append(pa.array(np.datetime_as_string(days), pa.string()))
    if "hour" in parts:
        clock, real = _clock(parts)
        valid = valid & real
        texts.append(clock)
    joined = pc.binary_join_element_wise(*texts, "T") if len(texts) > 1 else texts[0]
    if "zone" in parts:
        joined = pc.binary_join_element_wise(joined, _zone(parts["zone"]), "")
    return kept(joined, pa.array(valid))


def _numbers(texts: pa.Array) -> npt.NDArray[np.int64]:
    filled = pc.if_else(pc.equal(pc.fill_null(texts, ""), ""), "0", texts)
    return np.asarray(filled.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _days(year: pa.Array, month: pa.Array, day: pa.Array) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_]]:
    """Return dates and whether they exist."""
    short = np.asarray(pc.fill_null(pc.equal(pc.utf8_length(year), 2), False).to_numpy(zero_copy_only=False))
    years, days = _numbers(year), _numbers(day)
    years = np.where(short, np.where(years >= _CENTURY, 1900 + years, 2000 + years), years)
    letters = pc.utf8_slice_codeunits(pc.utf8_lower(month), 0, 3)
    named = pc.index_in(letters, pa.array(_MONTHS))
    months = np.where(
        np.asarray(named.is_valid()), np.asarray(pc.fill_null(named, 0)) + 1, _numbers(_only_digits(month))
    )
    real = (years >= 1) & (months >= 1) & (months <= 12) & (days >= 1)
    first = ((np.where(real, years, 2000) - 1970) * 12 + np.where(real, months, 1) - 1).astype("datetime64[M]")
    dates = first.astype("datetime64[D]") + (np.where(real, days, 1) - 1)
    return dates, real & (dates.astype("datetime64[M]") == first)


def _only_digits(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, "[^0-9]+", "")


def _clock(parts: dict[str, pa.Array]) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return times of day and whether they exist; with AM or PM, hours run from 1 to 12."""
    hours = _numbers(parts["hour"])
    half = pc.utf8_lower(pc.fill_null(parts["half"], ""))
    twelve = np.asarray(pc.not_equal(half, "").to_numpy(zero_copy_only=False))
    after = np.asarray(pc.equal(half, "p").to_numpy(zero_copy_only=False))
    real = np.where(twelve, (hours >= 1) & (hours <= 12), hours < 24)
    hours = np.where(twelve, hours % 12 + 12 * after, np.where(real, hours, 0))
    second = pc.if_else(pc.equal(parts["second"], ""), "00", parts["second"])
    fraction = pc.if_else(pc.equal(parts["part"], ""), "", pc.binary_join_element_wise(".", parts["part"], ""))
    written = pc.utf8_lpad(pa.array(hours).cast(pa.string()), 2, "0")
    whole = pc.binary_join_element_wise(written, parts["minute"], second, ":")
    return pc.binary_join_element_wise(whole, fraction, ""), real


def _zone(zone: pa.Array) -> pa.Array:
    zone = pc.replace_substring_regex(zone, "^(?:z|UTC|GMT)$", "Z")
    zone = pc.replace_substring_regex(zone, "^([+-][0-9]{2})$", "\\1:00")
    return pc.replace_substring_regex(zone, "^([+-][0-9]{2})([0-9]{2})$", "\\1:\\2")


_NOTATIONS = {
    each.name: each
    for each in (
        *(_notation(date, clock, kind) for date in _DATES for clock, kind in _CLOCKS),
        _notation("", "hh:mm", "clock"),
    )
}
_CLUE = re.compile(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}|\d{8}|[A-Za-z]{3}|\d{1,2}:\d\d")


def _candidates(sample: Sequence[str]) -> list[Notation]:
    if sum(_CLUE.search(text) is not None for text in sample) < len(sample) / 2:
        return []
    texts = pa.array(sample, pa.string())
    counts = {name: len(sample) - each.read(texts).null_count for name, each in _NOTATIONS.items()}
    return [_NOTATIONS[name] for name, count in counts.items() if count]


_ALIKE = (
    "^(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{2}|[0-9]{4})"
    f"|[0-9]{{1,2}}[-/., ]{{0,2}}(?i:{_MONTH})[-/., ]{{0,2}}[0-9]{{2,4}}"
    f"|(?i:{_MONTH})[-/., ]{{0,2}}[0-9]{{1,2}}[-/., ]{{0,2}}[0-9]{{2,4}})"
    "(?:(?:[Tt]|,?\\s+)[0-9]{1,2}:[0-9]{2}.*)?$|^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?$"
)


def _alike(texts: pa.Array) -> pa.Array:
    return pc.match_substring_regex(texts, _ALIKE)


TIMES = Family("dates or times", _NOTATIONS.get, _candidates, _alike, examples=tuple(_NOTATIONS))
