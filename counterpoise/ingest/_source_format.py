"""The definition of a source format: how to recognise it, which options it supports and how to read it."""

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

FORMAT_INDEPENDENT = frozenset(
    {
        "path",
        "sha256",
        "url",
        "format",
        "watermark",
        "order",
        "credentials_block",
        "missing_labels",
        "label_spellings",
        "notations",
    }
)
"""Source options that the stage itself handles for every format."""

_SHOWN = 100


@dataclass(frozen=True)
class ReadJob:
    """A source to read, with everything its reader needs.

    Attributes:
        source: The source's configuration.
        target: The name or position of the label column.
        folder: The folder to write to.
        progress: Callback for the number of rows written and the total.
        rebuilt_from: Whether train will be rebuilt from the source later.
        columns: Names of other columns that the configuration uses.
        elsewhere: Columns that do not stand in the files, because the names of their folders give them.
        paths: The source's files, sorted; none for a database.
        digests: Their SHA-256.
    """

    source: SourceConfig
    target: str
    folder: Path
    progress: Progress
    rebuilt_from: bool = False
    columns: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    digests: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the names that the configuration uses for columns of the files; one may be a position."""
        return tuple(name for name in (self.target, *self.columns) if name not in self.elsewhere)


@dataclass(frozen=True, kw_only=True)
class SourceFormat:
    """A format that Counterpoise can read rows from.

    Attributes:
        name: Its name in `source.format`.
        label: Its name in messages and documents.
        suffixes: The suffixes of its files, without the suffix of a compression; none for a database or a folder.
        magic: The first bytes of its files, which take precedence over the file name; empty if it has none.
        marker: A glob of files within a folder that shows that it is a table of this format; empty for others.
        opening: The start of its text, for files whose names do not identify the format; empty if there is none.
        options: The fields of `source` that it supports, besides those that every format supports.
        read: Reads a source; raises an InputError if the source is not a table or cannot be read exactly.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    magic: bytes
    marker: str = ""
    opening: bytes = b""
    options: frozenset[str]
    read: Callable[[ReadJob], Content]

    def __post_init__(self) -> None:
        if unknown := self.options - (SourceConfig.model_fields.keys() - FORMAT_INDEPENDENT):
            raise ValueError(f"source format {self.name!r}: {sorted(unknown)} are not format options")
        plain = {suffix for suffix in self.suffixes if re.fullmatch(r"\.[a-z0-9_-]+", suffix)}
        if wrong := {*self.suffixes} - plain | plain.intersection(COMPRESSED_SUFFIXES):
            raise ValueError(f"source format {self.name!r}: expected suffixes such as '.csv', found {sorted(wrong)}")
        if not (self.name and self.label):
            raise ValueError(f"source format {self.name!r}: expected a name and a label")

    def check_options(self, source: SourceConfig) -> None:
        """Check that the source sets no option that this format would ignore; default values do not count as set.

        Raises:
            ConfigError: The source sets such an option.
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
        return f"which supports only {', '.join(taken)}" if taken else "which has its own types and nulls"
