"""Recognise spellings of one label: they differ only in case, blanks, Unicode form, or how a number is written."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

TRUTH_WORDS: tuple[tuple[str, str], ...] = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("ja", "nein"),
    ("oui", "non"),
    ("sí", "no"),
    ("si", "no"),
    ("sim", "não"),
    ("да", "нет"),
    ("1", "0"),
)
"""Words for true and false, in lower case."""

_NUMBER = re.compile(r"([+-]?)0*(\d+)(?:\.(\d*?)0*)?")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def plain_spelling(text: str) -> str:
    r"""Return the spelling that all spellings of a label share.

    >>> plain_spelling(" Yes\u00a0"), plain_spelling("01.50"), plain_spelling("-0.0"), plain_spelling("No  churn")
    ('yes', '1.5', '0', 'no churn')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold())
    words = " ".join(folded.split())
    number = _NUMBER.fullmatch(words)
    if number is None:
        return words
    plain = number[2] + (f".{number[3]}" if number[3] else "")
    return f"-{plain}" if number[1] == "-" and plain.strip("0.") else plain


def spellings_of(names: Iterable[str]) -> dict[str, str]:
    """Return the plain spelling of each label; truth values are compared by meaning if all labels are truth values.

    >>> spellings_of(["Yes", "yes ", "no"])
    {'Yes': 'yes', 'yes ': 'yes', 'no': 'no'}
    >>> spellings_of(["1", "0", "True", "False"])
    {'1': 'true', '0': 'false', 'True': 'true', 'False': 'false'}
    """
    plain = {name: plain_spelling(name) for name in names}
    found = set(plain.values())
    pairs = [pair for pair in TRUTH_WORDS if set(pair) <= found]
    meant = {word: truth for pair in pairs for word, truth in zip(pair, ("true", "false"), strict=True)}
    if len(pairs) > 1 and found <= meant.keys():
        return {name: meant[spelling] for name, spelling in plain.items()}
    return plain


def several_spellings(counts: Mapping[str, int]) -> list[dict[str, int]]:
    """Return the labels that are spelled in several ways, each with its spellings and their rows, largest first.

    >>> several_spellings({"no": 5, "NO": 2, "yes": 1})
    [{'no': 5, 'NO': 2}]
    """
    alike: dict[str, dict[str, int]] = defaultdict(dict)
    for name, spelling in spellings_of(counts).items():
        alike[spelling][name] = counts[name]
    return [
        dict(sorted(group.items(), key=lambda item: (-item[1], item[0]))) for group in alike.values() if len(group) > 1
    ]


def text_counts(texts: pa.Array) -> dict[str, int]:
    """Return the number of rows of each text, without nulls."""
    counted = pc.value_counts(texts.drop_null())
    return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
