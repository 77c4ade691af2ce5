"""Medians and deviations by which numbers are scaled: those of all train rows, or of the first ones by content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from counterpoise.errors import ResamplingError
from counterpoise.resample._neighbours import statistics
from counterpoise.resample._neighbours.statistics import NumericStatistics, train_statistics
from counterpoise.split import TrainRows
from counterpoise.table import SnapshotReader
from tests.snapshots import snapshot_of

ROWS = 60_000
MOST = 2_000


@pytest.fixture(autouse=True)
def few_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "SAMPLE_ROWS", MOST)


def numbers(order: str) -> pa.Table:
    """Return numbers of known spread, one of which the rows may be ordered by."""
    rng = np.random.default_rng(0)
    skewed, day = rng.gamma(9, 5, ROWS), np.arange(ROWS) / 100
    if order == "sorted":
        skewed = np.sort(skewed)
    return pa.table({"skewed": skewed, "day": day if order == "oldest" else day[::-1], "hour": np.arange(ROWS) % 24})


def measured(table: pa.Table, train: npt.NDArray[np.int64], folder: Path, group_rows: int) -> NumericStatistics:
    reader = SnapshotReader(snapshot_of(table, folder, group_rows=group_rows))
    by_content = np.random.default_rng(7).permutation(train)
    rows = TrainRows(by_content, np.zeros(len(train), np.int32), ("a",))
    return train_statistics(reader, rows, table.schema.names)


def whole(table: pa.Table, train: npt.NDArray[np.int64]) -> NumericStatistics:
    values = np.column_stack([table[name].to_numpy()[train] for name in table.schema.names])
    return NumericStatistics(np.median(values, axis=0), values.std(axis=0))


TRAIN = {
    "newest first": np.arange(ROWS // 2, ROWS),
    "oldest first": np.arange(ROWS // 2),
    "scattered": np.flatnonzero(np.random.default_rng(1).random(ROWS) < 0.6),
}


@pytest.mark.parametrize("group_rows", [ROWS, ROWS // 3, 2_500, 100])
@pytest.mark.parametrize("order", ["newest", "oldest", "sorted"])
@pytest.mark.parametrize("train", TRAIN)
def test_a_sample_scales_as_all_train_rows_do(tmp_path: Path, train: str, order: str, group_rows: int) -> None:
    table = numbers(order)
    found, wanted = measured(table, TRAIN[train], tmp_path, group_rows), whole(table, TRAIN[train])
    np.testing.assert_allclose(found.deviation, wanted.deviation, rtol=0.05)
    assert (np.abs(found.median - wanted.median) < 0.15 * wanted.deviation).all()


def test_row_groups_have_no_say(tmp_path: Path) -> None:
    table, train = numbers("sorted"), TRAIN["scattered"]
    one, many = (measured(table, train, tmp_path / str(size), size) for size in (ROWS, ROWS // 30))
    assert one.median.tolist() == many.median.tolist()
    assert one.deviation.tolist() == many.deviation.tolist()


def test_few_rows_are_all_looked_at_in_whichever_row_groups_they_lie(tmp_path: Path) -> None:
    table, train = numbers("sorted"), TRAIN["scattered"][:MOST]
    wanted = whole(table, train)
    for size in (ROWS, 70):
        found = measured(table, train, tmp_path / str(size), size)
        assert found.median.tolist() == wanted.median.tolist()
        np.testing.assert_allclose(found.deviation, wanted.deviation, rtol=1e-12)


def test_a_period_in_the_source_does_not_hide_a_columns_spread(tmp_path: Path) -> None:
    table = pa.table({"hour": np.tile(np.arange(24), MOST)})
    found = measured(table, np.arange(24 * MOST), tmp_path, 24 * MOST)
    assert found.deviation[0] == pytest.approx(np.arange(24).std(), rel=0.05)


def test_a_column_that_begins_late_is_scaled_by_the_rows_that_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "SAMPLE_ROWS", 200)
    late, own = np.full(ROWS, np.nan), np.random.default_rng(0).normal(1e6, 250, 50)
    late[-50:] = own
    found = measured(pa.table({"day": np.arange(ROWS), "late": late}), np.arange(ROWS), tmp_path, 1_000)
    assert (found.median[1], found.deviation[1]) == (pytest.approx(np.median(own)), pytest.approx(own.std()))


def test_a_column_without_any_value_moves_nothing(tmp_path: Path) -> None:
    table = pa.table({"x": np.arange(ROWS), "none": pa.nulls(ROWS, pa.float64())})
    found = measured(table, np.arange(ROWS), tmp_path, 1_000)
    assert (found.median[1], found.deviation[1]) == (0, 1)


def test_no_train_row_is_refused_instead_of_left_unscaled(tmp_path: Path) -> None:
    with pytest.raises(ResamplingError, match=r"no_train_rows"):
        measured(numbers("newest"), np.zeros(0, np.int64), tmp_path, 1_000)
