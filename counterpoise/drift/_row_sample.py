"""Sample a table's rows so that two deliveries share the sample: only a row's content decides whether it is in it.

The sample consists of the rows with the smallest hashes (Broder, On the resemblance and containment of documents,
1997). So it contains either all copies of a row or none, and a row that is delivered again is also in the next sample,
wherever it occurs. The hashes favour speed: numbers are hashed as floats, texts by their first bytes and their length.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import ColumnsConfig
from counterpoise.drift._records import RowSample
from counterpoise.drift._schema import type_kind
from counterpoise.records import Snapshot
from counterpoise.table import Hashes, SnapshotReader, row_hashes, salted
from counterpoise.typing import Ints

_SAMPLED = 65_536
_STORED = 8_192
_COLUMNS = 8
"""Enough columns to distinguish rows; more would only take longer."""
_TEXT = 48
"""The number of bytes of a text that are hashed."""
_ALL = 2**64
_MISSING = np.uint64(0x9E6C_63D0_876A_68DE)


@dataclass(frozen=True)
class SampledRows:
    """The rows of a snapshot whose hashes are below a limit.

    Attributes:
        total: The number of rows of the snapshot.
        limit: The limit; 2 ** 64 selects every row.
        positions: The rows' numbers, ascending.
        hashes: Their hashes.
    """

    total: int
    limit: int
    positions: Ints
    hashes: Hashes

    def below(self, limit: int) -> SampledRows:
        """Return the smaller sample for a smaller limit."""
        if limit >= self.limit:
            return self
        inside = self.hashes < np.uint64(limit)
        return SampledRows(self.total, limit, self.positions[inside], self.hashes[inside])


@lru_cache(maxsize=4)
def sample_rows(snapshot: Snapshot, columns: ColumnsConfig) -> SampledRows:
    """Return a sample of the rows, identified by their content without identifiers and dropped columns.

    The results are cached, since a run needs the sample before and after comparing its source with the last version.
    """
    ignored = {*columns.ids, *columns.drop}
    used = [column for column in snapshot.columns if column.name not in ignored]
    used.sort(key=lambda column: type_kind(column.type) not in ("number", "time"))  # these are faster than texts
    return _sample(snapshot, [column.name for column in used[:_COLUMNS]])


@lru_cache(maxsize=4)
def key_rows(snapshot: Snapshot, columns: ColumnsConfig) -> SampledRows | None:
    """Return a sample of the rows, identified by their identifiers only; None if there are none."""
    names = {column.name for column in snapshot.columns}
    return _sample(snapshot, columns.ids) if columns.ids and names.issuperset(columns.ids) else None


def stored_sample(rows: SampledRows | None) -> RowSample | None:
    """Return a sample in the form that is stored with a version."""
    if rows is None:
        return None
    small = rows.below(_limit(rows.total, _STORED))
    text = base64.b64encode(small.hashes.astype("<u8").tobytes()).decode()
    return RowSample(rows=small.total, limit=str(small.limit), hashes=text)


def stored_hashes(sample: RowSample) -> Hashes:
    """Return the hashes of a sample that was stored with a version."""
    return np.frombuffer(base64.b64decode(sample.hashes), "<u8").astype(np.uint64)


def _limit(rows: int, wanted: int) -> int:
    return _ALL if rows <= wanted else _ALL * wanted // rows


def _sample(snapshot: Snapshot, names: Sequence[str]) -> SampledRows:
    limit = _limit(snapshot.rows, _SAMPLED)
    positions, hashes = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    for first, table in SnapshotReader(snapshot).iter_groups(names):
        found = _hashes(table)
        inside = np.arange(len(found)) if limit == _ALL else np.flatnonzero(found < np.uint64(limit))
        positions.append(inside + first)
        hashes.append(found[inside])
    return SampledRows(snapshot.rows, limit, np.concatenate(positions), np.concatenate(hashes))


def _hashes(table: pa.Table) -> Hashes:
    total = np.zeros(table.num_rows, dtype=np.uint64)
    for name, column in zip(table.schema.names, table.columns, strict=True):
        salt = int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        start = 0
        for chunk in column.chunks:
            total[start : start + len(chunk)] += salted(_words(chunk), salt)
            start += len(chunk)
    return total


def _words(array: pa.Array) -> Hashes:
    """Return a 64-bit word per value; equal numbers are equal in every type, and NaN counts as missing."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_boolean(kind):
        array, kind = array.cast(pa.int8()), pa.int8()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = pc.fill_null(array.cast(pa.float64(), safe=False), np.nan).to_numpy(zero_copy_only=False) + 0.0
        return np.where(np.isnan(numbers), _MISSING, numbers.view(np.uint64))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        words = _text_words(array)
    else:
        words = row_hashes(pa.table({"": array}))
    if array.null_count:
        words[array.is_null().to_numpy(zero_copy_only=False)] = _MISSING
    return words


def _text_words(array: pa.Array) -> Hashes:
    """Return a word per text: the sum of its bytes, each weighted by a factor for its position."""
    lengths = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    texts = pc.fill_null(array, "").cast(pa.large_binary())
    if len(lengths) and lengths.max() > _TEXT:
        texts = pc.binary_slice(texts, 0, _TEXT)
    kept = np.minimum(lengths, _TEXT)
    ends = np.cumsum(kept)
    factors = salted(np.arange(_TEXT, dtype=np.uint64), 1)
    places = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - kept, kept)
    _, offsets, values = texts.buffers()
    first = np.frombuffer(offsets, np.int64)[texts.offset] if len(texts) else 0
    content = np.frombuffer(values, np.uint8)[first : first + len(places)] if len(places) else np.zeros(0, np.uint8)
    sums = np.concatenate(
        [np.zeros(1, np.uint64), np.cumsum(content.astype(np.uint64) * factors[places], dtype=np.uint64)]
    )
    words: Hashes = sums[ends] - sums[ends - kept] + salted(lengths.astype(np.uint64), 2)
    return words
