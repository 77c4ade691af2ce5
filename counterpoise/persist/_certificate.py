"""The leakage certificate: the checks that a version's files must pass.

Publishing fills it in from the files that it has just written; `verify` recomputes it from the stored files alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from counterpoise.runtime import thread_pool
from counterpoise.split import SplitEvidence, SplitPromise
from counterpoise.table import Hashes, distinct_hashes, fingerprint, row_hashes
from counterpoise.typing import Ints

UNTOUCHED = ("validation", "test")

_READERS = 2


_NO_ROWS = np.zeros(0, np.int64)
_NO_HASHES = np.zeros(0, np.uint64)


@dataclass(frozen=True)
class RowBalance:
    """Account for the source's rows, and say whether partitions must differ in content.

    Attributes:
        rows_in: Rows of the source, including lines that could not be parsed.
        dropped: Source rows that resampling dropped, ascending.
        rejected: Source rows that validation rejected, ascending.
        rejected_lines: Number of lines that could not be parsed.
        content_disjoint: Whether partitions must be disjoint by content, not only by row.
    """

    rows_in: int
    dropped: Ints
    rejected: Ints
    rejected_lines: int
    content_disjoint: bool


@dataclass(frozen=True)
class CertificateScope:
    """Select what to read from the part files for the certificate.

    Attributes:
        compared: The columns whose content is compared; empty if content is not checked.
        promise: The guarantee that the split made; None skips its checks.
    """

    compared: tuple[str, ...] = ()
    promise: SplitPromise | None = None


@dataclass(frozen=True)
class PartContent:
    """Content of a part file and its keys, as far as the certificate needs it.

    Attributes:
        source_rows: Source rows of the original rows, in file order.
        parents: Source rows of the synthetic rows' parents.
        contents: Distinct hashes of the original rows' compared columns, ascending; empty without such columns.
        fingerprint: Fingerprint of the rows; 0 in train.
        untouched: Whether all rows are original rows.
        aligned: Whether the file and its keys have the same number of rows.
        evidence: Evidence from the original rows for the split's guarantee.
    """

    source_rows: Ints
    parents: Ints
    contents: Hashes = field(default_factory=lambda: _NO_HASHES)
    fingerprint: int = 0
    untouched: bool = False
    aligned: bool = True
    evidence: tuple[SplitEvidence, ...] = ()


Contents = Mapping[str, Sequence[PartContent]]
"""The content of a version's part files, by partition."""


def certify(
    found: Contents, *, balance: RowBalance, source: dict[str, str], promise: SplitPromise | None = None
) -> Certificate:
    """Compute a version's certificate from the content of its files.

    Args:
        found: The content that was read from the files.
        balance: The account of the source's rows.
        source: Fingerprints of the validation and test rows, computed from the source itself.
        promise: The guarantee that the split made.
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
    """Check the row numbers: each source row occurs once, and all parents are in train."""
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


def read_parts(
    data: Path, *, scope: CertificateScope, partitions: Sequence[str] = PARTITIONS
) -> dict[str, Sequence[PartContent]]:
    """Read all part files of a version, several in parallel.

    Args:
        data: The version's data folder.
        scope: What the certificate needs.
        partitions: The partitions to read.
    """
    files = [(name, path.name) for name in partitions for path in sorted((data / name).glob("part-*.parquet"))]
    with thread_pool(_READERS) as pool:
        parts = list(pool.map(lambda file: read_part(data, *file, scope=scope), files))
    return {name: [part for file, part in zip(files, parts, strict=True) if file[0] == name] for name in partitions}


def read_part(
    data: Path, name: str, file: str, *, scope: CertificateScope, columns: Sequence[str] | None = None
) -> PartContent:
    """Read a part file and its keys, verify every page checksum, and return their content.

    Args:
        data: The version's data folder.
        name: The partition.
        file: The file name.
        scope: What the certificate needs.
        columns: The columns to read from the part file; all by default.

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
            groups.append(_content(rows, keys, scope, partition=name))
    return PartContent(
        source_rows=np.concatenate([_NO_ROWS, *(group.source_rows for group in groups)]),
        parents=np.concatenate([_NO_ROWS, *(group.parents for group in groups)]),
        contents=distinct_hashes(np.concatenate([_NO_HASHES, *(group.contents for group in groups)])),
        fingerprint=sum(group.fingerprint for group in groups) % 2**64,
        untouched=all(group.untouched for group in groups),
        aligned=aligned,
        evidence=tuple(one for group in groups for one in group.evidence),
    )


def _content(rows: pa.Table, keys: pa.Table, scope: CertificateScope, *, partition: str) -> PartContent:
    """Return the content of a row group: original rows by number and hash, synthetic rows by their parents."""
    original = np.asarray(pc.equal(keys["origin"], ORIGINS[0]).fill_null(False))
    source_rows = keys["source_row"].filter(pa.array(original)).fill_null(-1).to_numpy()
    untouched = bool(original.all())
    contents = row_hashes(rows.select(list(scope.compared)))
    whole = partition in UNTOUCHED and untouched
    rest = row_hashes(rows.drop_columns(list(scope.compared))) if whole else _NO_HASHES
    evidence: tuple[SplitEvidence, ...] = ()
    if scope.promise is not None:
        own = source_keys(keys.filter(pa.array(original)), scope.promise.key_columns)
        target = scope.promise.columns.target
        labels = rows[target].filter(pa.array(original)) if scope.promise.needs_labels else None
        features = rows.select(list(scope.compared)).filter(pa.array(original))
        evidence = (scope.promise.evidence(partition, own, lambda: contents[original], labels, lambda: features),)
    return PartContent(
        source_rows=source_rows,
        parents=np.concatenate([keys[name].drop_null().to_numpy() for name in ("parent_a", "parent_b")]),
        contents=distinct_hashes(contents[original]) if scope.compared else _NO_HASHES,
        fingerprint=fingerprint(source_rows, contents + rest) if whole else 0,
        untouched=untouched,
        evidence=evidence,
    )


def _disjoint(found: Contents) -> bool:
    """Return whether no hash occurs in two partitions."""
    distinct = [
        distinct_hashes(np.concatenate([_NO_HASHES, *(part.contents for part in parts)])) for parts in found.values()
    ]
    together = np.concatenate(distinct)
    return len(distinct_hashes(together)) == len(together)
