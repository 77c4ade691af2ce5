from __future__ import annotations

import datetime as dt
import decimal
import warnings

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.evaluate._features import FeatureEncoder, FeaturePlan

pytestmark = pytest.mark.slow

_ROWS = 120


def _mixed() -> pa.Table:
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001  # a naive timestamp is what is tested
    rows = range(_ROWS)
    return pa.table(
        {
            "float": pa.array([None if row % 7 == 0 else row / 3 for row in rows], pa.float64()),
            "huge": pa.array([2**60 + row for row in rows], pa.int64()),
            "bool": pa.array([None if row % 5 == 0 else row % 2 == 0 for row in rows]),
            "decimal": pa.array([decimal.Decimal(row) / 100 for row in rows], pa.decimal128(10, 2)),
            "duration": pa.array([dt.timedelta(seconds=row) for row in rows]),
            "time": pa.array([dt.time(row % 24) for row in rows], pa.time32("s")),
            "date": pa.array([start.date() + dt.timedelta(days=row) for row in rows]),
            "moment": pa.array(
                [None if row == 3 else start + dt.timedelta(hours=row) for row in rows], pa.timestamp("ns", "UTC")
            ),
            "code": pa.array([f"{row % 4:02d}" for row in rows]),
            "category": pa.array([None if row % 11 == 0 else "xyz"[row % 3] for row in rows]).dictionary_encode(),
            "words": pa.array([f"row number {row} of many" for row in rows], pa.large_string()),
            "amount": pa.array([" " if row == 0 else f"{row % 60}.5" for row in rows]),
            "id": pa.array([f"c-{row:05d}" for row in rows]),
            "constant": pa.array([1] * _ROWS),
            "empty": pa.array([None] * _ROWS, pa.float64()),
            "empty_text": pa.array([None] * _ROWS, pa.string()),
            "null": pa.nulls(_ROWS),
            "list": pa.array([[row] for row in rows]),
            "bytes": pa.array([bytes([row]) for row in rows]),
            "label": pa.array([row % 2 for row in rows]),
        }
    )


def _encoder(table: pa.Table) -> FeatureEncoder:
    return FeatureEncoder(FeaturePlan.of(table, "label"), seed=0)


def test_each_type_of_column_goes_its_own_way() -> None:
    plan = FeaturePlan.of(_mixed(), "label")
    assert plan.numbers == ["float", "huge", "bool", "decimal", "duration", "time", "constant", "empty"]
    assert plan.dates == ["date", "moment"]
    assert plan.categories == ["code", "category", "empty_text"]
    assert plan.texts == ["words", "amount"]
    assert plan.identifiers == ["id"]
    assert plan.unused == ["null", "list", "bytes"]
    assert plan.notes() == [
        "the learners ignored identifier-like texts (a different word in every row): 'id'",
        "the learners ignored nested, binary or empty columns: 'null', 'list', 'bytes'",
    ]


def test_a_mixed_table_becomes_finite_numbers_with_missing_ones_marked() -> None:
    table = _mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        matrix = _encoder(table).fit_transform(table)
    assert matrix.shape[0] == _ROWS
    assert not np.isinf(matrix).any()
    assert np.isnan(matrix[:, 0]).sum() == sum(row % 7 == 0 for row in range(_ROWS))
    assert not np.isnan(matrix).all(axis=0).any()


def test_other_tables_are_encoded_as_learnt_from_train() -> None:
    table = _mixed()
    encoder = _encoder(table)
    matrix = encoder.fit_transform(table)
    assert np.array_equal(encoder.transform(table.slice(20, 30)), matrix[20:50], equal_nan=True)
    assert encoder.describe()["encoded_columns"] == matrix.shape[1]


def test_unknown_levels_and_unparsable_amounts_do_not_fail() -> None:
    table = _mixed()
    encoder = _encoder(table)
    width = encoder.fit_transform(table).shape[1]
    position = table.column_names.index("code")
    other = table.set_column(position, "code", pa.array(["new"] * _ROWS))
    assert encoder.transform(other).shape == (_ROWS, width)


def test_a_text_of_numbers_with_many_levels_is_read_as_numbers() -> None:
    table = pa.table({"amount": [f"{row}.5" if row else " " for row in range(100)] * 2, "label": [0, 1] * 100})
    matrix = _encoder(table).fit_transform(table)
    assert matrix.shape == (200, 1)
    assert matrix[1, 0] == 1.5
    assert np.isnan(matrix[0, 0])


def test_a_code_with_leading_zeros_stays_a_category() -> None:
    table = pa.table({"code": ["01", "1", "01", "1"] * 10, "label": [0, 1] * 20})
    matrix = _encoder(table).fit_transform(table)
    assert len(np.unique(matrix, axis=0)) == 2


def test_many_categories_do_not_explode() -> None:
    rng = np.random.default_rng(0)
    columns = {f"c{number}": [f"l{level}" for level in rng.integers(0, 40, 300)] for number in range(150)}
    table = pa.table({**columns, "label": [0, 1] * 150})
    assert _encoder(table).fit_transform(table).shape[1] <= 750


def test_long_texts_with_a_different_value_each_become_ten_columns() -> None:
    table = pa.table({"text": [f"order {row} " + "lorem ipsum " * 200 for row in range(60)], "label": [0, 1] * 30})
    assert _encoder(table).fit_transform(table).shape == (60, 10)


def test_infinite_values_count_as_missing_and_are_told() -> None:
    table = pa.table({"a": [1.0, float("inf"), 3.0, float("-inf")], "label": [0, 1, 0, 1]})
    encoder = _encoder(table)
    matrix = encoder.fit_transform(table)
    assert np.isnan(matrix[[1, 3], 0]).all()
    assert encoder.infinite == 2


def test_values_beyond_what_learners_can_square_are_clipped() -> None:
    table = pa.table({"a": [1e300, -1e300, 0.0, 1.0], "label": [0, 1, 0, 1]})
    matrix = _encoder(table).fit_transform(table)
    assert np.isfinite(matrix.astype(np.float32)).all()
    assert matrix[0, 0] > matrix[3, 0] > matrix[2, 0] > matrix[1, 0]


def test_a_table_without_any_information_keeps_one_column() -> None:
    table = pa.table({"a": [1, 1, 1], "label": [0, 1, 0]})
    assert _encoder(table).fit_transform(table).tolist() == [[0.0], [0.0], [0.0]]


@pytest.mark.parametrize("name", ["<script>", "", "a\x00b", "label_", "\u202eabc"])
def test_column_names_do_not_matter(name: str) -> None:
    table = pa.table({name: ["x", "y"] * 10, "label": [0, 1] * 10})
    assert _encoder(table).fit_transform(table).shape[0] == 20


def test_missing_itself_is_information() -> None:
    table = pa.table({"a": pa.array([1.0, None] * 10), "label": [0, 1] * 10})
    assert _encoder(table).fit_transform(table).shape == (20, 1)


def test_encoding_is_deterministic() -> None:
    table = _mixed()
    assert np.array_equal(_encoder(table).fit_transform(table), _encoder(table).fit_transform(table), equal_nan=True)


def test_dictionaries_of_numbers_are_categories_and_of_bytes_unused() -> None:
    table = pa.table(
        {
            "numbers": pa.array([1, 2, 1, 3]).dictionary_encode(),
            "bytes": pa.array([b"a", b"b", b"a", b"a"]).dictionary_encode(),
            "label": [0, 1, 0, 1],
        }
    )
    plan = FeaturePlan.of(table, "label")
    assert (plan.categories, plan.unused) == (["numbers"], ["bytes"])
    assert len(np.unique(_encoder(table).fit_transform(table), axis=0)) == 3
