"""Truth values: two words, whatever their case."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.ingest._notations.notation import Family, Notation
from counterpoise.table import TRUTH_WORDS


def _notation(true: str, false: str) -> Notation:
    words = pa.array([true.casefold(), false.casefold()])
    values = pa.array(["true", "false"])

    def plain(texts: pa.Array) -> pa.Array:
        return values.take(pc.index_in(pc.utf8_lower(texts), words))

    return Notation(f"{true}/{false}", f"the words {true} and {false}", "truth", f"{true}/{false}", plain)


def _named(name: str) -> Notation | None:
    true, slash, false = (part.strip() for part in name.partition("/"))
    usable = bool(slash and true and false) and "/" not in false and true.casefold() != false.casefold()
    return _notation(true, false) if usable else None


def _candidates(sample: Sequence[str]) -> list[Notation]:
    found = {text.casefold() for text in sample}
    return [_notation(true, false) for true, false in TRUTH_WORDS if found == {true, false}]


def _alike(texts: pa.Array) -> pa.Array:
    known = sorted({word for pair in TRUTH_WORDS for word in pair})
    return pc.is_in(pc.utf8_lower(texts), pa.array(known))


TRUTHS = Family(
    "truth values", _named, _candidates, _alike, examples=("yes/no", "y/n", "t/f", "true/false"), as_good_as_text=True
)
