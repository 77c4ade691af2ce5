"""Recount the facts of a manifest from the files alone.

Whoever changes a manifest can recompute its digest. So each fact that the version's files contain is recounted: rows
and classes, the order drawn from the seed, repeated, dropped and synthetic rows, and the rejects with their reasons.
"""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from counterpoise.drift import SourceProfile
from counterpoise.persist import (
    ORIGINS,
    PROFILE_FILE,
    WEIGHT_FIELD,
    Manifest,
    key_names,
    label_sequence,
    source_keys,
)
from counterpoise.records import PARTITIONS, ClassCounts, Validation, parse_stored
from counterpoise.split import (
    EXCLUSION_REASONS,
)
from counterpoise.strategies import STRATEGIES
from counterpoise.table import Hashes, Labels, read_parquet, row_hashes
from counterpoise.typing import Ints
from counterpoise.verify._split_facts import split_facts
from counterpoise.verify._stored import PARENTS, Found, StoredVersion, labels_of


def recount(base: Path, manifest: Manifest, *, stored: bool) -> list[str]:
    """Return where files and manifest differ, in sentences; empty if they agree.

    Args:
        base: The dataset's folder or a copy of it; the files' digests already match the manifest.
        manifest: The version's manifest.
        stored: Whether the train rows are stored; if not, only their recipe is known.
    """
    version = StoredVersion(base / manifest.data, manifest, stored)
    facts = chain(
        _recipe_facts(version),
        _reject_facts(version),
        _file_facts(version),
        _documents(version),
        *(_partition_facts(version, name) for name in version.partitions),
        _train_facts(version) if stored else (),
        split_facts(version),
    )
    return [
        f"manifest: {name} is {stated}, but the files say {found}" for name, stated, found in facts if stated != found
    ]


def _recipe_facts(version: StoredVersion) -> Found:
    """Yield the facts of the recipe: how many train rows were dropped, repeated and synthesised."""
    manifest = version.manifest
    resampling = manifest.resampling
    made = 0 if version.synthetic is None else version.synthetic.num_rows
    yield "dropped", manifest.dropped, version.dropped
    yield "resampling.repeated", resampling.repeated, version.repeated
    yield "resampling.synthetic", resampling.synthetic, made
    others = sum(manifest.partitions[name].rows for name in PARTITIONS[1:])
    rejected = 0 if version.rejected is None else version.rejected.num_rows
    before = manifest.source.rows - others - rejected
    yield "the number of rows in resampling.before", sum(resampling.before.values()), before
    after = before - version.dropped + version.repeated + made
    yield "the number of rows in resampling.after", sum(resampling.after.values()), after
    wanted = version.config.resampling.strategy
    yield "resampling.strategy", resampling.strategy, resampling.strategy if wanted == "auto" else wanted
    family = STRATEGIES[resampling.strategy].family if resampling.strategy in STRATEGIES else "unknown"
    does_nothing, only_grows = family in ("none", "unknown"), family in ("none", "over")
    synthetic_only = version.config.output.rows == "synthetic"
    keeps = only_grows and not synthetic_only
    yield f"that {resampling.strategy} drops no row", keeps, keeps and not version.dropped
    yield f"that {resampling.strategy} adds no row", does_nothing, does_nothing and not after > before - version.dropped
    left = before - version.dropped + version.repeated
    yield "that train has synthetic rows only", synthetic_only, synthetic_only and not left


def _reject_facts(version: StoredVersion) -> Found:
    """Yield the number of rejects and their reasons."""
    manifest, lines = version.manifest, version.data / "rejected" / "lines.parquet"
    unread = pq.read_metadata(lines).num_rows if lines.exists() else 0
    reasons = [] if version.rejected is None else version.rejected.column(1).to_pylist()
    counted = Counter(reasons)
    yield "source.rejected_lines", manifest.source.rejected_lines, unread
    yield "rejected", manifest.rejected, len(reasons) + unread
    yield "split.apart", manifest.split.apart, {name: counted[name] for name in EXCLUSION_REASONS if name in counted}
    without = sorted(set(manifest.resampling.before) - set(classes_of_source(manifest)))
    dropped = set() if version.rejected is None else set(labels_of(version.rejected, version.config).classes)
    yield "the classes without rows", without, [name for name in without if name in dropped]


def _file_facts(version: StoredVersion) -> Found:
    """Yield the row counts of each file: those of the partitions, and none elsewhere."""
    for file in version.manifest.files:
        part, path = Path(file.path).parts[2], version.data.parent.parent / file.path
        if part not in (*PARTITIONS, "keys"):
            yield f"the number of rows counted for {file.path}", file.rows, 0
        elif path.exists():  # its rows are stored
            yield f"the number of rows in {file.path}", file.rows, pq.read_metadata(path).num_rows


def _documents(version: StoredVersion) -> Found:
    """Yield the facts of validation and profile about the source; validation says whether there is a profile."""
    manifest, data = version.manifest, version.data
    path = data / "validation.json"
    yield "that there is validation.json", True, path.exists()
    if not path.exists():
        return
    validation = parse_stored(Validation, path.read_bytes(), place=str(path))
    rows = manifest.rejected - manifest.source.rejected_lines - sum(manifest.split.apart.values())
    yield "that the source was found valid", True, validation.success
    yield "the number of rows that validation rejected", rows, validation.rejected_rows
    yield f"that there is {PROFILE_FILE}", bool(validation.profile_file), (data / PROFILE_FILE).exists()
    if (data / PROFILE_FILE).exists():
        yield from _profile(version, data / PROFILE_FILE)


def _profile(version: StoredVersion, path: Path) -> Found:
    manifest, columns = version.manifest, version.config.columns
    profile = parse_stored(SourceProfile, path.read_bytes(), place=str(path))
    names = {column.name for column in profile.columns}
    yield "source.rows", manifest.source.rows, profile.rows
    yield "columns.target", columns.target, profile.target
    published = {column.name for column in manifest.columns}
    yield "the columns of the source", names, names & (published | {*columns.key_columns(), *columns.drop})
    yield "schema", published, published & names
    if not manifest.rejected:
        yield "the number of rows by class", classes_of_source(manifest), with_rows(profile.classes)


def classes_of_source(manifest: Manifest) -> ClassCounts:
    """Return the rows by class, according to the manifest, that were not rejected."""
    parts = [manifest.resampling.before, *(manifest.partitions[name].classes for name in PARTITIONS[1:])]
    return with_rows(dict(sum((Counter(part) for part in parts), Counter())))


def with_rows(counts: Mapping[str, int]) -> ClassCounts:
    """Return only the classes with rows."""
    return {name: counts[name] for name in sorted(counts) if counts[name]}


def _partition_facts(version: StoredVersion, name: str) -> Found:
    """Yield the rows, classes and columns of a partition."""
    manifest = version.manifest
    part = manifest.partitions[name]
    counts = version.labels(name).counts()
    yield f"the number of rows in {name}", part.rows, sum(counts.values())
    yield f"the classes of {name}", with_rows(part.classes), with_rows(counts)
    keys = version.config.columns.key_columns()
    weighted = name == "train" and WEIGHT_FIELD.name in version.copies.schema.names
    for file in manifest.part_files(name):
        path = version.data / name / Path(file.path).name
        with pq.ParquetFile(path) as opened:
            found = [(field.name, str(field.type)) for field in _written_schema(opened)]
            writer = opened.metadata.created_by.rpartition(" ")[2]
        yield f"the schema of {file.path}", [(column.name, column.type) for column in manifest.columns], found
        yield "the version of pyarrow", manifest.libraries.get("pyarrow"), writer
    for file in manifest.part_files(f"keys/{name}"):
        schema = pq.read_schema(version.data / "keys" / name / Path(file.path).name)
        wanted = sorted(key_names(keys, weighted=weighted))  # the source's order of key columns is not stated
        yield f"the columns of {file.path}", wanted, sorted(schema.names)


def _written_schema(opened: pq.ParquetFile) -> pa.Schema:
    """Return the schema that a file was written with; the reader may change indices and names."""
    stored = (opened.metadata.metadata or {}).get(b"ARROW:schema")
    return opened.schema_arrow if stored is None else pa.ipc.read_schema(pa.py_buffer(b64decode(stored)))


def _train_facts(version: StoredVersion) -> Found:
    """Yield the facts of the train rows about seed, recipe and classes before resampling."""
    manifest = version.manifest
    labels, keys = version.labels("train"), version.keys("train")
    origin = pc.index_in(keys["origin"], value_set=pa.array(ORIGINS)).to_numpy()
    original = origin == 0
    sequence = label_sequence(np.bincount(labels.codes, minlength=len(labels.classes)), manifest.seed)
    yield "that the order of train follows from its seed", True, bool((sequence == labels.codes).all())
    yield "that train follows the recipe", True, _as_in_recipe(version, keys, origin)
    yield "that rows have the recipe's class and weight", True, _changed_as_in_recipe(version, keys, labels)
    if manifest.resampling.repeated:
        yield "that repeated rows are identical", True, _repeats_alike(version)
    dropped = version.copies.filter(pc.equal(version.copies["copies"], 0))["class"].to_pylist()
    before = Counter(labels.counts(original))
    before.update(dropped)
    yield "resampling.before", with_rows(manifest.resampling.before), with_rows(before)


def _as_in_recipe(version: StoredVersion, keys: pa.Table, origin: Ints) -> bool:
    """Return whether train consists of exactly the copies and synthetic rows of the recipe."""
    if version.repeated != int((origin == 1).sum()):  # avoid allocating arrays for rows that do not exist
        return False
    sources = keys["source_row"].fill_null(-1).to_numpy()
    once = np.sort(sources[origin == 0])
    changed = np.asarray(version.copies["source_row"].to_numpy())
    again = np.sort(np.repeat(changed, np.maximum(version.times - 1, 0)))
    dropped = changed[version.times == 0]
    made = keys.filter(pa.array(origin == 2)).select(list(PARENTS))
    wanted = made.slice(0, 0) if version.synthetic is None else version.synthetic
    return (
        _only_their_own(keys, origin)
        and bool(np.isin(changed[version.times > 0], once).all())
        and not np.isin(dropped, once).any()
        and np.array_equal(again, np.sort(sources[origin == 1]))
        and _sorted(made).equals(_sorted(wanted))
    )


def _only_their_own(keys: pa.Table, origin: Ints) -> bool:
    """Return whether source rows have no parents, and synthetic rows no source row."""
    made = pa.array(origin == 2)
    parents = keys.filter(pc.invert(made)).select(list(PARENTS))
    synthetic = keys["source_row"].filter(made)
    return len(synthetic) == synthetic.null_count and all(len(one) == one.null_count for one in parents.columns)


def _changed_as_in_recipe(version: StoredVersion, keys: pa.Table, labels: Labels) -> bool:
    """Return whether rows have the recipe's class and weight; rows that it omits have weight 1."""
    sources, copies = keys["source_row"].combine_chunks(), version.copies.combine_chunks()
    place = pc.index_in(sources, value_set=copies["source_row"].combine_chunks(), skip_nulls=True)
    classes = pa.array(labels.classes).take(pa.array(labels.codes))
    stated = copies["class"].combine_chunks().cast(pa.string()).take(place)
    alike = pc.fill_null(pc.equal(stated, classes), True)
    if WEIGHT_FIELD.name in {*copies.schema.names} & {*keys.schema.names}:
        weights = pc.fill_null(copies[WEIGHT_FIELD.name].combine_chunks().take(place), 1)
        alike = pc.and_(alike, pc.equal(weights, keys[WEIGHT_FIELD.name].combine_chunks()))
    return bool(pc.all(alike).as_py())


def _repeats_alike(version: StoredVersion) -> bool:
    """Return whether repetitions of a source row have the same content and keys."""
    keys = version.config.columns.key_columns()
    found = [real_rows(version.data, "train", path, keys) for path in version.files("train")]
    rows, hashes = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(rows, kind="stable")
    same = np.diff(rows[order]) == 0
    return bool((np.diff(hashes[order])[same] == 0).all())


def real_rows(data: Path, part: str, path: Path, keys: Sequence[str]) -> tuple[Ints, Hashes]:
    """Return the source rows in a part file and the hashes of their content, without synthetic rows.

    Args:
        data: The version's data folder.
        part: The partition.
        path: The file.
        keys: The source's key columns, which are hashed as well.
    """
    own, rows = read_parquet(data / "keys" / part / path.name), read_parquet(path)
    real: pa.ChunkedArray = pc.not_equal(own["origin"], ORIGINS[2])
    columns = [*rows.columns, *source_keys(own, keys).columns]
    table = pa.table(columns, names=[*rows.schema.names, *keys]).filter(real)
    return np.asarray(own["source_row"].filter(real).to_numpy()), row_hashes(table)


def _sorted(parents: pa.Table) -> pa.Table:
    return parents.sort_by([(name, "ascending") for name in PARENTS]).combine_chunks()
