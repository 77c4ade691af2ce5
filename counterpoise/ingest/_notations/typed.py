"""The type that holds all values of a column exactly, given its texts in plain form."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.ingest._notations.notation import Kind

_INT64_DIGITS = 18
_DOUBLE_DIGITS = 15
_DECIMAL_DIGITS = 38
_MICROSECONDS = 6
_TYPES: dict[Kind, tuple[pa.DataType, pa.DataType]] = {
    "date": (pa.date32(), pa.date32()),
    "time": (pa.timestamp("us"), pa.timestamp("ns")),
    "instant": (pa.timestamp("us", "UTC"), pa.timestamp("ns", "UTC")),
    "clock": (pa.time64("us"), pa.time64("us")),
    "truth": (pa.bool_(), pa.bool_()),
}


@dataclass(frozen=True)
class TextFacts:
    """What decides about a type: the longest of each part of the texts, and whether any has an exponent.

    Attributes:
        whole: The most digits before the decimal mark.
        scale: The most digits after it.
        digits: The most digits from the first that is not zero.
        exponent: Whether a number has an exponent.
        rounded: Whether a double does not give back all digits of a number.
    """

    whole: int = 0
    scale: int = 0
    digits: int = 0
    exponent: bool = False
    rounded: bool = False

    @classmethod
    def of(cls, plain: pa.Array, kind: Kind) -> TextFacts:
        """Return the facts of some texts in plain form."""
        if kind != "number":
            return cls(scale=_longest(pc.replace_substring_regex(plain, "^[^.]*[.]?|(?:Z|[+-].*)$", "")))
        mantissa = pc.replace_substring_regex(plain, "^-|[eE].*$", "")
        whole = _longest(pc.replace_substring_regex(mantissa, "[.].*$", ""))
        scale = _longest(pc.replace_substring_regex(mantissa, "^[^.]*[.]?", ""))
        digits = _longest(pc.replace_substring_regex(mantissa, "^0*[.]?0*|[.]", ""))
        exponent = bool(pc.any(pc.match_substring_regex(plain, "[eE]")).as_py())
        return cls(whole, scale, digits, exponent, digits > _DOUBLE_DIGITS and _is_rounded(plain))

    def __add__(self, other: TextFacts) -> TextFacts:
        return TextFacts(
            max(self.whole, other.whole),
            max(self.scale, other.scale),
            max(self.digits, other.digits),
            self.exponent or other.exponent,
            self.rounded or other.rounded,
        )

    def type_of(self, kind: Kind) -> pa.DataType | None:
        """Return the narrowest type that holds all values exactly; None if there is none.

        A double is exact if it gives back all digits.

        >>> [TextFacts(whole, 2, whole + 2, rounded=whole > 13).type_of("number") for whole in (4, 16)]
        [DataType(double), Decimal128Type(decimal128(18, 2))]
        """
        if kind != "number":
            return _TYPES[kind][self.scale > _MICROSECONDS]
        if self.whole <= _INT64_DIGITS and not self.scale and not self.exponent:
            return pa.int64()
        if not self.rounded:
            return pa.float64()
        fits = not self.exponent and self.whole + self.scale <= _DECIMAL_DIGITS
        return pa.decimal128(self.whole + self.scale, self.scale) if fits else None


def castable(plain: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return texts in plain form such that Arrow can cast them: it casts times of day only from times of a date."""
    if not pa.types.is_time(kind):
        return plain
    return pc.binary_join_element_wise("1970-01-01", plain, "T").cast(pa.timestamp("us"))


def _is_rounded(plain: pa.Array) -> bool:
    """Return whether a double does not give back the digits of a number: of those up to 15 digits, it always does."""
    long = plain.filter(pc.greater(pc.utf8_length(plain), _DOUBLE_DIGITS)).to_pylist()
    return any(Decimal(repr(float(text))) != Decimal(text) for text in long)


def _longest(texts: pa.Array) -> int:
    longest: Any = pc.max(pc.utf8_length(texts)).as_py()
    return int(longest or 0)
