from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.table._row_hash import fingerprint, row_hashes


def test_equal_rows_have_equal_hashes_whatever_the_chunks() -> None:
    values = ["a", None, "b", "a", None]
    whole = pa.table({"text": pa.array(values), "number": [1.0, 2.0, 3.0, 1.0, 2.0]})
    chunked = pa.concat_tables([whole.slice(0, 2), whole.slice(2)])
    hashes = row_hashes(whole)
    assert hashes.tolist() == row_hashes(chunked).tolist()
    assert hashes[0] == hashes[3]
    assert hashes[1] == hashes[4]
    assert len(set(hashes.tolist())) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.array([math.nan]), pa.array([-math.nan])),
        (pa.array([7], pa.int8()), pa.array([7], pa.int64())),
        (pa.array(["x"]), pa.array(["x"]).dictionary_encode()),
        (pa.array(["x"]), pa.array(["x"], pa.large_string())),
    ],
)
def test_values_that_are_equal_hash_alike(one: pa.Array, other: pa.Array) -> None:
    assert row_hashes(pa.table({"c": one})).tolist() == row_hashes(pa.table({"c": other})).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([None], pa.float64()), pa.array([math.nan])),
        (pa.array([None], pa.int64()), pa.array([0])),
        (pa.array([None], pa.string()), pa.array([""])),
        (pa.array([2**53]), pa.array([2**53 + 1])),
        (pa.array([[1, 2]]), pa.array([[2, 1]])),
    ],
)
def test_values_that_differ_hash_differently(one: pa.Array, other: pa.Array) -> None:
    assert row_hashes(pa.table({"c": one})).tolist() != row_hashes(pa.table({"c": other})).tolist()


def test_swapping_the_values_of_two_columns_changes_the_hash() -> None:
    table = pa.table({"a": [1, 2], "b": [2, 1]})
    first, second = row_hashes(table).tolist()
    assert first != second


def test_the_hash_is_the_same_on_every_platform_and_version() -> None:
    table = pa.table({"n": [1, None], "t": ["é", "x"], "f": [0.1, math.inf], "b": [True, None]})
    assert [f"{value:016x}" for value in row_hashes(table).tolist()] == ["ae8d4535b35b2154", "deb9e3912e29dbc9"]


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(max_size=5)), min_size=1, max_size=30))
def test_the_fingerprint_ignores_order_and_sees_every_change(rows: list[tuple[int, str]]) -> None:
    table = pa.table({"n": [row[0] for row in rows], "t": [row[1] for row in rows]})
    numbers = np.arange(len(rows), dtype=np.int64)
    hashes = row_hashes(table)
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    assert fingerprint(numbers, hashes) == fingerprint(numbers[order], hashes[order])
    if np.any(hashes != np.roll(hashes, 1)):
        assert fingerprint(numbers, hashes) != fingerprint(numbers, np.roll(hashes, 1))
