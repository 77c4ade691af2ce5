from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from counterpoise.evaluate._slices import DecidedRows, worst_slices


def judged(number: int, seed: int = 0) -> tuple[pa.Table, DecidedRows]:
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
    return table, DecidedRows(scores, positive, scores >= 0.5)


def slices(table: pa.Table, rows: DecidedRows, *, resamples: int = 100) -> list[dict[str, Any]]:
    return worst_slices(table, rows, resamples=resamples, rng=np.random.default_rng(0))


def test_the_segment_with_the_lowest_recall_stands_first() -> None:
    table, rows = judged(3_000)
    found = slices(table, rows)
    assert (found[0]["column"], found[0]["segment"], found[0]["recall"]) == ("country", "B", 0)
    assert {one["column"] for one in found} == {"country", "amount", "flag", "when"}
    assert json.loads(json.dumps(found)) == found


def test_each_segment_is_counted_as_it_is() -> None:
    table, rows = judged(3_000)
    found = {(one["column"], one["segment"]): one for one in slices(table.drop_columns(["when"]), rows)}
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
    assert all(one["positives"] >= 10 for one in slices(table, rows))


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
    found = slices(table, DecidedRows(positive.astype(np.float64), positive, positive))
    assert {one["column"] for one in found} >= {"constant", "empty", "kind"}
    assert {one["segment"] for one in found if one["column"] == "constant"} == {"1"}
    assert all(one["recall"] == 1 for one in found)


def test_dates_are_cut_into_quarters_named_in_their_own_terms() -> None:
    number = 400
    days = np.arange(number).astype("datetime64[D]")
    table = pa.table(
        {
            "day": pa.array(days),
            "moment": pa.array(days.astype("datetime64[ns]"), pa.timestamp("ns", tz="UTC")),
            "clock": pa.array((np.arange(number) * 60).astype(np.int32), pa.time32("s")),
            "lasted": pa.array(np.arange(number), pa.duration("s")),
        }
    )
    positive, called = np.arange(number) % 4 == 0, np.arange(number) < 300
    found = {
        (one["column"], one["segment"]): one
        for one in slices(table, DecidedRows(called.astype(np.float64), positive, called))
    }
    assert {column for column, _ in found} == {"day", "moment", "clock", "lasted"}
    worst = found["day", "above 1970-10-27 to 1971-02-04"]
    assert (worst["rows"], worst["recall"]) == (100, 0)
    assert found["day", "1970-01-01 to 1970-04-10"]["recall"] == 1
    assert any("1970-10-27" in segment for column, segment in found if column == "moment")
    assert found["clock", "above 04:59:00 to 06:39:00"]["recall"] == 0


def test_missing_dates_stand_apart_and_belong_to_no_quarter() -> None:
    number = 600
    known = np.arange(number) % 2 == 0
    days = pa.array(np.arange(number).astype("datetime64[D]"), mask=~known)
    positive = np.arange(number) % 3 == 0
    found = slices(pa.table({"day": days}), DecidedRows(positive.astype(np.float64), positive, positive))
    assert sum(one["rows"] for one in found) == number
    assert next(one for one in found if one["segment"] == "missing")["rows"] == number // 2


def test_how_a_segment_is_ranked_has_intervals_and_stands_beside_its_prevalence() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(2_000) < 0.2
    scores = rng.normal(size=2_000) + positive
    kind = rng.choice(["A", "B"], 2_000)
    found = slices(pa.table({"kind": kind}), DecidedRows(scores, positive, scores > 1))
    assert {one["segment"] for one in found} == {"A", "B"}
    for one in found:
        own = kind == one["segment"]
        assert one["average_precision"] == pytest.approx(average_precision_score(positive[own], scores[own]))
        assert one["roc_auc"] == pytest.approx(roc_auc_score(positive[own], scores[own]))
        assert one["average_precision_low"] < one["average_precision"] < one["average_precision_high"]
        assert 0.04 < one["roc_auc_high"] - one["roc_auc_low"] < 0.16
        assert one["prevalence"] == positive[own].mean()


def test_a_segment_of_positives_only_has_no_ranking() -> None:
    positive = np.arange(60) < 20
    table = pa.table({"kind": np.where(positive, "A", "B")})
    (found,) = slices(table, DecidedRows(positive.astype(np.float64), positive, positive))
    assert found["roc_auc"] is found["roc_auc_low"] is found["average_precision"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_rows_of_one_group_count_once_in_the_interval_of_a_recall() -> None:
    rng = np.random.default_rng(2)
    positive = np.repeat(rng.random(100) < 0.4, 10)
    called = np.repeat(rng.random(100) < 0.5, 10)
    table, groups = pa.table({"one": ["x"] * 1_000}), np.repeat(np.arange(100, dtype=np.int32), 10)
    (single,) = slices(table, DecidedRows(called.astype(np.float64), positive, called))
    (grouped,) = slices(table, DecidedRows(called.astype(np.float64), positive, called, groups))
    assert single["recall"] == grouped["recall"]
    for figure in ("recall", "precision", "roc_auc"):
        widths = [one[f"{figure}_high"] - one[f"{figure}_low"] for one in (single, grouped)]
        assert widths[1] > 2 * widths[0], figure


def test_without_resamples_rankings_have_no_interval() -> None:
    table, rows = judged(1_000)
    found = slices(table, rows, resamples=0)
    assert all(one["roc_auc_low"] is None and one["recall_low"] is not None for one in found)
