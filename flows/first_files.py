"""Propose the first two files of a dataset, a configuration and a suite, after inspecting the source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from counterpoise.config import BalanceConfig, SourceConfig, build_config, build_section
from counterpoise.errors import ConfigError, CounterpoiseError, InputError
from counterpoise.records import Snapshot
from counterpoise.runtime import names_refusals
from counterpoise.storage import SCHEMES, scratch_folder, written_whole

_ABOUT_READING = ("source.label_spellings", "source.missing_values", "source.notations", "source.types")
_MOST_READINGS = 4
_PATTERN = re.compile(r"[*?\[]")
_UNNAMED = re.compile(r"[^A-Za-z0-9_-]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def source_settings(source: str, *, table: str = "", query: str = "") -> SourceConfig:
    """Return the settings of a source from the command line.

    Args:
        source: A path, glob or folder, also of an object store, or a SQLAlchemy URL.
        table: With a URL: the table to read.
        query: With a URL: the query to read.

    Raises:
        ConfigError: A URL needs either a table or a query, and a path needs neither.
    """
    scheme = _URL.match(source)
    of_files = scheme is not None and scheme[0].lower().removesuffix("://") in (*SCHEMES, "http", "https")
    place = {"url": source} if scheme and not of_files else {"path": source}
    return build_section(SourceConfig, {**place, "table": table, "query": query}, name="source")


def name_of(source: SourceConfig) -> str:
    """Return a dataset's name after its table, or else its file or folder.

    Args:
        source: The source, with a single file or folder or a table.

    Raises:
        ConfigError: The source is a query or a pattern, which has no name.
    """
    place = "" if _PATTERN.search(source.path) else re.split(r"[/\\]", source.path.rstrip("/\\"))[-1]
    stem = source.table.rpartition(".")[2] or place.partition(".")[0]
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = _UNNAMED.sub("-", letters).strip("-_")
    if not name:
        raise ConfigError(
            "dataset_without_name",
            expected="the dataset's name, or a file, folder or table to name it after",
            found=source.table or source.path or "a query",
            remedy="give it, such as --name transactions",
        )
    return name


@dataclass(frozen=True)
class FirstFiles:
    """The files to begin with.

    Attributes:
        settings: The configuration.
        suite: The suite.
        advice: Why the configuration has its strategy, in words.
    """

    settings: Path
    suite: Path
    advice: str


@names_refusals("init")
def write_first_files(
    source: SourceConfig, *, target: str, name: str, out: Path, force: bool = False, overrides: Sequence[str] = ()
) -> FirstFiles:
    """Inspect a source and write `NAME.yaml` and `NAME.suite.json` for it.

    Args:
        source: The source to read.
        target: The label column, by name or by index from 0.
        name: The dataset's name.
        out: The folder for both files.
        force: Whether to overwrite existing files.
        overrides: Settings of the user's own, as `source.encoding=cp1252`; nothing else is proposed for them.

    Returns:
        Both files, and why the configuration has its strategy.

    Raises:
        ConfigError: A file already exists, the name is not a plain one, or an override is invalid.
        InputError: The source cannot be read as a table, or has no such column.
    """
    from counterpoise.expectations.propose import propose_suite
    from counterpoise.expectations.suite_file import write_suite
    from counterpoise.suggest import render_config

    given = build_config({"name": name, "source": dict(source), "columns": {"target": target}}, overrides)
    files = _free_paths(out, name, force=force)
    with scratch_folder() as folder:
        found = _inspect(given, folder=folder)
        expectations = propose_suite(found.snapshot, found.config.columns)
    with written_whole(files[1]) as suite, written_whole(files[0]) as config:
        write_suite(suite, name, expectations)
        config.write_text(render_config(found.config, found.comments, str(files[1])), encoding="utf-8")
    return FirstFiles(*files, advice=found.comments.get("resampling.strategy", ""))


@dataclass(frozen=True)
class _Inspection:
    """What inspecting a source found, and the settings that it was read with."""

    given: BalanceConfig
    snapshot: Snapshot
    config: BalanceConfig
    comments: dict[str, str]


def _inspect(given: BalanceConfig, *, folder: Path) -> _Inspection:
    """Read the source, propose the roles of its columns, and try resampling on its train rows."""
    from counterpoise.suggest import with_resampling

    found = _read(given, folder=folder)
    config, comments = with_resampling(found.config, found.comments, found.snapshot, folder=folder / "trial")
    return replace(found, config=config, comments=comments)


def _read(given: BalanceConfig, *, folder: Path) -> _Inspection:
    """Read the source, and again if it turns out to be in another encoding or notation, or to use its own tokens."""
    from counterpoise.suggest import joined

    try:
        found = _propose(given, folder=folder / "1")
    except (InputError, ConfigError) as error:
        if error.values.get("pins"):
            return _read_pinned(given, error, folder=folder)
        if not error.values.get("encodings"):
            raise
        return _read_encoded(given, error, folder=folder)
    for number in range(2, _MOST_READINGS + 1):
        if found.config.source == found.given.source:
            break
        again = _propose(_with_source(given, found.config.source), folder=folder / str(number))
        found = replace(again, comments=joined(found.comments, again.comments, _ABOUT_READING))
    return found


def _read_pinned(given: BalanceConfig, error: CounterpoiseError, *, folder: Path) -> _Inspection:
    """Read the version or digest that a source has now, and say so."""
    pins = error.values["pins"]
    found = _read(_with_source(given, given.source.model_copy(update=pins)), folder=folder / "pinned")
    comments = {f"source.{field}": "The newest one, as of this inspection; a run reads no other." for field in pins}
    return replace(found, comments={**found.comments, **comments})


def _read_encoded(given: BalanceConfig, error: CounterpoiseError, *, folder: Path) -> _Inspection:
    """Read the source in the likeliest of the encodings that an error names, and say so."""
    encodings, excerpts = error.values["encodings"], error.values["readings"]
    shown = "; ".join(f"{each} reads {text!r}" for each, text in zip(encodings, excerpts, strict=True))
    source = given.source.model_copy(update={"encoding": encodings[0]})
    found = _read(_with_source(given, source), folder=folder / encodings[0])
    comment = f"The file is not UTF-8; check that this is right: {shown}."
    return replace(found, comments={**found.comments, "source.encoding": comment})


def _propose(given: BalanceConfig, *, folder: Path) -> _Inspection:
    from counterpoise.ingest import resolve_column
    from counterpoise.suggest import propose_config

    given, snapshot, comments, changing = _read_as_it_is(given, folder=folder)
    column = resolve_column([column.name for column in snapshot.columns], given.columns.target)
    named = given.model_copy(update={"columns": given.columns.model_copy(update={"target": column})})
    config, proposed = propose_config(snapshot, named, changing=changing)
    return _Inspection(given, snapshot, config, comments | proposed)


def _read_as_it_is(
    given: BalanceConfig, *, folder: Path
) -> tuple[BalanceConfig, Snapshot, dict[str, str], tuple[str, ...]]:
    """Read the source with spellings merged and columns of numbers as texts where texts are among them.

    Returns:
        The configuration that it was read with, the source, comments, and the columns of numbers and texts.
    """
    from counterpoise.ingest import ingest_source
    from counterpoise.runtime import silent

    comments: dict[str, str] = {}
    changing: tuple[str, ...] = ()
    while True:
        source = given.source
        try:
            snapshot = ingest_source(source, target=given.columns.target, folder=folder, progress=silent)
        except InputError as error:
            found = tuple(error.values.get("type_changes", [error.values.get("column", "")]))
            if error.reason == "label_spellings" and source.label_spellings == "stop":
                source = source.model_copy(update={"label_spellings": "merge"})
                comments["source.label_spellings"] = f"Found {error.found}. Set keep if these are different classes."
            elif error.reason == "type_change" and found and not {*found} & {*changing}:
                source = source.model_copy(update={"types": (*source.types, *(f"{name}=string" for name in found))})
                changing += found
            else:
                raise
            given = _with_source(given, source)
        else:
            return given, snapshot, comments, changing


def _with_source(given: BalanceConfig, source: SourceConfig) -> BalanceConfig:
    return given.model_copy(update={"source": source})


def _free_paths(out: Path, name: str, *, force: bool) -> tuple[Path, Path]:
    files = (out / f"{name}.yaml", out / f"{name}.suite.json")
    there = [str(path) for path in files if path.exists()]
    if there and not force:
        raise ConfigError(
            "file_exists",
            expected="free names for the configuration and the suite",
            found=f"{' and '.join(there)} already exist",
            remedy="choose another --name or --out, or overwrite with --force",
        )
    out.mkdir(parents=True, exist_ok=True)
    return files
