"""A folder that grows by a file a night: honest files, and files that are broken among many good ones."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from counterpoise.config import load_config
from counterpoise.errors import CounterpoiseError
from counterpoise.flows.first_files import source_settings, write_first_files

from .breakages import BREAKAGES, Breakage
from .delivery import Dataset, Reaction, deliver, publish_next
from .tables import Feed, read_feed, written
from .trials import BreakageResult, Breakages, said_of

__all__ = ["GrowingResult", "try_growing"]


@dataclass(frozen=True)
class GrowingResult(Breakages):
    """A table's results.

    Attributes:
        table: Its name.
        rows: How many rows a file has where one in eight is broken.
        breakages: What each broken file met with.
        nights: How many honest files were delivered, one a night.
        stopped: What the refused ones among them met with, with their night.
        warned: On how many nights there were warnings of what has changed.
        seconds: How long it took.
    """

    table: str
    rows: int
    breakages: list[BreakageResult]
    nights: int
    stopped: list[str]
    warned: int
    seconds: float


def try_growing(name: str, *, data: Path, earlier: int, nights: int, seed: int) -> GrowingResult:
    """Let a folder of a table's rows grow by honest files, and break one that follows good ones in every way.

    Args:
        name: The table.
        data: The folder of the catalog.
        earlier: How many good files are there before the broken one.
        nights: How many honest files follow the first one.
        seed: Which rows lie in which file.
    """
    start = time.perf_counter()
    feed = read_feed(name, data, seed=seed)
    stopped, warned = _honest(feed, name, nights)
    with tempfile.TemporaryDirectory(prefix="growing-feeds-") as folder:
        files = _files(feed, earlier + 1)
        dataset = _folder(feed, files[:earlier], name=name, folder=Path(folder))
        last = replace(dataset.feed, rows=files[earlier])
        results = [_try(breakage, dataset, last, file=_file(earlier + 1)) for breakage in BREAKAGES]
    seconds = round(time.perf_counter() - start, 1)
    return GrowingResult(name, len(files[0]), results, nights, stopped, warned, seconds)


def _files(feed: Feed, number: int) -> list[pd.DataFrame]:
    """Return the rows in equal files, each of them drawn from all."""
    order = np.random.default_rng(feed.seed).permutation(len(feed.rows))
    return [feed.rows.iloc[np.sort(part)] for part in np.array_split(order, number)]


def _folder(feed: Feed, files: list[pd.DataFrame], *, name: str, folder: Path) -> Dataset:
    """Publish a folder of files, with the configuration and the suite that `counterpoise init` proposes for it."""
    source = folder / "deliveries"
    source.mkdir()
    for number, rows in enumerate(files, start=1):
        (source / _file(number)).write_bytes(written(rows))
    config_file = write_first_files(source_settings(str(source)), target=feed.target, name=name, out=folder).settings
    settings = ["resampling.strategy=none", "evaluation.enabled=false", f"output.root={folder / 'datasets'}"]
    config = load_config(config_file, settings)
    dataset = Dataset(feed.without({*config.columns.key_columns(), *config.columns.drop}), config, folder)
    publish_next(dataset)
    return dataset


def _file(number: int) -> str:
    return f"day-{number:03}.csv"


def _honest(feed: Feed, name: str, nights: int) -> tuple[list[str], int]:
    stopped, warned = [], 0
    with tempfile.TemporaryDirectory(prefix="growing-feeds-") as folder:
        files = _files(feed, nights + 1)
        dataset = _folder(feed, files[:1], name=name, folder=Path(folder))
        for night, rows in enumerate(files[1:], start=2):
            Path(dataset.config.source.path, _file(night)).write_bytes(written(rows))
            try:
                warned += any(alarm.source == "drift" for alarm in publish_next(dataset))
            except CounterpoiseError as error:
                stopped.append(f"night {night}: {error}")
                Path(dataset.config.source.path, _file(night)).unlink()
    return stopped, warned


def _try(breakage: Breakage, dataset: Dataset, last: Feed, *, file: str) -> BreakageResult:
    if obstacle := breakage.obstacle(last):
        return BreakageResult(breakage.title, "impossible", named=False, said=obstacle)
    reaction = _delivered(dataset, breakage.delivery(last), file=file)
    named = breakage.cause_in(last).is_named_by(reaction.alarms, dataset.names)
    status = "missed" if reaction.status == "passed" else reaction.status
    result = BreakageResult(breakage.title, status, named, said_of(reaction))
    print(f"{breakage.title}: {status}{', named' * named}", file=sys.stderr)
    return result


def _delivered(dataset: Dataset, content: bytes, *, file: str) -> Reaction:
    place = Path(dataset.config.source.path, file)
    try:
        return deliver(dataset, content, place=place)
    finally:
        place.unlink()
        shutil.rmtree(dataset.folder / "next", ignore_errors=True)
