"""The definition of a notation: a way to write values of one kind as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Kind = Literal["number", "date", "time", "instant", "clock", "truth"]

BLANKS = "\\s\\x{00a0}\\x{2007}\\x{2009}\\x{200a}\\x{202f}"
"""Blanks in a regular expression of RE2, for a class of characters."""

_FEW = 0.5


@dataclass(frozen=True)
class Notation:
    """A way to write values of one kind.

    Attributes:
        name: Its name in `source.notations`: an example, or a pattern of letters for dates.
        label: Its name in sentences, such as `numbers with a decimal comma`.
        kind: The kind of the values.
        meaning: What distinguishes it from notations of its kind that read a text as another value.
        plain: Returns texts without surrounding blanks in plain form (`-1234.5`, ISO 8601, `true`), which no reader
            misunderstands; null for a text that is not in this notation.
    """

    name: str
    label: str
    kind: Kind
    meaning: str
    plain: Callable[[pa.Array], pa.Array] = field(compare=False)

    def read(self, texts: pa.Array) -> pa.Array:
        """Return texts in plain form; null for a missing text and for one that is not in this notation."""
        if pa.types.is_dictionary(texts.type):
            encoded = texts
        else:
            encoded = texts.cast(pa.string()).dictionary_encode()
            if len(encoded.dictionary) > _FEW * len(encoded):
                return self.plain(stripped(texts.cast(pa.string())))
        return self.plain(stripped(encoded.dictionary.cast(pa.string()))).take(encoded.indices)


@dataclass(frozen=True)
class Family:
    """Notations for values of one sort.

    Attributes:
        label: Its name in sentences, in the plural: `numbers`.
        named: Returns the notation of a name; None if the name is not one of this family.
        candidates: Returns the notations in which most texts of a sample may be written, simplest first.
        alike: Returns for each text without surrounding blanks whether it looks like such a value in any notation.
        examples: Names for documents and errors.
        as_good_as_text: Whether texts are as useful as the values, so that a run does not mention them.
        settle: Returns the notation that the values speak for among several that read all of a sample, with the reason;
            None if they do not.
        doubt: Returns why texts may be codes although they can be read; empty if nothing speaks for that.
    """

    label: str
    named: Callable[[str], Notation | None]
    candidates: Callable[[Sequence[str]], list[Notation]]
    alike: Callable[[pa.Array], pa.Array]
    examples: tuple[str, ...]
    as_good_as_text: bool = False
    settle: Callable[[Sequence[str], Sequence[Notation]], tuple[Notation, str] | None] = lambda _sample, _found: None
    doubt: Callable[[Sequence[str]], str] = lambda _sample: ""


def stripped(texts: pa.Array) -> pa.Array:
    """Return texts without surrounding blanks of any kind."""
    return pc.utf8_trim_whitespace(texts)


def kept(texts: pa.Array, fits: pa.Array) -> pa.Array:
    """Return texts, with nulls where a condition does not hold."""
    return pc.if_else(fits, texts, pa.scalar(None, pa.string()))
