"""Every partition gets large and small groups alike, and its rows of every class."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.split import GroupedRows, allocate_groups, read_partition
from counterpoise.typing import Floats, Ints, Mask
from tests.snapshots import mixed_table
from tests.split.splitting import split

DRAWN = "7291547241f9ec778e556ebc800c06adc9dfc421dcaa7235458a1ba500f225e5"
SHARES = (0.6, 0.2, 0.2)


def customers(sizes: Ints, positive: Mask) -> GroupedRows:
    """Return rows of customers with one label each."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    return GroupedRows(codes, positive[codes].astype(np.int32), ("no", "yes"))


def by_partition(rows: GroupedRows, seed: int, shares: tuple[float, ...] = SHARES) -> tuple[Ints, Ints]:
    """Return the partition of each row and of each group."""
    placed = allocate_groups(rows, shares=shares, seed=seed)
    groups = np.full(rows.number, -1)
    groups[rows.groups] = placed
    return placed.astype(np.int64), groups


def sizes_of(kind: str, rng: np.random.Generator, number: int = 700) -> Ints:
    if kind == "lognormal":
        return np.maximum(1, rng.lognormal(2, 1, number)).astype(np.int64)
    if kind == "1 to 90":
        return rng.integers(1, 91, number)
    return np.where(rng.random(number) < 0.9, 1, rng.integers(20, 60, number))  # repeated rows among single ones


def largest(sizes: Ints, share: float = 0.05) -> Ints:
    return np.argsort(-sizes, kind="stable")[: round(share * len(sizes))]


def means_and_top(kind: str, *, mixed: bool, shares: tuple[float, ...] = SHARES, seeds: int = 25) -> Floats:
    """Return per partition the mean group size and the share of the 5 % largest groups, averaged over seeds."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        sizes = sizes_of(kind, rng)
        rows = customers(sizes, rng.random(len(sizes)) < 0.15)
        if mixed:
            some = rng.random(len(rows.groups)) < rng.random(len(sizes))[rows.groups] ** 4
            rows = GroupedRows(rows.groups, some.astype(np.int32), rows.classes)
        _, groups = by_partition(rows, seed, shares)
        parts = range(len(shares))
        top = groups[largest(sizes)]
        found.append([[sizes[groups == part].mean() for part in parts], [(top == part).mean() for part in parts]])
    return np.asarray(np.mean(found, axis=0))


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("kind", ["lognormal", "1 to 90", "repeated"])
def test_large_groups_go_to_every_partition_in_proportion(kind: str, mixed: bool) -> None:
    means, top = means_and_top(kind, mixed=mixed)
    assert np.abs(means / means.mean() - 1).max() < 0.1
    assert np.abs(top - SHARES).max() < 0.05


@pytest.mark.parametrize("shares", [(0.8, 0.05, 0.15), (0.2,) * 5, (0.3, 0.3, 0.4)])
def test_large_groups_follow_any_shares(shares: tuple[float, ...]) -> None:
    means, top = means_and_top("lognormal", mixed=False, shares=shares)
    assert np.abs(means / means.mean() - 1).max() < 0.1
    assert np.abs(top - shares).max() < 0.05


@pytest.mark.parametrize("kind", ["lognormal", "1 to 90"])
def test_each_single_split_has_alike_groups_and_exact_rows_of_every_class(kind: str) -> None:
    for seed in range(25):
        rng = np.random.default_rng(seed)
        sizes = sizes_of(kind, rng)
        rows = customers(sizes, rng.random(len(sizes)) < 0.15)
        placed, groups = by_partition(rows, seed)
        means = np.array([sizes[groups == part].mean() for part in range(3)])
        assert np.abs(means / means.mean() - 1).max() < 0.1
        for code in (0, 1):
            own = placed[rows.labels == code]
            assert np.abs(np.bincount(own, minlength=3) - np.array(SHARES) * len(own)).max() <= 1


def test_the_largest_group_is_drawn_in_proportion_too() -> None:
    sizes = np.array([40, *range(30, 10, -1), *[1] * 300])
    rows = customers(sizes, np.zeros(len(sizes), np.bool_))
    where = np.bincount([by_partition(rows, seed)[1][0] for seed in range(400)], minlength=3) / 400
    assert np.abs(where - SHARES).max() < 0.08


def test_a_group_larger_than_a_partition_goes_where_it_fits() -> None:
    sizes = np.array([90, *[1] * 60])
    rows = customers(sizes, np.zeros(len(sizes), np.bool_))
    for seed in range(20):
        placed, groups = by_partition(rows, seed)
        assert groups[0] == 0
        assert np.bincount(placed).tolist() == [90, 30, 30]


def test_other_properties_of_groups_are_exchangeable() -> None:
    """A property that comes with the size, and one that does not, have the same mean in every partition."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sizes = sizes_of("lognormal", rng)
        easy, other = np.log(sizes) + rng.normal(size=len(sizes)), rng.normal(size=len(sizes))
        _, groups = by_partition(customers(sizes, rng.random(len(sizes)) < 0.15), seed)
        found.append([[value[groups == part].mean() for part in range(3)] for value in (easy, other)])
    means, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(means - means.mean(axis=1, keepdims=True)) < 4 * error + 1e-9).all()


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(1, 60), st.lists(st.integers(0, 2), min_size=1, max_size=3)), min_size=3),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=100, deadline=None)
def test_no_class_is_further_from_its_shares_than_its_largest_groups_explain(
    kinds: list[tuple[int, list[int]]], seed: int
) -> None:
    codes = np.repeat(np.arange(len(kinds)), [size for size, _ in kinds])
    labels = np.concatenate([np.resize(classes, size) for size, classes in kinds]).astype(np.int32)
    rows = GroupedRows(codes, labels, ("a", "b", "c"))
    placed, _ = by_partition(rows, seed)
    assert set(placed.tolist()) <= {0, 1, 2}
    if not rows.mixed.any():
        for code in np.unique(labels):
            own = rows.labels == code
            top = np.sort(np.bincount(rows.groups[own]))[::-1][:2].sum()
            missed = np.bincount(placed[own], minlength=3) - np.array(SHARES) * own.sum()
            assert np.abs(missed).max() <= top + 1


def test_a_split_of_rows_that_are_all_different_keeps_its_rows(tmp_path: Path) -> None:
    """The draw since rows are drawn by content (version 7 of the files)."""
    where = read_partition(split(mixed_table(500), tmp_path, columns={"ids": ["id"]}))
    assert hashlib.sha256(where.tobytes()).hexdigest() == DRAWN


def test_equal_rows_are_spread_as_groups_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    times = np.where(np.arange(500) % 10 == 0, rng.integers(15, 40, 500), 1)
    table = pa.table({"a": np.repeat(np.arange(500), times), "label": np.repeat(rng.integers(0, 2, 500), times)})
    shares = []
    for seed in range(12):
        where = read_partition(split(table, tmp_path / str(seed), seed=seed))
        first = where[np.unique(np.repeat(np.arange(500), times), return_index=True)[1]]
        shares.append((first[times > 1] == 2).mean())
    assert abs(np.mean(shares) - 0.2) < 0.04
