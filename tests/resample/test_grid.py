"""Values of synthetic rows look as the source writes them: the same decimals, steps, times and repeated values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.errors import IntegrityError
from counterpoise.resample import Grid, decimals_of, describe_grid, grids_of, interpolate, rounding_draws
from counterpoise.resample._strategies.grid import Between, in_precision, place_whole, with_grids
from counterpoise.resample._strategies.learn_grid import _digits, _learn, _most_digits
from counterpoise.resample._strategies.patterns import find_atoms
from tests.snapshots import run_engine

Numbers = np.ndarray[Any, np.dtype[np.float64]]
ROWS, MADE = 400, 4_000
_RNG = np.random.default_rng(5)
AMOUNT = _RNG.lognormal(4, 0.7, ROWS)
_SMALL, _WHOLE = _RNG.random(ROWS) < 0.01, _RNG.random(ROWS) < 0.8
_DAYS = np.array([day for day in _RNG.integers(19_000, 19_800, 3 * ROWS) if (day + 3) % 7 < 5][:ROWS])


def one_of(values: Any) -> Callable[[Any], bool]:
    return lambda value: value in set(values)


def as_times(seconds: Any, unit: str = "us") -> pa.Array:
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    return pa.array(np.asarray(seconds, dtype=np.int64) * scale).cast(pa.timestamp(unit))


WRITTEN: dict[str, tuple[pa.Array, Callable[[Any], bool]]] = {
    "cents": (pa.array(np.round(AMOUNT, 2)), lambda value: round(value, 2) == value),
    "cents in single precision": (
        pa.array(np.round(AMOUNT, 2).astype("f4")), lambda value: len(str(np.float32(value)).partition(".")[2]) <= 2,
    ),
    "single precision in a double": (
        pa.array(AMOUNT.astype("f4").astype("f8")), lambda value: float(np.float32(value)) == value,
    ),
    "whole floats": (pa.array(np.round(AMOUNT)), float.is_integer),
    "tens": (pa.array(np.round(AMOUNT, -1)), lambda value: value % 10 == 0),
    "quarters": (pa.array(np.round(AMOUNT * 4) / 4), lambda value: (value * 4).is_integer()),
    "thousands": (pa.array((AMOUNT * 10).astype("i8") * 1_000), lambda value: value % 1_000 == 0),
    "sevens with an offset": (pa.array(AMOUNT.astype("i8") * 7 + 3), lambda value: value % 7 == 3),
    "prices in .99": (pa.array(np.floor(AMOUNT) + 0.99), lambda value: round(value % 1, 6) == 0.99),
    "parts of 255": (pa.array(np.round(AMOUNT) / 255), lambda value: round(value * 255) / 255 == value),
    "four significant digits": (
        pa.array([float(f"{value:.4g}") for value in AMOUNT**3 / 1e6]), lambda value: float(f"{value:.4g}") == value,
    ),
    "decimals": (
        pa.array([Decimal(round(value * 20)) / 20 for value in AMOUNT], pa.decimal128(12, 2)),
        lambda value: value % Decimal("0.05") == 0,
    ),
    "two groups of values": (
        pa.array(np.where(_WHOLE, _RNG.integers(0, 9, ROWS), _RNG.integers(90, 99, ROWS))),
        one_of([*range(9), *range(90, 99)]),
    ),
    "weekdays": (pa.array(_DAYS.astype("i4")).cast(pa.date32()), lambda value: value.weekday() < 5),
    "minutes": (as_times(_RNG.integers(28_000_000, 28_900_000, ROWS) * 60), lambda value: value.second == 0),
    "midnights": (as_times(_DAYS * 86_400, "ms"), lambda value: value.time() == dt.time(0)),
    "seconds in ns": (
        as_times(_RNG.integers(1_690_000_000, 1_700_000_000, ROWS), "ns"),
        lambda value: value.microsecond == 0 and value.nanosecond == 0,
    ),
    "firsts of months": (
        pa.array([dt.date(2023, 1 + int(month), 1) for month in _RNG.integers(0, 12, ROWS)]),
        lambda value: value.day == 1,
    ),
    "lengths": (
        pa.array(_RNG.integers(1, 9_000, ROWS) * 1_000, pa.duration("ms")), lambda value: value.microseconds == 0,
    ),
}  # fmt: skip


def as_numbers(array: pa.Array) -> Numbers:
    kind = array.type
    if pa.types.is_temporal(kind):
        array = array.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    return np.asarray(array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def near_pairs(array: pa.Array, seed: int = 0, reach: int = 60) -> tuple[Any, Any, Numbers]:
    """Return positions of parents that are so many rows from each other at most, and steps."""
    rng = np.random.default_rng(seed)
    order = np.argsort(as_numbers(array), kind="stable")
    first = rng.integers(0, len(order), MADE)
    second = np.clip(first + rng.integers(-reach, reach + 1, MADE), 0, len(order) - 1)
    return order[first], order[second], rng.random(MADE)


def made_from(array: pa.Array, *, seed: int = 0, ungridded: bool = False, reach: int = 60) -> pa.Array:
    first, second, steps = near_pairs(array, seed, reach)
    grid = None if ungridded else _learn("x", array, (first, second), steps)
    draws = rounding_draws(seed, np.arange(MADE))
    return interpolate(array.take(pa.array(first)), array.take(pa.array(second)), steps=steps, draws=draws, grid=grid)


@pytest.mark.parametrize("written", WRITTEN)
def test_values_are_written_as_in_the_source(written: str) -> None:
    array, holds = WRITTEN[written]
    assert all(holds(value) for value in array.to_pylist())
    made = made_from(array)
    assert made.type == array.type
    assert [value for value in made.to_pylist() if not holds(value)] == []


@pytest.mark.parametrize("written", WRITTEN)
def test_gridded_values_lie_between_their_parents_and_have_their_mean(written: str) -> None:
    array, _ = WRITTEN[written]
    first, second, steps = near_pairs(array)
    made, (a, b) = as_numbers(made_from(array)), (as_numbers(array.take(pa.array(rows))) for rows in (first, second))
    slack = 1e-6 * np.abs(a).max()
    assert (made >= np.minimum(a, b) - slack).all()
    assert (made <= np.maximum(a, b) + slack).all()
    straight = a + steps * (b - a)
    moved = made - straight
    assert abs(moved.mean()) <= 4 * moved.std() / np.sqrt(MADE) + 1e-9 * np.abs(straight).max()


@given(first=st.integers(-500, 500), width=st.integers(1, 30), step=st.sampled_from([1, 5]))
def test_rounding_to_the_nearest_gives_each_value_the_share_of_rounding_as_often_as_the_remainder_says(
    first: int, width: int, step: int
) -> None:
    """With uniform steps: values between the parents have one share each, the parents half of one."""
    steps = (np.arange(3_000) + 0.5) / 3_000
    grid = Grid(column="x", denominator=1, step=step, low=-1_000, high=1_000, nearest=True)
    lower, upper = (np.full(len(steps), value, dtype=np.int64) for value in (first, first + step * width))
    made = place_whole(grid, Between(lower, upper, steps, np.zeros(len(steps))))
    held = np.bincount((made - first) // step, minlength=width + 1) / len(steps)
    assert held == pytest.approx(np.array([0.5, *[1] * (width - 1), 0.5]) / width, abs=2 / len(steps))


def test_a_number_and_its_rounding_stay_as_correlated_as_they_are_among_real_rows() -> None:
    size = np.random.default_rng(3).normal(500, 100, ROWS)
    rounded = np.round(size / 20) * 20
    parents = near_pairs(pa.array(size))
    apart = [1 - np.corrcoef(size, rounded)[0, 1]]
    for steps in (parents[2], np.abs(parents[2] - 0.2)):  # the latter are not uniform, and drawn
        made = []
        for column in (size, rounded):
            array = pa.array(column)
            grid = _learn("x", array, parents[:2], steps)
            assert grid is None or grid.nearest == (steps is parents[2])
            both = (array.take(pa.array(rows)) for rows in parents[:2])
            drawn = rounding_draws(0, np.arange(MADE))
            made.append(as_numbers(interpolate(*both, steps=steps, draws=drawn, grid=grid)))
        apart.append(1 - np.corrcoef(made[0], made[1])[0, 1])
    real, nearest, drawn_share = apart
    assert nearest < 1.8 * real < drawn_share


def test_few_values_of_a_bell_are_no_repeated_ones() -> None:
    """By chance a value in the tail occurs eight times among others that occur once."""
    found = 0
    for seed in range(300):
        values = np.round(20 + 6 * np.random.default_rng(seed).normal(size=120)).astype(np.int64)
        found += bool(find_atoms(*np.unique(values, return_counts=True)))
    assert found <= 0.02 * 300


def test_a_few_values_with_more_decimals_keep_their_share() -> None:
    mixed = np.where(_SMALL, np.round(AMOUNT, 5), np.round(AMOUNT, 2))
    more = np.array([round(value, 2) != value for value in made_from(pa.array(mixed)).to_pylist()])
    assert 0 < more.mean() < 0.03
    assert all(round(value, 5) == value for value in made_from(pa.array(mixed)).to_pylist())


def test_whole_amounts_among_cents_keep_their_share() -> None:
    mixed = np.where(_WHOLE, np.round(AMOUNT), np.round(AMOUNT, 2))
    whole = np.array([value.is_integer() for value in made_from(pa.array(mixed)).to_pylist()])
    assert abs(whole.mean() - np.mean(mixed % 1 == 0)) < 0.04


def test_zeros_keep_their_share_and_nothing_is_between_them_and_other_values() -> None:
    zeros = np.where(_RNG.random(ROWS) < 0.6, 0.0, np.round(50 + AMOUNT, 2))
    order = np.random.default_rng(1).permutation(ROWS)
    first, second, steps = (
        order[np.arange(MADE) % ROWS],
        order[(np.arange(MADE) * 7 + 3) % ROWS],
        near_pairs(pa.array(AMOUNT))[2],
    )
    array = pa.array(zeros)
    grid = _learn("x", array, (first, second), steps)
    assert grid is not None
    assert grid.atoms == (0,)
    parents = array.take(pa.array(first)), array.take(pa.array(second))
    made = np.asarray(interpolate(*parents, steps=steps, draws=rounding_draws(0, np.arange(MADE)), grid=grid))
    both = np.concatenate([zeros[first], zeros[second]])
    assert abs((made == 0).mean() - (both == 0).mean()) < 0.03
    assert made[made > 0].min() >= 0.95 * zeros[zeros > 0].min()
    assert abs(made.mean() - both.mean()) < 3 * both.std() / np.sqrt(MADE)


@pytest.mark.parametrize("reach", [10, 60, 400])
def test_frequent_tens_keep_their_share_whether_parents_are_near_or_far(reach: int) -> None:
    rng = np.random.default_rng(8)
    amount = rng.lognormal(4.3, 0.8, 1_200)
    tens = np.where(rng.random(1_200) < 0.7, np.maximum(np.round(amount, -1), 10), np.round(amount, 2))
    for also in ([], [0.0] * 300, [50.0] * 300):  # a value of its own beside them
        array = pa.array(np.concatenate([tens, also]))
        made = np.asarray(made_from(array, reach=reach))
        share, own = (np.mean(values % 10 == 0) for values in (made, np.asarray(array)))
        assert abs(share - own) < 0.04
        for value in also[:1]:
            assert abs(np.mean(made == value) - np.mean(np.asarray(array) == value)) < 0.03


def test_values_without_a_grid_stay_as_they_are() -> None:
    free = pa.array(np.random.default_rng(0).normal(size=ROWS))
    assert made_from(free).equals(made_from(free, ungridded=True))


def test_heavy_tails_are_interpolated_on_the_scale_that_keeps_their_spread() -> None:
    rng = np.random.default_rng(2)
    heavy = pa.array(rng.lognormal(3, 2.5, ROWS))
    first, second, steps = rng.integers(0, ROWS, MADE), rng.integers(0, ROWS, MADE), rng.random(MADE)
    grid = _learn("x", heavy, (first, second), steps)
    assert grid is not None
    assert grid.path in ("log", "rank")
    assert f"on the {grid.path} scale" in describe_grid(grid, heavy.type)
    parents = heavy.take(pa.array(first)), heavy.take(pa.array(second))
    spread = {
        name: np.log(np.asarray(interpolate(*parents, steps=steps, draws=steps, grid=one))).mean()
        for name, one in (("grid", grid), ("raw", None))
    }
    own = np.log(np.asarray(heavy)).mean()
    assert abs(spread["grid"] - own) < 0.5 * abs(spread["raw"] - own)


def test_descriptions_say_step_pattern_and_scale() -> None:
    said = {name: describe_grid(_learnt(array), array.type) for name, (array, _) in WRITTEN.items()}
    assert said["cents"] == "steps of 0.01"
    assert said["minutes"] == "steps of 1 minute"
    assert said["weekdays"] == "steps of 1 day; below 7 days as the nearer parent"
    assert said["sevens with an offset"].startswith("steps of 7")
    assert said["tens"] == "steps of 10"
    assert said["four significant digits"].endswith("at most 4 significant digits")
    assert said["two groups of values"] == "one of 18 values that occur"


def _learnt(array: pa.Array) -> Grid:
    first, second, steps = near_pairs(array)
    grid = _learn("x", array, (first, second), steps)
    assert grid is not None
    return grid


@given(
    st.lists(st.floats(-1e15, 1e15) | st.sampled_from([0.0, -0.0, 1e-300, 0.1, 1 / 3]), min_size=1, max_size=30),
    st.integers(0, 2**31),
)
@settings(max_examples=60)
def test_any_floats_give_values_between_their_parents(values: list[float], seed: int) -> None:
    array, rng = pa.array(np.resize(values, 60)), np.random.default_rng(seed)
    first, second, steps = rng.integers(0, 60, 90), rng.integers(0, 60, 90), rng.random(90)
    grid = _learn("x", array, (first, second), steps)
    assert grid is None or grids_of(with_grids(pa.table({"a": [1]}), (grid,)).schema) == {"x": grid}
    a, b = array.take(pa.array(first)), array.take(pa.array(second))
    made = np.asarray(interpolate(a, b, steps=steps, draws=rng.random(90), grid=grid))
    low, high = np.minimum(a, b).astype(float), np.maximum(a, b).astype(float)
    slack = 1e-9 * np.maximum(np.abs(low), np.abs(high))
    assert ((made >= low - slack) & (made <= high + slack)).all()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30), st.integers(0, 2**31))
@settings(max_examples=60)
def test_any_integers_give_values_between_their_parents(values: list[int], seed: int) -> None:
    array, rng = pa.array((values * 60)[:60], pa.int64()), np.random.default_rng(seed)
    first, second, steps = rng.integers(0, 60, 90), rng.integers(0, 60, 90), rng.random(90)
    grid = _learn("x", array, (first, second), steps)
    a, b = array.take(pa.array(first)), array.take(pa.array(second))
    made = interpolate(a, b, steps=steps, draws=rng.random(90), grid=grid)
    for one, other, value in zip(a.to_pylist(), b.to_pylist(), made.to_pylist(), strict=True):
        assert min(one, other) <= value <= max(one, other)


@pytest.mark.parametrize(
    "forged", [b"{", b"[1]", b'[{"column": "x", "low": 2, "high": 1}]', b'[{"column": "x", "low": 0}]']
)
def test_a_recipe_with_a_forged_grid_is_refused_by_name(forged: bytes) -> None:
    recipe = pa.table({"parent_a": [1]}).replace_schema_metadata({b"counterpoise.grids": forged})
    with pytest.raises(IntegrityError, match="unfit_recipe"):
        grids_of(recipe.schema)


def test_rare_categories_keep_their_share(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    label = np.arange(3_000) % 10 == 0
    kind = np.where(rng.random(3_000) < 0.12, "rare", "usual")
    table = pa.table(
        {"x": rng.normal(size=3_000) + label, "z": rng.normal(size=3_000), "kind": kind, "label": label.astype("i1")}
    )
    shares = {}
    for grid in (True, False):
        run = run_engine(table, tmp_path / str(grid), resampling={"strategy": "smote", "grid": grid})
        recipe = pq.read_table(run.version.root + "/tested/" + run.version.data + "/recipe/synthetic.parquet")
        shares[grid] = np.mean(np.array(recipe["vote:kind"].to_pylist()) == "rare")
        assert bool(grids_of(recipe.schema)) is False  # normal numbers have no grid
    own = np.mean(kind[label] == "rare")
    assert abs(shares[True] - own) < 0.04
    assert shares[False] < shares[True]


@pytest.mark.parametrize("strategy", ["smote", "adasyn", "borderline_smote", "svm_smote", "smote_enn", "smote_tomek"])
def test_every_interpolating_strategy_stays_in_cents(strategy: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    label = np.arange(1_200) % 8 == 0
    amount = np.round(rng.lognormal(4 + 0.5 * label, 0.8), 2)
    table = pa.table({"amount": amount, "size": rng.normal(size=1_200), "label": label.astype("i1")})
    run = run_engine(table, tmp_path, resampling={"strategy": strategy})
    assert run.resampling.synthetic > 100
    made = pq.read_table(f"{run.version.root}/tested/{run.version.data}/train")["amount"].to_numpy()
    assert (np.round(made, 2) == made).all()
    assert made.min() >= amount.min()
    assert made.max() <= amount.max()


@given(
    pairs=st.lists(st.tuples(st.integers(-(2**50), 2**50), st.integers(-(2**50), 2**50)), min_size=1, max_size=60),
    seed=st.integers(0, 2**32 - 1), spacing=st.integers(1, 100), anchored=st.booleans(),
)  # fmt: skip
def test_whole_units_are_the_same_computed_in_floats_and_in_integers(
    pairs: list[tuple[int, int]], seed: int, spacing: int, anchored: bool
) -> None:
    rng, (first, second) = np.random.default_rng(seed), np.array(pairs).T
    steps, draws = rng.random(len(first)), rng.random(len(first))
    found = [
        Between(np.append(first, added), np.append(second, added), np.append(steps, 0), np.append(draws, 0)).on_lattice(
            np.append(steps, 0), spacing=spacing, anchored=anchored
        )[:-1]
        for added in (0, 2**62)  # one large value, and all are computed in integers
    ]
    assert found[0].dtype == np.float64
    assert found[1].dtype == np.int64
    assert found[0].astype(np.int64).tolist() == found[1].tolist()
    assert (np.minimum(first, second) <= found[1]).all()
    assert (found[1] <= np.maximum(first, second)).all()


@given(
    digits=st.integers(1, 15), bits=st.sampled_from([53, 24]),
    values=st.lists(st.floats(1e-9, 1e15), min_size=1, max_size=30),
)  # fmt: skip
def test_significant_digits_are_those_of_the_shortest_texts(digits: int, bits: int, values: list[float]) -> None:
    written = np.unique([float(f"{value:.{digits}g}") for value in values])
    written = in_precision(written, bits)
    most = {53: 15, 24: 6}[bits]
    wanted = _most_digits(written, bits, most)
    assert _digits(written, decimals_of(written, bits), bits) == (wanted if wanted <= most else 0)


def support_vectors(grid: bool, folder: Path) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how many rows SVM-SMOTE makes from each base row of a table with few safe support vectors."""
    rng = np.random.default_rng(2)
    label = np.arange(3_000) % 10 == 0
    columns = {name: np.round(rng.lognormal(3 + 0.5 * label, 0.8), 2) for name in ("amount", "fee")}
    table = pa.table({**columns, "size": rng.normal(size=3_000) + 0.7 * label, "label": label.astype("i1")})
    run = run_engine(table, folder, resampling={"strategy": "svm_smote", "grid": grid})
    recipe = pq.read_table(f"{run.version.root}/tested/{run.version.data}/recipe/synthetic.parquet")
    assert recipe.num_rows == 2_700 * 0.6 - 300 * 0.6
    return np.unique(recipe["parent_a"].to_numpy(), return_counts=True)[1]


def test_svm_smote_makes_as_many_rows_from_safe_support_vectors_as_from_those_in_danger(tmp_path: Path) -> None:
    even, shares = (support_vectors(grid, tmp_path / str(grid)) for grid in (True, False))
    assert even.max() < 4 * even.mean()
    assert shares.max() > 4 * shares.mean()


def test_svm_smote_reaches_the_ratio_where_all_support_vectors_are_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    label = np.arange(600) % 6 == 0
    table = pa.table({name: rng.normal(size=600) + 0.1 * label for name in "ab"} | {"label": label.astype("i1")})
    run = run_engine(table, tmp_path, resampling={"strategy": "svm_smote"})
    counts = run.version.partitions["train"].classes
    assert len(set(counts.values())) == 1
