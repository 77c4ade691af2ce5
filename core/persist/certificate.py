"""The leakage certificate: what must hold of a version's files, and the checking of it.

Publishing fills it in from what was written; `verify` recomputes it from the files alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.core.persist.order import ORIGINS
from counterpoise.core.persist.part_files import iter_part
from counterpoise.core.records import PARTITIONS, Certificate
from counterpoise.core.row_hash import Hashes, fingerprint, row_hashes

__all__ = ["UNTOUCHED", "RowBalance", "certify"]

UNTOUCHED = ("validation", "test")

_READERS = 2

Ints = npt.NDArray[np.int64]


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


@dataclass
class _Partition:
    """What the files of one partition hold."""

    rows: list[Ints] = field(default_factory=list)
    parents: list[Ints] = field(default_factory=list)
    contents: list[Hashes] = field(default_factory=list)
    fingerprint: int = 0
    untouched: bool = True
    aligned: bool = True

    @property
    def source_rows(self) -> Ints:
        """Source rows of the original rows, in the order of the files."""
        return np.concatenate([np.zeros(0, np.int64), *self.rows])


def certify(data: Path, *, features: tuple[str, ...], balance: RowBalance, source: dict[str, str]) -> Certificate:
    """Recompute the certificate of a version from its files.

    Args:
        data: The version's data folder.
        features: The feature columns, by which rows are equal or not.
        balance: Where the source's rows went.
        source: The fingerprints of the validation and test rows, taken from the source itself.
    """
    compared = features if balance.content_disjoint else ()
    with ThreadPoolExecutor(_READERS) as pool:
        parts = pool.map(lambda name: _read_partition(data, name, compared), PARTITIONS)
        found = dict(zip(PARTITIONS, parts, strict=True))
    fingerprints = {name: f"{found[name].fingerprint:016x}" for name in UNTOUCHED}
    checks = {
        **_row_checks(found, balance),
        "validation_and_test_untouched": all(found[name].untouched for name in UNTOUCHED),
        "validation_and_test_as_in_source": fingerprints == source,
        "keys_aligned": all(part.aligned for part in found.values()),
    }
    if balance.content_disjoint:
        checks["partitions_disjoint_by_content"] = _disjoint([part.contents for part in found.values()])
    return Certificate(
        checks=checks,
        rows_in=balance.rows_in,
        rows_original=sum(len(part.source_rows) for part in found.values()),
        rows_dropped=len(balance.dropped),
        rows_rejected=len(balance.rejected) + balance.rejected_lines,
        fingerprints=fingerprints,
    )


def _row_checks(found: dict[str, _Partition], balance: RowBalance) -> dict[str, bool]:
    """Return what follows from row numbers alone: each source row stands in one place, parents in train."""
    rows = balance.rows_in - balance.rejected_lines
    published = np.concatenate([part.source_rows for part in found.values()])
    known = np.concatenate([published, balance.dropped, balance.rejected])
    if len(known) and (known.min() < 0 or known.max() >= rows):
        return dict.fromkeys(("partitions_disjoint_by_row", "parents_in_train", "rows_balance"), False)
    in_train = np.zeros(rows, dtype=bool)
    in_train[found["train"].source_rows] = True
    in_train[balance.dropped] = True
    return {
        "partitions_disjoint_by_row": int(np.bincount(published, minlength=1).max()) <= 1,
        "parents_in_train": all(
            bool(in_train[np.clip(parents, 0, rows - 1)].all()) and bool(((parents >= 0) & (parents < rows)).all())
            for parents in found["train"].parents
        ),
        "rows_balance": bool((np.bincount(known, minlength=rows) == 1).all()),
    }


def _read_partition(data: Path, name: str, compared: tuple[str, ...]) -> _Partition:
    part = _Partition()
    for path in sorted((data / name).glob("part-*.parquet")):
        for rows, keys in zip_longest(iter_part(path), iter_part(data / "keys" / name / path.name)):
            if rows is None or keys is None or rows.num_rows != keys.num_rows:
                part.aligned = False
            else:
                _add(part, rows, keys, compared)
    return part


def _add(part: _Partition, rows: pa.Table, keys: pa.Table, compared: tuple[str, ...]) -> None:
    """Take a row group into account: original rows by number and content, synthetic ones by their parents."""
    original = np.flatnonzero(np.asarray(pc.equal(keys["origin"], ORIGINS[0])))
    untouched = len(original) == rows.num_rows
    source_rows = np.asarray(keys["source_row"].take(pa.array(original)).to_numpy())
    part.untouched &= untouched
    part.rows.append(source_rows)
    part.parents += [keys[name].drop_null().to_numpy() for name in ("parent_a", "parent_b")]
    contents = row_hashes(rows.select(compared))
    if compared:
        part.contents.append(_distinct(contents[original]))
    if untouched:
        rest = row_hashes(rows.drop_columns(list(compared)))
        part.fingerprint = (part.fingerprint + fingerprint(source_rows, contents + rest)) % 2**64


def _distinct(hashes: Hashes) -> Hashes:
    """Return the distinct hashes, ascending: by sorting, which is many times faster here than `numpy.unique`."""
    ordered = np.sort(hashes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _disjoint(contents: list[list[Hashes]]) -> bool:
    """Return whether no hash stands in two partitions."""
    together = np.concatenate([_distinct(np.concatenate([np.zeros(0, np.uint64), *hashes])) for hashes in contents])
    return len(_distinct(together)) == len(together)
