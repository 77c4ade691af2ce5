"""Match Python regular expressions in a column within a time limit."""

from __future__ import annotations

import re
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex

from counterpoise.errors import EngineError

if TYPE_CHECKING:
    import pandas as pd

_LONGEST = 1_000
_SLICE = 1_000
_SECONDS = 60.0
_SECONDS_PER_VALUE = 1e-4
_SMALL_REPEAT = 20
_REPEAT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_BRACE = re.compile(r"(?<!\\)(?:\\\\)*\{(?!\d*,?\d*\})")
_DIFFERENT_IN_ARROW = re.compile(r"\\[sSuUNZ0-9]|\{,")
"""Syntax that Arrow interprets differently from Python, even in ASCII texts of one line."""


def pattern_fault(pattern: str) -> str:
    """Return why a regular expression is not supported; empty if it is.

    >>> pattern_fault("^[a-z]+$"), pattern_fault("(")
    ('', 'missing ), unterminated subpattern at position 0')
    """
    if len(pattern) > _LONGEST:
        return f"{len(pattern):,} characters, more than {_LONGEST:,}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
            regex.compile(pattern)
    except (re.error, regex.error, Warning, RecursionError, OverflowError) as error:
        return str(error)
    return "a brace that is not a repetition: write \\{ for the character" if _BRACE.search(pattern) else ""


def rows_with(column: pd.Series[Any], pattern: str) -> pd.Series[Any]:
    """Return which rows match the pattern anywhere in the value's text.

    The pattern uses Python's syntax, including lookarounds and backreferences. Each distinct text is searched once: by
    Arrow, which takes linear time, if both interpret the pattern alike, and otherwise by an engine with a timeout.

    Args:
        column: Values of any type, without missing ones.
        pattern: A regular expression.

    Raises:
        EngineError: The search took longer than a minute plus a second per 10,000 distinct texts.
    """
    import pandas as pd

    codes, texts = pd.factorize(column.astype(str))
    texts = pa.array(np.asarray(texts, dtype=object), pa.large_string())
    deadline = time.monotonic() + _SECONDS + _SECONDS_PER_VALUE * len(texts)
    linear = _linear(pattern)
    found = np.zeros(len(texts) + 1, dtype=bool)  # the last one for missing values, whose code is -1
    for start in range(0, len(texts), _SLICE):
        if time.monotonic() > deadline:
            raise _too_slow(pattern)
        part = texts.slice(start, _SLICE)
        found[start : start + len(part)] = _in_slice(part, pattern, linear=linear, deadline=deadline)
    return pd.Series(found[codes], index=column.index, name=column.name)


def _linear(pattern: str) -> bool:
    """Return whether Arrow interprets the pattern like Python in ASCII texts of one line, and compiles it quickly."""
    if _DIFFERENT_IN_ARROW.search(pattern) or any(
        int(number) > _SMALL_REPEAT for low, _, high in _REPEAT.findall(pattern) for number in (low, high) if number
    ):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def _in_slice(texts: pa.Array, pattern: str, *, linear: bool, deadline: float) -> Any:
    plain = linear and pc.all(pc.string_is_ascii(texts)).as_py() and not pc.any(pc.match_substring(texts, "\n")).as_py()
    if plain:
        return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    search = regex.compile(pattern).search
    try:
        return [search(text, timeout=max(0.001, deadline - time.monotonic())) is not None for text in texts.to_pylist()]
    except TimeoutError:
        raise _too_slow(pattern) from None


def _too_slow(pattern: str) -> EngineError:
    return EngineError(
        "pattern_too_slow",
        expected=f"a regular expression that finishes within {_SECONDS:.0f} s plus 1 s per 10,000 distinct texts",
        found=f"{pattern[:100]!r} did not",
        remedy="write it without nested repetitions, such as a+ for (a+)+",
        values={"pattern": pattern},
    )
