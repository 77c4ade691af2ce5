"""Errors of the engine in the words of those who call a building block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from counterpoise.errors import ArgumentError, CounterpoiseError, EngineError, MachineError

_SECTIONS = r"\b(resampling|columns|split|tournament)\.(?=[a-z])"


@contextmanager
def as_arguments(words: Mapping[str, str] | None = None) -> Iterator[None]:
    """Raise errors of the engine as errors of arguments, with the names that parameters have here.

    Args:
        words: The parameters whose names differ from those of settings, by the names of these.
    """
    try:
        yield
    except (ArgumentError, EngineError, MachineError):
        raise
    except CounterpoiseError as error:
        expected, found, remedy = (_in_words(text, words or {}) for text in (error.expected, error.found, error.remedy))
        raise ArgumentError(error.reason, expected=expected, found=found, remedy=remedy, values=error.values) from None


def _in_words(text: str, words: Mapping[str, str]) -> str:
    for setting, parameter in words.items():
        text = text.replace(setting, parameter)
    return re.sub(_SECTIONS, "", text)
