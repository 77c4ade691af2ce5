"""Compute one 64-bit hash per row: equal rows have equal hashes on every platform and library version.

The hashes serve to find rows with equal features and to fingerprint partitions. Each column becomes 64-bit words, which
the finaliser of splitmix64 (Steele, Lea and Flood 2014) mixes with the column's salt; the columns are then summed.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]

_NULL = np.uint64(0x9E6C_63D0_876A_68DE)


def row_hashes(table: pa.Table) -> Hashes:
    """Return one hash per row over all columns, including their names but not their order.

    Minus zero equals zero, all NaN are equal, and null differs from NaN. An integer hashes alike in every width.
    """
    total = np.zeros(table.num_rows, dtype=np.uint64)
    for field, column in zip(table.schema, table.columns, strict=True):
        salt = np.uint64(_text_hash(field.name))
        start = 0
        for chunk in column.chunks:
            stop = start + len(chunk)
            total[start:stop] += _mixed(_words(chunk) ^ salt)
            start = stop
    return total


def salted(hashes: Hashes, salt: int) -> Hashes:
    """Rehash with a 64-bit salt; different salts give effectively independent hashes."""
    return _mixed(_mixed(hashes ^ np.uint64(salt)) + np.uint64(salt))


def distinct_hashes(hashes: Hashes) -> Hashes:
    """Return the distinct hashes in ascending order; sorting is many times faster here than `numpy.unique`."""
    ordered = np.sort(hashes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def fingerprint(rows: npt.NDArray[np.int64], hashes: Hashes) -> int:
    """Return a 64-bit sum, independent of order, that binds each row's content to its source row number.

    Args:
        rows: Source row numbers.
        hashes: The rows' hashes from `row_hashes`.
    """
    bound = _mixed(_mixed(rows.astype(np.uint64)) + hashes)
    return int(bound.sum(dtype=np.uint64))


def _mixed(words: Hashes) -> Hashes:
    """Mix the words in place and return them; callers must pass fresh arrays."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58_476D_1CE4_E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D0_49BB_1331_11EB)
    words ^= words >> np.uint64(31)
    return words


def _text_hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _words(array: pa.Array) -> Hashes:
    """Return one 64-bit word per value, including nulls, as a fresh array."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_dictionary(kind):
        words = _words(array.dictionary)[_indices(array)] if len(array.dictionary) else np.zeros(len(array), np.uint64)
    elif pa.types.is_floating(kind):
        words = _float_words(array)
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        words = _integer_words(array)
    elif pa.types.is_null(kind):
        words = np.zeros(len(array), np.uint64)
    else:
        words = _distinct_words(array)
    if array.null_count:
        words[array.is_null().to_numpy(zero_copy_only=False)] = _NULL
    return words


def _indices(array: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(array.indices, 0).cast(pa.int64()).to_numpy())


def _float_words(array: pa.Array) -> Hashes:
    values = pc.fill_null(array.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    canonical = values + 0.0
    canonical[np.isnan(canonical)] = np.nan
    return np.asarray(canonical.view(np.uint64))


def _integer_words(array: pa.Array) -> Hashes:
    kind = array.type
    if pa.types.is_boolean(kind):
        array = array.cast(pa.int8())
    elif pa.types.is_temporal(kind):
        array = array.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    filled = pc.fill_null(array, 0).to_numpy(zero_copy_only=False)
    wide = np.uint64 if filled.dtype == np.uint64 else np.int64
    return np.asarray(filled.astype(wide).view(np.uint64))


def _distinct_words(array: pa.Array) -> Hashes:
    """Hash texts, bytes and decimals once per distinct value, and nested values (slowly) one by one."""
    if pa.types.is_nested(array.type):
        return np.fromiter((_text_hash(repr(value)) for value in array.to_pylist()), np.uint64, len(array))
    if len(array) == 0:
        return np.zeros(0, np.uint64)
    encoded = array.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    distinct = np.fromiter(
        (_text_hash(value if isinstance(value, str) else repr(value)) for value in texts), np.uint64, len(texts)
    )
    return distinct[_indices(encoded)] if len(distinct) else np.zeros(len(array), np.uint64)
