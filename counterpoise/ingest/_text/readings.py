"""Rank the encodings that bytes beyond UTF-8 may be in, by how the text reads in each."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

_PLAUSIBLE = 0.5
_WESTERN_PRIOR = 1.15
_READINGS = 5
_SHOWN = 40
_ASCII = b'a,;"\n'
_WORDS = re.compile(r"[^\s,;|]*[^\x00-\x7f][^\s,;|]*(?: [^\s,;|]+)?")
_APOSTROPHES = "\u2018\u2019"
_ALPHABETS = frozenset({"LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC"})


@dataclass(frozen=True)
class Reading:
    """An encoding and an excerpt of a text as it reads in that encoding."""

    encoding: str
    excerpt: str


def readings(sample: bytes) -> list[Reading]:
    """Return the plausible encodings of bytes that are not UTF-8, likeliest first, each with a different reading.

    Encodings are excluded if they cannot decode the bytes, or decode them to control characters. The others rank by the
    detector's confidence and by how many characters stand where no text has them, as in `cafŽ` for `café`.

    >>> [reading.encoding for reading in readings("Москва, привет, улица, город".encode("koi8-r"))][:1]
    ['koi8-r']
    """
    import chardet

    found = chardet.detect_all(sample, ignore_threshold=True, prefer_superset=False, compat_names=False)
    confidence = {str(each["encoding"]): float(each["confidence"]) for each in found if each["encoding"]}
    confidence["cp1252"] = confidence.get("cp1252", 0.0) * _WESTERN_PRIOR
    decodings = {name: decoded(sample, name) for name in confidence if decoded(_ASCII, name) == _ASCII.decode()}
    texts = {name: text for name, text in decodings.items() if text is not None and _is_text(text)}
    odd = {name: _odd_share(text) for name, text in texts.items()}
    scores = {name: confidence[name] * (1 - odd[name]) ** 4 for name in texts}
    best = max(scores.values(), default=0)
    if "cp1252" in texts and odd["cp1252"] <= min(odd.values()):
        alike = [scores[name] for name in texts if texts[name] == texts["cp1252"]]
        scores["cp1252"] = max(*alike, _PLAUSIBLE * best)
    kept: dict[str, str] = {}
    for name in sorted(scores, key=lambda name: (-scores[name], name != "cp1252")):
        if scores[name] >= _PLAUSIBLE * best and texts[name] not in kept.values() and len(kept) < _READINGS:
            kept[codecs.lookup(name).name] = texts[name]
    return _told_apart(kept)


def decoded(sample: bytes, encoding: str) -> str | None:
    """Return bytes as text; None if the encoding cannot decode them."""
    try:
        return sample.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def excerpt(text: str) -> str:
    """Return the surroundings of the first character beyond ASCII."""
    first = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    return text[max(0, first - _SHOWN // 2) : first + _SHOWN].partition("\n")[0].strip()


def _told_apart(texts: dict[str, str]) -> list[Reading]:
    """Return excerpts of the first places that tell all texts apart."""
    words = {name: _WORDS.findall(text) for name, text in texts.items()}
    shown: dict[str, list[str]] = {name: [] for name in texts}
    for each in zip(*words.values(), strict=False):
        before = len(set(map(tuple, shown.values())))
        longer = {name: [*found, word] for (name, found), word in zip(shown.items(), each, strict=True)}
        if len(set(map(tuple, longer.values()))) > before or not any(shown.values()):
            shown = longer
    return [Reading(name, excerpt(" ".join(found))) for name, found in shown.items()]


def _is_text(text: str) -> bool:
    return not any(unicodedata.category(each) in ("Cc", "Cn", "Co") for each in set(text) - {"\t", "\n", "\r", "\x85"})


def _odd_share(text: str) -> float:
    """Return the share of characters beyond ASCII that stand where they hardly ever do."""
    places = [place for place, character in enumerate(text) if not character.isascii()]
    return sum(_is_odd(text, place) for place in places) / max(len(places), 1)


def _is_odd(text: str, place: int) -> bool:
    """Return whether a character is a symbol or capital inside a word, or a letter alone or of another alphabet."""
    character, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    inside = before.isalpha() and after.isalpha()
    if not character.isalpha():
        symbol = unicodedata.category(character)[0] in "SN" and before.isalpha()
        return symbol or (inside and character not in _APOSTROPHES)
    if character.isupper() and before.islower():
        return True
    own = _alphabet(character)
    if not own:
        return False
    others = {_alphabet(each) for each in before + after if each.isalpha()}
    return bool(others - {own}) or (own == "LATIN" and not others)


def _alphabet(character: str) -> str:
    """Return the alphabet of a letter; empty for other scripts, which mix with Latin words."""
    name = unicodedata.name(character, "").partition(" ")[0]
    return name if name in _ALPHABETS else ""
