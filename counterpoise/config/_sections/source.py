"""The section `source`: where rows come from."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_serializer, field_validator, model_validator

from counterpoise.config._sections.fields import BlockName, ColumnName, ColumnUse, Pairs, Section, SourcePlace
from counterpoise.errors import ConfigError
from counterpoise.secrets import URL_WITHOUT_SECRETS, check_query, redact_url, written_out
from counterpoise.storage import is_web

FormatName = Literal[
    "delimited",
    "jsonl",
    "parquet",
    "arrow",
    "sql",
    "excel",
    "delta",
    "iceberg",
]
"""The source formats; each has a module of its name in `counterpoise/ingest/_formats/`."""


class SourceConfig(Section):
    """Where the rows come from and how to read them."""

    literal_fields = frozenset(
        {
            "table",
            "watermark",
            "delimiter",
            "quote",
            "escape",
            "sheet",
            "missing_values",
            "missing_labels",
            "types",
            "notations",
        }
    )

    path: SourcePlace = Field(
        "",
        description="A file, a glob or a folder; also s3://bucket/prefix, gs://, az:// or abfs://, the folder of a "
        "Delta Lake or Iceberg table, or an https:// address of a file.",
    )
    sha256: str = Field(
        "",
        pattern="^([0-9a-f]{64})?$",
        description="With an address on the web: the SHA-256 of the file; a run reads no other.",
    )
    version: str = Field(
        "",
        pattern="^[0-9]{0,19}$",
        description="With a Delta Lake table: the version to read; with an Iceberg table: the id of the snapshot.",
    )
    url: SecretStr = Field(
        SecretStr(""),
        description="The URL of a database instead of a path: postgresql, mysql, mariadb, sqlite or duckdb. Write "
        "secrets as ${VARIABLE}, which is read from the environment of the run or from credentials_block; literal "
        "secrets are refused.",
        max_length=10_000,
        json_schema_extra={"pattern": URL_WITHOUT_SECRETS, "format": "uri-template"},
    )
    table: str = Field("", description="With a URL: the table to read, optionally as schema.table.")
    query: str = Field("", description="With a URL: the query to read instead of a table.")
    watermark: ColumnName = Field(
        "",
        description="A column that only grows as rows are added, such as a serial number or the load time; how "
        "far it was read is recorded.",
    )
    since: str = Field("", description="With a table: only rows whose watermark is this or later, such as 2026-01-01.")
    until: str = Field(
        "", description="With a table: only rows whose watermark is before this; the same bounds read the same rows."
    )
    format: Literal["auto", FormatName] = Field(
        "auto", description="The format of the source; auto detects it from the file name and the first bytes."
    )
    delimiter: str = Field(
        "",
        max_length=10,
        description="The field delimiter; blanks for columns aligned by runs of blanks and tabs; empty to detect it.",
    )
    quote: str = Field("", max_length=1, description="The quote character; empty to detect it.")
    escape: Literal["", "\\"] = Field(
        "",
        description="A backslash if one protects quotes and delimiters inside cells; empty to detect it.",
    )
    sheet: str = Field("", max_length=31, description="The sheet of an Excel workbook; empty for the first.")
    header: Literal["auto", "yes", "no"] = Field("auto", description="Whether the first line names the columns.")
    encoding: str = Field(
        "auto",
        max_length=40,
        description="The encoding of text files, by any name that Python knows, such as cp1252; auto reads UTF-8, "
        "UTF-16 and UTF-32, and refuses other bytes with the encodings that could be right.",
    )
    missing_values: tuple[str, ...] = Field(
        ("",),
        description="Cells that mean missing in features, compared without surrounding blanks; not applied to the"
        " label.",
    )
    missing_labels: tuple[str, ...] = Field(
        ("?", "NaN", "nan"),
        description="Texts that mean a missing label, compared without surrounding blanks; an empty cell always does.",
    )
    label_spellings: Literal["stop", "merge", "keep"] = Field(
        "stop",
        description="If labels differ only in case, blanks, Unicode form or as 1, 1.0 and True do: stop; merge, "
        "which writes all labels in one spelling; or keep them as different classes.",
    )
    order: Literal["source", "content"] = Field(
        "source",
        description="How rows are numbered: as the source gives them, or by their content, so that the same rows in "
        "any order give the same files, byte for byte.",
    )
    credentials_block: BlockName = ""
    types: Annotated[Pairs, ColumnUse(pairs=True)] = Field(
        (), description="Column types that override the detected ones, as name=type, for example zip=string."
    )
    notations: Annotated[Pairs, ColumnUse(pairs=True)] = Field(
        (),
        description="How numbers, dates, times and truth values are written, as name=notation, for example "
        "price=1.234,56 €, day=dd/mm/yyyy or member=yes/no; * is every text column that fits, with alternatives "
        "separated by |.",
    )

    @field_validator("url")
    @classmethod
    def _secrets_are_variables(cls, url: SecretStr) -> SecretStr:
        """Refuse literal secrets with our own error, because Pydantic's would repeat the value."""
        if found := written_out(url.get_secret_value()):
            raise ConfigError(
                "literal_secret",
                expected="a variable for each secret in source.url, such as "
                "postgresql://user:${PGPASSWORD}@host/database",
                found=f"{' and '.join(found)} in plain text",
                remedy="write ${PGPASSWORD} or another variable instead, and set it in the environment of the run, or "
                "in the Prefect block of source.credentials_block",
                values={"secrets": found},
            )
        return url

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        if encoding != "auto" and not _is_of_files(encoding):
            raise ValueError(
                f"{encoding!r} is no encoding of text files that Python knows; write auto, or a name such as cp1252"
            )
        return encoding

    @field_validator("query")
    @classmethod
    def _query_without_secrets(cls, query: str) -> str:
        check_query(query)
        return query

    @field_serializer("url")
    def _url_without_secrets(self, url: SecretStr) -> str:
        return redact_url(url.get_secret_value())

    @model_validator(mode="after")
    def _one_source(self) -> SourceConfig:
        url = self.url.get_secret_value()
        if bool(self.path) == bool(url):
            raise ValueError("exactly one of path and url must be set")
        if url and bool(self.table) == bool(self.query):
            raise ValueError("with a url, exactly one of table and query must be set")
        if not url and (self.table or self.query):
            raise ValueError("table and query need a url")
        if url and self.format not in ("auto", "sql"):
            raise ValueError(f"format {self.format} does not support a url; use auto or sql")
        if not url and self.format == "sql":
            raise ValueError("format sql needs a url")
        if self.sha256 and not is_web(self.path):
            raise ValueError("sha256 needs a path that begins with https:// or http://")
        if self.credentials_block and is_web(self.path):
            raise ValueError("credentials_block does not apply to files on the web: they are read without credentials")
        if (self.since or self.until) and not (self.table and self.watermark):
            raise ValueError("since and until need a table and a watermark column")
        return self

    def type_overrides(self) -> dict[str, str]:
        """Return the declared types by column name."""
        return dict(item.rsplit("=", 1) for item in self.types)

    def column_notations(self) -> dict[str, str]:
        """Return the declared notations by column name, without that of all text columns."""
        pairs = dict(item.rsplit("=", 1) for item in self.notations)
        return {name: notation for name, notation in pairs.items() if name != "*"}

    def common_notations(self) -> tuple[str, ...]:
        """Return the notations declared for all text columns."""
        common = [item.rsplit("=", 1)[1] for item in self.notations if item.startswith("*=")]
        return tuple(part.strip() for notations in common for part in notations.split("|"))

    def types_to_read(self) -> dict[str, str]:
        """Return the types that a reader gives to columns: text if a notation is declared."""
        return self.type_overrides() | dict.fromkeys(self.column_notations(), "string")

    def label_tokens(self) -> tuple[str, ...]:
        """Return the texts, without surrounding blanks, that mean a missing label."""
        return tuple(dict.fromkeys(["", *(token.strip() for token in self.missing_labels)]))


_NOT_OF_FILES = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})


def _is_of_files(encoding: str) -> bool:
    """Return whether Python has a text encoding of a name that files are written in."""
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return False
    return (
        found.name.replace("-", "_") not in _NOT_OF_FILES
        and bool(getattr(found, "_is_text_encoding", True))
        and found.incrementaldecoder is not None
    )
