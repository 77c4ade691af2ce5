"""Check an evaluation of a version whose train partition may have synthetic rows only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.errors import IntegrityError
from counterpoise.persist import DatasetFolder
from counterpoise.strategies import STRATEGIES
from counterpoise.synthetic import grids_in_words
from counterpoise.versions import Version, mismatch

if TYPE_CHECKING:
    from counterpoise.results import PublishedMetrics
    from counterpoise.versions import ManifestFacts


def learnt_rows(facts: ManifestFacts) -> dict[str, Any] | None:
    """Return the resampled train rows that learners had; None if the manifest does not say.

    They are those of train. If train has synthetic rows only, learners had the source's rows as well, all of them
    unless the strategy drops some.
    """
    train: dict[str, Any] = facts.partitions["train"]
    if not _synthetic_only(facts):
        return train
    strategy = STRATEGIES.get(facts.resampling["strategy"])
    if strategy is None or strategy.family != "over":
        return None
    before: dict[str, int] = facts.resampling["before"]
    classes = {name: rows + before[name] for name, rows in train["classes"].items()}
    return {"rows": sum(classes.values()), "classes": classes}


def reconstruction_differences(record: PublishedMetrics, facts: ManifestFacts) -> Iterator[str]:
    """Yield contradictions in what an attack computes from synthetic rows that are published alone."""
    quality = record.synthetic_quality
    found = () if quality is None else quality.reconstruction
    if quality is not None and bool(found) != _synthetic_only(facts):
        yield f"reconstruction: of {len(found)} classes, while output.rows decides whether there is one"
        return
    before, after = facts.resampling["before"], facts.resampling["after"]
    for one in found:
        counts = (
            one.right <= one.claims,
            one.found <= one.real_rows <= before.get(one.name, 0),
            one.synthetic_rows <= after.get(one.name, 0),
            one.columns <= one.of_columns,
            bool(one.right) == bool(one.found),
        )
        if not all(counts):
            yield f"reconstruction of {one.name[:100]}: its counts contradict each other or the manifest"


def grid_differences(folder: DatasetFolder, record: PublishedMetrics, version: int) -> Iterator[str]:
    """Yield the columns whose grid is another one in the recipe than the record says.

    A recipe that cannot be read is reported with the files of the version.
    """
    quality, opened = record.synthetic_quality, Version(folder, version)
    if quality is None:
        return
    try:
        schema = pq.read_schema(next(iter(sorted(opened.path("test").glob("*.parquet")))))
        wanted = {grid.column: grid.text for grid in grids_in_words(opened, schema)}
    except (IntegrityError, OSError, StopIteration, KeyError, pa.ArrowException):
        return
    found = {grid.column: grid.text for grid in quality.grids}
    for column in sorted({*found, *wanted}):
        yield from mismatch(f"grid of {column[:100]}", found.get(column), wanted.get(column))


def _synthetic_only(facts: ManifestFacts) -> bool:
    return bool(facts.config.get("output", {}).get("rows", "all") == "synthetic")
