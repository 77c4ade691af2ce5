"""The source formats by name, and the format of a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from itertools import combinations
from typing import get_args

from counterpoise.config import FormatName, SourceConfig
from counterpoise.ingest._source_format import SourceFormat

__all__ = ["by_name", "check_known_format", "source_formats"]


@cache
def source_formats() -> Mapping[str, SourceFormat]:
    """Return every source format by its name, in the order of `FormatName`: each is its module's `FORMAT`."""
    names = get_args(FormatName)
    formats = by_name([import_module(f"counterpoise.ingest._formats.{name}").FORMAT for name in names])
    if tuple(formats) != names:
        raise ValueError(f"each source format must have its module's name: expected {names}, found {tuple(formats)}")
    return formats


def by_name(formats: Sequence[SourceFormat]) -> Mapping[str, SourceFormat]:
    """Return formats by name.

    Raises:
        ValueError: Two formats share a name, a suffix, an opening or first bytes, so that no file tells them apart.
    """
    for one, other in combinations(formats, 2):
        if shared := _shared(one, other):
            raise ValueError(f"source formats {one.name!r} and {other.name!r} share {', '.join(shared)}")
    return {each.name: each for each in formats}


def _shared(one: SourceFormat, other: SourceFormat) -> list[str]:
    """Return the facts by which two formats are mistaken for each other."""
    shared = ["their name"] if one.name == other.name else []
    shared += sorted({*one.suffixes} & {*other.suffixes})
    for short, long in (sorted(pair, key=len) for pair in ((one.magic, other.magic), (one.opening, other.opening))):
        shared += [repr(short)] if short and long.startswith(short) else []
    return shared


def check_known_format(source: SourceConfig) -> None:
    """Check the options of a source whose format is known before its files are: set, or that of databases.

    Raises:
        ConfigError: The source sets an option that the format does not take.
    """
    name = "sql" if source.url.get_secret_value() else source.format
    if name != "auto":
        source_formats()[name].check_options(source)
