"""Numbers with separators, signs and units: `1.234,56`, `$1,234.56`, `12,5 %`, `(1 234)`, `1,234-`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.ingest._notations.notation import BLANKS, Family, Notation, kept

_MINUS = "\\-\\x{2212}"
_APOSTROPHES = "'\\x{2019}"
_QUOTES = "'\u2019"
_CURRENCIES = re.compile(
    "AED|ARS|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KES|KRW|MXN|MYR|NGN|NOK|NZD|PEN|PHP|"
    "PKR|PLN|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR|Rs|Fr|kr|Kč|zł|Ft"
)
_SYMBOLS = "$€£¥₹₽₩₪₫₴₦₱฿¢₺"
_MOST_UNITS = 8


@dataclass(frozen=True)
class _Body:
    """How the digits are written: an example, the group separator as an RE2 class, and the decimal mark."""

    example: str
    group: str
    mark: str

    @property
    def whole(self) -> str:
        """The RE2 pattern of the digits before the decimal mark."""
        if not self.group:
            return "(?:0|[1-9][0-9]*)"
        if self.example.startswith("12,"):
            return f"(?:0|[1-9][0-9]?(?:{self.group}[0-9]{{2}})*{self.group}[0-9]{{3}}|[1-9][0-9]*)"
        return f"(?:0|[1-9][0-9]{{0,2}}(?:{self.group}[0-9]{{3}})+|[1-9][0-9]*)"


_BLANK = f"[{BLANKS}]"
_BODIES = (
    _Body("1234.56", "", "."),
    _Body("1,234.56", ",", "."),
    _Body("1 234.56", _BLANK, "."),
    _Body("1'234.56", f"[{_APOSTROPHES}]", "."),
    _Body("12,34,567.89", ",", "."),
    _Body("1234,56", "", ","),
    _Body("1.234,56", "[.]", ","),
    _Body("1 234,56", _BLANK, ","),
    _Body("1'234,56", f"[{_APOSTROPHES}]", ","),
)
_MARKS = {".": "a decimal point", ",": "a decimal comma"}


def _notation(body: _Body, prefix: str, suffix: str) -> Notation:
    blank = f"{_BLANK}*"
    fraction = f"(?:[{body.mark}][0-9]*)?"
    exponent = "" if prefix or suffix else "(?:[eE][-+]?[0-9]{1,2})?"
    digits = f"(?:{body.whole}{fraction}|[{body.mark}][0-9]+){exponent}"
    before = f"{re.escape(prefix)}{blank}" if prefix else ""
    after = f"{blank}{re.escape(suffix)}" if suffix else ""
    core = f"{before}{digits}{after}"
    signed = f"(?:[{_MINUS}+]{blank}{core}|[(]{blank}{core}{blank}[)]|{core}{blank}[{_MINUS}])"
    inside = f"|{before}[{_MINUS}+]{blank}{digits}{after}" if prefix else ""
    behind = f"|{before}{digits}{blank}[{_MINUS}]{after}" if suffix else ""
    closed = f"|[(]{blank}{before}{digits}{blank}[)]{after}" if suffix else ""
    whole = f"^(?:{core}|{signed}{inside}{behind}{closed})$"

    def plain(texts: pa.Array) -> pa.Array:
        fitting = kept(texts, pc.match_substring_regex(texts, whole))
        return _plain(fitting, body, prefix, suffix)

    unit = " and ".join(filter(None, (prefix, suffix)))
    label = f"numbers with {_MARKS[body.mark]}" + (f" and the unit {unit}" if unit else "")
    return Notation(_name(body, prefix, suffix), label, "number", body.mark, plain)


def _name(body: _Body, prefix: str, suffix: str) -> str:
    before = f"{prefix} " if prefix[-1:].isalpha() else prefix
    after = suffix if suffix in ("", *"%‰°") else f" {suffix}"
    return f"{before}{body.example}{after}"


def _plain(texts: pa.Array, body: _Body, prefix: str, suffix: str) -> pa.Array:
    """Return fitting texts without units and separators, with a decimal point and a leading minus."""
    for unit in filter(None, (prefix, suffix)):
        texts = pc.replace_substring(texts, unit, "")
    negative = pc.match_substring_regex(texts, f"^{_BLANK}*[{_MINUS}(]|[{_MINUS}]{_BLANK}*$")
    digits = pc.replace_substring_regex(texts, f"^[^0-9.,]+|[^0-9.,]+$|[{BLANKS}{_APOSTROPHES}]", "")
    if body.group in (",", "[.]"):
        digits = pc.replace_substring(digits, body.group.strip("[]"), "")
    if body.mark == ",":
        digits = pc.replace_substring(digits, ",", ".")
    digits = pc.replace_substring_regex(digits, "^[.]", "0.")
    digits = pc.replace_substring_regex(digits, "[.]($|[eE])", "\\1")
    sign = pc.if_else(pc.fill_null(negative, False), "-", "")
    return pc.binary_join_element_wise(sign, digits, "")


def _named(name: str) -> Notation | None:
    for body in sorted(_BODIES, key=lambda each: -len(each.example)):
        before, found, after = name.partition(body.example)
        prefix, suffix = before.strip(), after.strip()
        if found and not re.search(r"[\d+=()]", prefix + suffix):
            return _notation(body, prefix, suffix)
    return None


_PREFIX = rf"[^\W\d_]{{0,3}}[{re.escape(_SYMBOLS)}]|[^\W\d_]{{2,3}}[.]?"
_SUFFIX = rf"[^\d\s.,()+\-−{_QUOTES}=][^\d()=]{{0,14}}?"
_FORM = re.compile(
    rf"\(?\s*[-−+]?\s*(?P<prefix>{_PREFIX})?\s*[-−+]?\s*(?:\d[\d.,{_QUOTES}\s]*?|[.,]\d+)(?:[eE][-+]?\d+)?[.,]?"
    rf"\s*-?\s*\)?\s*(?P<suffix>{_SUFFIX})?\s*[-−]?\s*\)?"
)


def _parts(text: str) -> tuple[str, str] | None:
    """Return the prefix and the suffix of a text that looks like a number; None if it does not."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    prefix, suffix = found["prefix"] or "", (found["suffix"] or "").strip()
    known = not prefix or prefix[-1] in _SYMBOLS or _CURRENCIES.fullmatch(prefix.rstrip(".")) is not None
    return (prefix, suffix) if known else None


def _candidates(sample: Sequence[str]) -> list[Notation]:
    parts = Counter(found for text in sample if (found := _parts(text)) is not None)
    if parts.total() < len(sample) / 2:
        return []
    prefix, suffix = parts.most_common(1)[0][0]
    return [_notation(body, prefix, suffix) for body in _BODIES]


_ALIKE = (
    rf"^[(]?{_BLANK}*[{_MINUS}+]?{_BLANK}*(?:[^0-9.,]{{0,3}}[{re.escape(_SYMBOLS)}]|[A-Z]{{3}})?{_BLANK}*[{_MINUS}+]?"
    rf"{_BLANK}*(?:[1-9][0-9]{{0,2}}(?:[.,{_APOSTROPHES}{BLANKS}][0-9]{{2,3}})+(?:[.,][0-9]*)?|[1-9][0-9]*(?:[.,][0-9]*)?"
    rf"|0?[.,][0-9]+|0)(?:[eE][-+]?[0-9]+)?{_BLANK}*[{_MINUS}]?[)]?{_BLANK}*"
    rf"([^0-9.,()=+{BLANKS}{_MINUS}{_APOSTROPHES}][^0-9()=]{{0,14}}?)?{_BLANK}*[{_MINUS}]?[)]?$"
)


def _alike(texts: pa.Array) -> pa.Array:
    """Return whether texts look like numbers: digits with separators, a sign, and one of few units or none."""
    looks = pc.match_substring_regex(texts, _ALIKE)
    units = pc.replace_substring_regex(kept(texts, looks), _ALIKE, "\\1")
    few = len(pc.unique(units.drop_null())) <= _MOST_UNITS
    return looks if few else pc.and_(looks, pc.fill_null(pc.equal(units, ""), False))


def looks_like_number(text: str) -> bool:
    """Return whether a text looks like a number in some notation.

    >>> looks_like_number("1,234"), looks_like_number("unknown")
    (True, False)
    """
    return bool(_alike(pa.array([text.strip()], pa.string()))[0].as_py())


_GROUPED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}([.,])\d{3}(?![\d.,])")
_ENOUGH = 50
_GROUP = 3


def grouping_mark(sample: Sequence[str]) -> str:
    """Return the only mark of numbers if it may separate thousands, as in `1.234` beside `999`; empty if it cannot."""
    marked = [group[1] for text in sample if (group := _GROUPED.search(text))]
    bare = [text for text in sample if not re.search(r"[.,]", text)]
    small = all(len(re.sub(r"\D", "", text)) <= _GROUP for text in bare)
    return marked[0] if len(set(marked)) == 1 and len(marked) + len(bare) == len(sample) and small else ""


def _settle(sample: Sequence[str], found: Sequence[Notation]) -> tuple[Notation, str] | None:
    """Decide whether a mark before three digits separates thousands.

    Who writes decimals either keeps zeros at the end, so that every number has as many, or drops them, so that a tenth
    of the numbers has fewer. If many numbers have three digits, none has fewer, and small ones have none, it is a
    separator.
    """
    mark = grouping_mark(sample)
    marked = sum(mark in text for text in sample) if mark else 0
    right = next((each for each in found if each.meaning != mark), None)
    if marked < _ENOUGH or marked == len(sample) or right is None:
        return None
    reason = f"{marked:,} of {len(sample):,} have {mark!r} and three digits after it, the others are below 1,000"
    return right, reason


def _doubt(sample: Sequence[str]) -> str:
    digits = {len(re.sub(r"\D", "", text)) for text in sample}
    if digits and len(digits) == 1 and min(digits) > 6 and all(re.search(r"\d\s\d", text) for text in sample):
        return f"all have {min(digits)} digits in groups, as telephone numbers do"
    if any(text.startswith("+") for text in sample) and not any(re.match(r"[-\u2212(]", text) for text in sample):
        return "some have a plus sign and none a minus, as in codes"
    if all(text.startswith("(") for text in sample):
        return "all are in parentheses"
    return ""


NUMBERS = Family(
    "numbers",
    _named,
    _candidates,
    _alike,
    settle=_settle,
    doubt=_doubt,
    examples=(*(body.example for body in _BODIES), "$1,234.56", "1.234,56 €", "1234.56%", "1,234.56 kg"),
)
