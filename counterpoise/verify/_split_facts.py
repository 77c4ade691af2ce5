"""Recount the statements of a split about itself: spans in time, equal rows, and its independent units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.persist import ORIGINS, iter_part, source_keys
from counterpoise.records import PARTITIONS, NearDuplicates
from counterpoise.split import (
    OFFSETS,
    Units,
    count_contradictory,
    group_codes,
    link_groups,
    near_codes,
    near_duplicates,
    near_hashes,
    near_steps,
    steps_of,
)
from counterpoise.table import Hashes, encode_labels, read_parquet, row_hashes
from counterpoise.verify._stored import Found, StoredVersion
from counterpoise.verify._time_facts import SplitRows, time_facts

_FIRST_WITH_UNITS = 6
"""The version of the files from which on manifests state the units."""


def split_facts(version: StoredVersion) -> Found:
    """Yield the statements of the split about itself; the files lack the content of dropped rows."""
    manifest, config = version.manifest, version.config
    split = manifest.split
    by_group = config.split.method == "random" and bool(config.columns.group)
    yield "split.method", split.method, "grouped" if by_group else config.split.method
    if config.split.method != "time":
        yield "split.spans", split.spans, {}
    if not config.split.test:
        yield "split.windows", split.windows, {}
    if config.split.groups_apart:
        yield "split.positive_class", split.positive_class, ""
    if config.split.duplicates == "ignore":
        yield "split.duplicate_rows", split.duplicate_rows, 0
        yield "split.contradictory_rows", split.contradictory_rows, 0
    if version.stored and not version.dropped:
        if config.split.method == "time":
            yield from time_facts(split, _rows_in_time(version))
        if config.split.duplicates != "ignore" and not split.apart:
            repeated, contradictory = _equal_rows(version)
            yield "split.duplicate_rows", split.duplicate_rows, repeated
            yield "split.contradictory_rows", split.contradictory_rows, contradictory
    yield from _unit_facts(version)
    yield from _near_facts(version)


def _rows_in_time(version: StoredVersion) -> SplitRows:
    published = {name: _keys_and_label(version, name) for name in PARTITIONS}
    return SplitRows.of(version.config, published, version.rejected)


def _keys_and_label(version: StoredVersion, name: str) -> pa.Table:
    """Return the key columns and the label of a partition's original rows."""
    target, keys = version.config.columns.target, version.keys(name)
    labels = pa.concat_tables([read_parquet(path, columns=[target]) for path in version.files(name)])
    own = source_keys(keys, version.config.columns.key_columns())
    table = own.append_column(target, labels.unify_dictionaries()[target])
    return table.filter(pc.equal(keys["origin"], ORIGINS[0]))


def _unit_facts(version: StoredVersion) -> Found:
    """Yield what is independent, and the sizes of these units in each partition whose original rows are all stored."""
    split, config = version.manifest.split, version.config
    if version.manifest.files_version < _FIRST_WITH_UNITS:
        return
    whole = version.stored and not version.dropped
    grouped, together = bool(config.columns.group), config.split.duplicates != "ignore"
    if not grouped and not together:
        yield "split.unit", split.unit, "rows"
    names = PARTITIONS if whole else PARTITIONS[1:]
    sizes = {name: _units(version, name, together=together).sizes() for name in names}
    tied = any(one.largest > 1 for one in sizes.values())
    if grouped or tied or whole:
        yield "split.unit", split.unit, "groups" if grouped else "equal_rows" if tied else "rows"
    yield "the partitions of split.units", set(split.units), set() if split.unit == "rows" else set(PARTITIONS)
    for name in sizes if split.unit != "rows" else ():
        yield f"split.units of {name}", split.units.get(name), sizes[name]


def _units(version: StoredVersion, name: str, *, together: bool) -> Units:
    """Return the units of a partition's original rows."""
    columns, number = version.config.columns, 0
    steps = steps_of(version.manifest.split.near) if version.config.split.duplicates == "near" else {}
    grids = [near_hashes(steps, offset) for offset in OFFSETS]
    hashes = [[np.zeros(0, np.uint64)] for _ in grids]
    for rows in _original_rows(version, name):
        number += rows.num_rows
        features = rows.drop_columns([columns.target])
        for one, grid in zip(hashes, grids, strict=True):
            one.append(grid(features))
    content = near_codes(*(np.concatenate(one) for one in hashes)) if together else np.arange(number)
    if not columns.group:
        return Units.of(content, grouped=False)
    keys = version.keys(name)
    own = source_keys(keys.filter(pc.equal(keys["origin"], ORIGINS[0])), [columns.group])
    return Units.of(link_groups(group_codes(own.column(0)), content), grouped=True)


def _near_facts(version: StoredVersion) -> Found:
    """Yield the near-duplicates, if all rows that were split are stored."""
    split, config = version.manifest.split, version.config
    if config.split.duplicates == "ignore":
        yield "split.near", split.near, None
    if split.near is None:
        return
    if config.split.duplicates == "near":
        yield "split.near.apart", split.near.apart, 0
    if version.stored and not version.dropped and not split.apart:
        yield "split.near", split.near, _near(version)


def _near(version: StoredVersion) -> NearDuplicates:
    """Return the near-duplicates among the original rows, as the split counted them."""
    target = version.config.columns.target
    fractional: dict[str, list[pa.ChunkedArray]] = {}
    sides = []
    for number, name in enumerate(PARTITIONS):
        for rows in _original_rows(version, name):
            sides.append(np.full(rows.num_rows, number, np.int8))
            for column, values in zip(rows.column_names, rows.columns, strict=True):
                if column != target and pa.types.is_floating(values.type):
                    fractional.setdefault(column, []).append(values)
    partition = np.concatenate(sides)
    joined = ((name, pa.chunked_array([c for one in parts for c in one.chunks])) for name, parts in fractional.items())
    steps = near_steps(joined, len(partition))
    grids = [near_hashes(steps, offset) for offset in OFFSETS]
    hashes: list[list[Hashes]] = [[] for _ in (*grids, row_hashes)]
    for name in PARTITIONS:
        for rows in _original_rows(version, name):
            features = rows.drop_columns([target])
            for found, grid in zip(hashes, (*grids, row_hashes), strict=True):
                found.append(grid(features))
    *near, exact = (np.concatenate(found) for found in hashes)
    return near_duplicates(steps, near_codes(*near), group_codes(exact), partition)


def _equal_rows(version: StoredVersion) -> tuple[int, int]:
    """Return how many original rows equal an earlier one, and how many equal one of another class."""
    target, hashes, labels = version.config.columns.target, [], []
    for name in PARTITIONS:
        for rows in _original_rows(version, name):
            hashes.append(row_hashes(rows.drop_columns([target])))
            labels.append(rows.select([target]))
    groups = group_codes(np.concatenate(hashes))
    repeated = len(groups) - (int(groups.max(initial=-1)) + 1)
    codes = encode_labels(pa.concat_tables(labels).unify_dictionaries()[target]).codes
    return repeated, count_contradictory(groups, codes)


def _original_rows(version: StoredVersion, name: str) -> Iterator[pa.Table]:
    """Yield the original rows of a partition, one row group at a time."""
    for path in version.files(name):
        origin = read_parquet(version.data / "keys" / name / path.name, columns=["origin"])["origin"]
        start = 0
        for rows in iter_part(path):
            yield rows.filter(pc.equal(origin.slice(start, rows.num_rows), ORIGINS[0]))
            start += rows.num_rows
