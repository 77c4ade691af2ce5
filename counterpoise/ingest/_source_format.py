"""A source format: its facts, the options that it takes, and how to read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError
from counterpoise.ingest._compression import COMPRESSED_SUFFIXES
from counterpoise.ingest._snapshot_files import Content
from counterpoise.runtime import Progress

__all__ = ["FORMAT_INDEPENDENT", "ReadJob", "SourceFormat"]

FORMAT_INDEPENDENT = frozenset({"path", "url", "format", "watermark", "credentials_block"})
"""Options of the source that the stage itself applies, whatever the format."""

_SHOWN = 100


@dataclass(frozen=True)
class ReadJob:
    """A source to read.

    Attributes:
        source: How to read it.
        target: The label's column: its name or its position.
        folder: Where to write.
        progress: Receives the rows written and the rows in all.
        rebuilt_from: Whether train is to be made again from the source later.
        paths: The source's files, sorted; none for a database.
        digests: Their SHA-256.
    """

    source: SourceConfig
    target: str
    folder: Path
    progress: Progress
    rebuilt_from: bool = False
    paths: tuple[Path, ...] = ()
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceFormat:
    """A format that rows can be read from.

    Attributes:
        name: Its name in `source.format`.
        label: Its name in messages and documents.
        suffixes: The endings of its files' names, without that of a compression; none for a database.
        magic: The first bytes of its files, which count more than the name; empty if it has none.
        opening: How its text starts, for files whose names do not tell the format; empty if there is no such sign.
        options: The fields of `source` that it takes, besides those that every format takes.
        read: Reads a source; raises an InputError if the source is not a table or cannot be read exactly.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    magic: bytes
    opening: bytes = b""
    options: frozenset[str]
    read: Callable[[ReadJob], Content]

    def __post_init__(self) -> None:
        if unknown := self.options - (SourceConfig.model_fields.keys() - FORMAT_INDEPENDENT):
            raise ValueError(f"source format {self.name!r}: {sorted(unknown)} are not options of a format")
        plain = {suffix for suffix in self.suffixes if re.fullmatch(r"\.[a-z0-9_-]+", suffix)}
        if wrong := {*self.suffixes} - plain | plain.intersection(COMPRESSED_SUFFIXES):
            raise ValueError(f"source format {self.name!r}: suffixes such as '.csv' expected, found {sorted(wrong)}")
        if not (self.name and self.label):
            raise ValueError(f"source format {self.name!r}: a name and a label expected")

    def check_options(self, source: SourceConfig) -> None:
        """Check that the source sets no option that this format would ignore; a default is not set.

        Raises:
            ConfigError: The source sets one.
        """
        given = {
            name: getattr(source, name)
            for name, field in SourceConfig.model_fields.items()
            if name not in FORMAT_INDEPENDENT | self.options and getattr(source, name) != field.default
        }
        if given:
            fields = [f"source.{name}" for name in given]
            raise ConfigError(
                "option_not_applicable",
                expected=f"no {' or '.join(fields)} with {self.label}, {self._taken()}",
                found=", ".join(f"source.{name} = {value!r}"[:_SHOWN] for name, value in given.items()),
                remedy=f"remove {' and '.join(fields)}, or set source.format if the data is in another format",
                values={"field": fields[0], "fields": fields, "format": self.name},
            )

    def _taken(self) -> str:
        taken = [f"source.{name}" for name in SourceConfig.model_fields if name in self.options]
        return f"which takes only {', '.join(taken)}" if taken else "which has its own types and nulls"
