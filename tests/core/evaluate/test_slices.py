from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.core.evaluate.slices import JudgedRows, at_the_top, worst_slices


def judged(number: int, seed: int = 0) -> tuple[pa.Table, JudgedRows]:
    """Return test rows of which a learner misses most positives in the country B."""
    rng = np.random.default_rng(seed)
    country = rng.choice(["A", "B", "C"], number)
    positive = rng.random(number) < 0.2
    scores = np.where(positive & (country != "B"), 0.9, 0.1) + rng.random(number) / 20
    table = pa.table(
        {
            "country": pa.array(country, mask=rng.random(number) < 0.1),
            "amount": rng.lognormal(size=number),
            "flag": rng.random(number) < 0.5,
            "when": pa.array(np.arange(number), pa.timestamp("s")),
        }
    )
    return table, JudgedRows(scores, positive, scores >= 0.5)


def test_the_segment_with_the_lowest_recall_stands_first() -> None:
    table, rows = judged(3_000)
    found = worst_slices(table, rows)
    assert (found[0]["column"], found[0]["segment"], found[0]["recall"]) == ("country", "B", 0)
    assert {one["column"] for one in found} == {"country", "amount", "flag"}
    assert json.loads(json.dumps(found)) == found


def test_each_segment_is_counted_as_it_is() -> None:
    table, rows = judged(3_000)
    found = {(one["column"], one["segment"]): one for one in worst_slices(table, rows)}
    members = np.array([value == "A" for value in table["country"].to_pylist()])
    own = found["country", "A"]
    assert (own["rows"], own["positives"]) == (members.sum(), (members & rows.positive).sum())
    assert own["precision"] == rows.positive[members & rows.called].mean()
    assert own["recall_low"] < own["recall"] <= own["recall_high"]
    missing = np.array([value is None for value in table["country"].to_pylist()])
    assert found["country", "missing"]["rows"] == missing.sum()
    assert {segment for column, segment in found if column == "flag"} == {"false", "true"}
    assert sum(one["rows"] for (column, _), one in found.items() if column == "amount") == 3_000


def test_small_segments_are_left_out() -> None:
    table, rows = judged(40)
    assert all(one["positives"] >= 10 for one in worst_slices(table, rows))


def test_columns_of_every_type_have_segments_or_none() -> None:
    number = 200
    table = pa.table(
        {
            "constant": [1.0] * number,
            "empty": pa.nulls(number),
            "nested": [[1]] * number,
            "price": pa.array([row % 7 for row in range(number)]).cast(pa.decimal128(20, 0)),
            "infinite": [np.inf, *[1.0] * (number - 1)],
            "kind": pa.array(["x", "y"] * 100).dictionary_encode(),
        }
    )
    positive = np.arange(number) % 3 == 0
    found = worst_slices(table, JudgedRows(positive * 1.0, positive, positive))
    assert {one["column"] for one in found} >= {"constant", "empty", "kind"}
    assert {one["segment"] for one in found if one["column"] == "constant"} == {"1"}
    assert all(one["recall"] == 1 for one in found)


@given(seed=st.integers(0, 1_000), levels=st.sampled_from([2, 5, 10_000]))
def test_precision_among_the_highest_is_that_of_any_order_of_ties_on_average(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(60) < 0.3
    scores = rng.integers(0, levels, 60) / levels
    (ten, fifty) = at_the_top(scores, positive)
    drawn = [positive[np.lexsort((rng.random(60), -scores))][:10].sum() / 10 for _ in range(400)]
    assert ten["precision"] == pytest.approx(np.mean(drawn), abs=0.05)
    assert fifty["k"] == 50
    assert fifty["recall"] >= ten["recall"]
