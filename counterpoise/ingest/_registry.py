"""The registry of source formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from itertools import combinations
from typing import get_args

from counterpoise.config import FormatName, SourceConfig
from counterpoise.ingest._source_format import SourceFormat


@cache
def source_formats() -> Mapping[str, SourceFormat]:
    """Return all source formats by name, in the order of `FormatName`; each module defines one as `FORMAT`."""
    names = get_args(FormatName)
    formats = by_name([import_module(f"counterpoise.ingest._formats.{name}").FORMAT for name in names])
    if tuple(formats) != names:
        raise ValueError(f"a source format must be named like its module: expected {names}, found {tuple(formats)}")
    return formats


def by_name(formats: Sequence[SourceFormat]) -> Mapping[str, SourceFormat]:
    """Return formats by name.

    Raises:
        ValueError: Two formats share a name, a suffix, an opening or first bytes, so that their files look the same.
    """
    for one, other in combinations(formats, 2):
        if shared := _shared(one, other):
            raise ValueError(f"source formats {one.name!r} and {other.name!r} share {', '.join(shared)}")
    return {each.name: each for each in formats}


def _shared(one: SourceFormat, other: SourceFormat) -> list[str]:
    """Return the names, suffixes and first bytes that make two formats indistinguishable."""
    shared = ["their name"] if one.name == other.name else []
    shared += sorted({*one.suffixes} & {*other.suffixes})
    for short, long in (sorted(pair, key=len) for pair in ((one.magic, other.magic), (one.opening, other.opening))):
        shared += [repr(short)] if short and long.startswith(short) else []
    return shared


def check_known_format(source: SourceConfig) -> None:
    """Check a source's options early, if its format is known without its files: set explicitly, or a database.

    Raises:
        ConfigError: The source sets an option that the format does not support.
    """
    name = "sql" if source.url.get_secret_value() else source.format
    if name != "auto":
        source_formats()[name].check_options(source)
