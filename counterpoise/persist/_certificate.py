"""The leakage certificate: what must hold of a version's files, and the checking of it.

Publishing fills it in from what was written; `verify` recomputes it from the files alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.persist._files.key_files import source_keys
from counterpoise.persist._files.part_files import iter_part
from counterpoise.persist._rows.order import ORIGINS
from counterpoise.records import PARTITIONS, Certificate
from counterpoise.split import SplitEvidence, SplitPromise
from counterpoise.table import Hashes, distinct_hashes, fingerprint, row_hashes
from counterpoise.typing import Ints

__all__ = ["UNTOUCHED", "Asked", "PartContent", "RowBalance", "certify", "read_part", "read_parts"]

UNTOUCHED = ("validation", "test")

_READERS = 2


_NO_ROWS = np.zeros(0, np.int64)
_NO_HASHES = np.zeros(0, np.uint64)


@dataclass(frozen=True)
class RowBalance:
    """Where the source's rows went, and whether equal rows had to stay together.

    Attributes:
        rows_in: Rows and lines of the source.
        dropped: Source rows that resampling dropped, ascending.
        rejected: Source rows that were set apart, ascending.
        rejected_lines: Lines that could not be read.
        content_disjoint: Whether partitions must differ in content, not only in rows.
    """

    rows_in: int
    dropped: Ints
    rejected: Ints
    rejected_lines: int
    content_disjoint: bool


@dataclass(frozen=True)
class Asked:
    """What the certificate asks of part files.

    Attributes:
        compared: The columns whose content counts; none where it does not.
        promise: What the split promised; None asks nothing about it.
    """

    compared: tuple[str, ...] = ()
    promise: SplitPromise | None = None


@dataclass(frozen=True)
class PartContent:
    """What a part file and its keys hold, as far as the certificate asks.

    Attributes:
        source_rows: Source rows of the original rows, in the order of the file.
        parents: Source rows of the synthetic rows' parents.
        contents: The distinct hashes of the original rows' compared columns, ascending; none without such columns.
        fingerprint: The fingerprint of its rows; 0 in train.
        untouched: Whether all rows are original ones.
        aligned: Whether the file and its keys have the same rows.
        evidence: What its original rows say about the split.
    """

    source_rows: Ints
    parents: Ints
    contents: Hashes = field(default_factory=lambda: _NO_HASHES)
    fingerprint: int = 0
    untouched: bool = False
    aligned: bool = True
    evidence: tuple[SplitEvidence, ...] = ()


Contents = Mapping[str, Sequence[PartContent]]
"""The contents of a version's part files, by partition."""


def certify(
    found: Contents, *, balance: RowBalance, source: dict[str, str], promise: SplitPromise | None = None
) -> Certificate:
    """Compute the certificate of a version from what its files hold.

    Args:
        found: What was read from the files.
        balance: Where the source's rows went.
        source: The fingerprints of the validation and test rows, taken from the source itself.
        promise: What the split promised.
    """
    fingerprints = {name: f"{sum(part.fingerprint for part in found[name]) % 2**64:016x}" for name in UNTOUCHED}
    checks = {
        **_row_checks(found, balance),
        "validation_and_test_untouched": all(part.untouched for name in UNTOUCHED for part in found[name]),
        "validation_and_test_as_in_source": fingerprints == source,
        "keys_aligned": all(part.aligned for parts in found.values() for part in parts),
    }
    if balance.content_disjoint:
        checks["partitions_disjoint_by_content"] = _disjoint(found)
    if promise is not None:
        evidence = {name: [one for part in parts for one in part.evidence] for name, parts in found.items()}
        checks |= promise.checks(evidence)
    return Certificate(
        checks=checks,
        rows_in=balance.rows_in,
        rows_original=sum(len(part.source_rows) for parts in found.values() for part in parts),
        rows_dropped=len(balance.dropped),
        rows_rejected=len(balance.rejected) + balance.rejected_lines,
        fingerprints=fingerprints,
    )


def _row_checks(found: Contents, balance: RowBalance) -> dict[str, bool]:
    """Return what follows from row numbers alone: each source row stands in one place, parents in train."""
    rows = balance.rows_in - balance.rejected_lines
    published = np.concatenate([_NO_ROWS, *(part.source_rows for parts in found.values() for part in parts)])
    known = np.concatenate([published, balance.dropped, balance.rejected])
    if len(known) < rows or (len(known) and (known.min() < 0 or known.max() >= rows)):
        return dict.fromkeys(("partitions_disjoint_by_row", "parents_in_train", "rows_balance"), False)
    in_train = np.zeros(rows, dtype=bool)
    in_train[np.concatenate([balance.dropped, *(part.source_rows for part in found["train"])])] = True
    return {
        "partitions_disjoint_by_row": int(np.bincount(published, minlength=1).max()) <= 1,
        "parents_in_train": all(
            bool(in_train[np.clip(part.parents, 0, rows - 1)].all())
            and bool(((part.parents >= 0) & (part.parents < rows)).all())
            for part in found["train"]
        ),
        "rows_balance": bool((np.bincount(known, minlength=rows) == 1).all()),
    }


def read_parts(data: Path, *, asked: Asked, partitions: Sequence[str] = PARTITIONS) -> dict[str, Sequence[PartContent]]:
    """Read all part files of a version, several at a time.

    Args:
        data: The version's data folder.
        asked: What the certificate asks.
        partitions: The partitions to read.
    """
    files = [(name, path.name) for name in partitions for path in sorted((data / name).glob("part-*.parquet"))]
    with ThreadPoolExecutor(_READERS) as pool:
        parts = list(pool.map(lambda file: read_part(data, *file, asked=asked), files))
    return {name: [part for file, part in zip(files, parts, strict=True) if file[0] == name] for name in partitions}


def read_part(data: Path, name: str, file: str, *, asked: Asked, columns: Sequence[str] | None = None) -> PartContent:
    """Read a part file and its keys, every page checked, and return what they hold.

    Args:
        data: The version's data folder.
        name: The partition.
        file: The file's name.
        asked: What the certificate asks.
        columns: The columns of the part file to read; all by default.

    Raises:
        IntegrityError: The file cannot be read back.
    """
    all_rows = iter_part(data / name / file, columns, use_threads=False)
    all_keys = iter_part(data / "keys" / name / file, use_threads=False, read_dictionary=["origin"])
    groups, aligned = [], True
    for rows, keys in zip_longest(all_rows, all_keys):
        if rows is None or keys is None or rows.num_rows != keys.num_rows:
            aligned = False
        else:
            groups.append(_content(rows, keys, asked, partition=name))
    return PartContent(
        source_rows=np.concatenate([_NO_ROWS, *(group.source_rows for group in groups)]),
        parents=np.concatenate([_NO_ROWS, *(group.parents for group in groups)]),
        contents=distinct_hashes(np.concatenate([_NO_HASHES, *(group.contents for group in groups)])),
        fingerprint=sum(group.fingerprint for group in groups) % 2**64,
        untouched=all(group.untouched for group in groups),
        aligned=aligned,
        evidence=tuple(one for group in groups for one in group.evidence),
    )


def _content(rows: pa.Table, keys: pa.Table, asked: Asked, *, partition: str) -> PartContent:
    """Return what a row group holds: original rows by number and content, synthetic ones by their parents."""
    original = np.asarray(pc.equal(keys["origin"], ORIGINS[0]).fill_null(False))
    source_rows = keys["source_row"].filter(pa.array(original)).fill_null(-1).to_numpy()
    untouched = bool(original.all())
    contents = row_hashes(rows.select(list(asked.compared)))
    whole = partition in UNTOUCHED and untouched
    rest = row_hashes(rows.drop_columns(list(asked.compared))) if whole else _NO_HASHES
    evidence: tuple[SplitEvidence, ...] = ()
    if asked.promise is not None:
        own = source_keys(keys.filter(pa.array(original)), asked.promise.key_columns)
        evidence = (asked.promise.evidence(partition, own, lambda: contents[original]),)
    return PartContent(
        source_rows=source_rows,
        parents=np.concatenate([keys[name].drop_null().to_numpy() for name in ("parent_a", "parent_b")]),
        contents=distinct_hashes(contents[original]) if asked.compared else _NO_HASHES,
        fingerprint=fingerprint(source_rows, contents + rest) if whole else 0,
        untouched=untouched,
        evidence=evidence,
    )


def _disjoint(found: Contents) -> bool:
    """Return whether no hash stands in two partitions."""
    distinct = [
        distinct_hashes(np.concatenate([_NO_HASHES, *(part.contents for part in parts)])) for parts in found.values()
    ]
    together = np.concatenate(distinct)
    return len(distinct_hashes(together)) == len(together)
