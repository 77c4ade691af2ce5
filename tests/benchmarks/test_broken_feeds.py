"""The breakages break what they say and nothing else, and what is said of them is judged fairly."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.feeds import breakages as broken
from benchmarks.feeds.breakages import BREAKAGES, Breakage
from benchmarks.feeds.causes import Alarm, Cause
from benchmarks.feeds.delivery import publish
from benchmarks.feeds.summary import good_enough, render
from benchmarks.feeds.tables import LETTER, Feed, read_feed, written
from benchmarks.feeds.trials import BreakageResult, SubsetResult, TableResult, try_breakage
from tests.catalog import real_tables

ROWS = 600
LARGE, MIDDLE, SMALL = "no", "yes", "maybe"
TOWN = ["Basel", "Genf" + LETTER, "ZUG"]


def make_feed(seed: int = 0) -> Feed:
    """Return a feed with two numeric features, a truth value, a category and three classes."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "amount": [f"{value:.2f}" for value in rng.normal(500, 100, ROWS)],
            "visits": rng.integers(1, 40, ROWS).astype(str),
            "member": rng.choice(["TRUE", "FALSE"], ROWS),
            "town": rng.choice(TOWN, ROWS, p=[0.2, 0.5, 0.3]),
            "label": rng.choice([LARGE, MIDDLE, SMALL], ROWS, p=[0.7, 0.2, 0.1]),
        },
        dtype=str,
    )
    rows.loc[::50, "amount"] = ""
    feed = Feed.of(rows, "label")
    return Feed(feed.rows, feed.target, feed.numbers, feed.category, seed=seed)


FEED = make_feed()


def read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(BytesIO(content), dtype=str, na_filter=False)


def changed_columns(rows: pd.DataFrame) -> set[str]:
    assert list(rows.columns) == list(FEED.rows.columns)
    assert rows.index.equals(FEED.rows.index)
    return {name for name in rows.columns if not rows[name].equals(FEED.rows[name])}


def share_changed(rows: pd.DataFrame, name: str) -> float:
    return float((rows[name] != FEED.rows[name]).mean())


def test_victims_are_the_finest_number_and_the_text_category() -> None:
    assert FEED.numbers == ("amount", "visits")
    assert FEED.category == "town"
    assert FEED.without({"amount"}).numbers == ("visits",)


def test_there_are_twenty_five_breakages_with_titles_of_their_own() -> None:
    assert len({each.title for each in BREAKAGES}) == len(BREAKAGES) == 25


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.title)
def test_a_breakage_changes_the_delivery_the_same_way_every_time(breakage: Breakage) -> None:
    before = FEED.rows.copy()
    assert breakage.obstacle(FEED) == ""
    delivered = breakage.delivery(FEED)
    assert delivered == breakage.delivery(make_feed())
    assert delivered != written(FEED.rows)
    assert FEED.rows.equals(before)


@pytest.mark.parametrize(
    "breakage", [broken.values_missing, broken.labels_shuffled, broken.half_gone, broken.column_added]
)
def test_another_seed_draws_anew(breakage: object) -> None:
    assert callable(breakage)
    assert not breakage(FEED).equals(breakage(make_feed(seed=1)))


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (broken.columns_swapped(FEED), {"amount", "visits"}),
        (broken.unit_changed(FEED), {"amount"}),
        (broken.sign_flipped(FEED), {"amount"}),
        (broken.numbers_dressed(FEED), {"amount"}),
        (broken.column_stuck(FEED), {"amount"}),
        (broken.values_missing(FEED), {"amount"}),
        (broken.sentinel_values(FEED), {"amount"}),
        (broken.values_zeroed(FEED), {"amount"}),
        (broken.categories_respelt(FEED), {"town"}),
        (broken.categories_permuted(FEED), {"town"}),
        (broken.labels_swapped(FEED), {"label"}),
        (broken.label_misspelt(FEED), {"label"}),
        (broken.labels_shuffled(FEED), {"label"}),
    ],
)
def test_a_breakage_of_values_leaves_the_other_columns_alone(rows: pd.DataFrame, columns: set[str]) -> None:
    assert changed_columns(rows) == columns


def test_breakages_of_the_header_leave_the_values_alone() -> None:
    assert broken.column_gone(FEED).equals(FEED.rows.drop(columns="amount"))
    assert broken.column_renamed(FEED).rename(columns={"amount_v2": "amount"}).equals(FEED.rows)
    assert broken.column_added(FEED).drop(columns=broken.ADDED).equals(FEED.rows)
    assert written(FEED.rows) == b"amount,visits,member,town,label\n" + broken.header_missing(FEED)


def test_a_shift_moves_every_column_to_its_right_neighbour() -> None:
    rows = broken.values_shifted(FEED)
    assert list(rows.columns) == list(FEED.rows.columns)
    for name, neighbour in zip(rows.columns, [*rows.columns[1:], rows.columns[0]], strict=True):
        assert rows[neighbour].tolist() == FEED.rows[name].tolist()


def test_breakages_of_numbers_recalculate_what_is_there() -> None:
    present = FEED.rows["amount"] != ""
    good = [Decimal(text) for text in FEED.rows["amount"][present]]
    assert [Decimal(text) for text in broken.unit_changed(FEED)["amount"][present]] == [100 * each for each in good]
    assert [Decimal(text) for text in broken.sign_flipped(FEED)["amount"][present]] == [-each for each in good]
    assert set(broken.unit_changed(FEED)["amount"][~present]) == {""}


def test_numbers_are_dressed_by_what_they_look_like() -> None:
    whole = Feed(FEED.rows, FEED.target, ("visits",), FEED.category)
    assert broken.numbers_dressed(FEED)["amount"].tolist() == [each.replace(".", ",") for each in FEED.rows["amount"]]
    assert broken.numbers_dressed(whole)["visits"].tolist() == [f"${each}" for each in FEED.rows["visits"]]


@pytest.mark.parametrize(
    ("rows", "text", "share"),
    [
        (broken.values_missing(FEED), "", 0.3),
        (broken.sentinel_values(FEED), broken.SENTINEL, 0.25),
        (broken.values_zeroed(FEED), "0", 0.5),
    ],
)
def test_overwritten_values_have_about_their_share(rows: pd.DataFrame, text: str, share: float) -> None:
    assert share_changed(rows, "amount") == pytest.approx(share, abs=0.06)
    assert set(rows["amount"][rows["amount"] != FEED.rows["amount"]]) == {text}


def test_a_stuck_column_repeats_a_value_of_its_own() -> None:
    values = set(broken.column_stuck(FEED)["amount"])
    assert len(values) == 1
    assert values < set(FEED.rows["amount"])


def test_categories_are_respelt_in_a_third_and_permuted_throughout() -> None:
    respelt, permuted = broken.categories_respelt(FEED)["town"], broken.categories_permuted(FEED)["town"]
    assert set(respelt) == {*TOWN, "BASEL", "GENF" + LETTER.upper(), "ZUG_"}
    assert share_changed(broken.categories_respelt(FEED), "town") == pytest.approx(1 / 3, abs=0.06)
    assert set(zip(FEED.rows["town"], permuted, strict=True)) == set(
        zip(TOWN, [TOWN[1], TOWN[2], TOWN[0]], strict=True)
    )
    assert set(broken.one_category_only(FEED)["town"]) == {TOWN[1]}


def test_breakages_of_labels_keep_or_move_the_prevalence_as_they_say() -> None:
    good = FEED.rows["label"].value_counts()
    swapped, shuffled = broken.labels_swapped(FEED)["label"], broken.labels_shuffled(FEED)["label"]
    assert swapped.value_counts().to_dict() == {LARGE: good[MIDDLE], MIDDLE: good[LARGE], SMALL: good[SMALL]}
    assert shuffled.value_counts().to_dict() == good.to_dict()
    misspelt = broken.label_misspelt(FEED)["label"].value_counts()
    assert misspelt["yess"] + misspelt[MIDDLE] == good[MIDDLE]
    assert misspelt["yess"] == pytest.approx(good[MIDDLE] / 10, abs=10)


def test_breakages_of_rows_deliver_whole_rows() -> None:
    small = FEED.rows["label"] == SMALL
    assert broken.class_gone(FEED).equals(FEED.rows[~small])
    assert broken.minority_tripled(FEED).index.value_counts().to_dict() == {
        row: 3 if is_small else 1 for row, is_small in enumerate(small)
    }
    assert len(broken.half_gone(FEED)) == ROWS // 2
    assert broken.half_gone(FEED).equals(FEED.rows.loc[broken.half_gone(FEED).index])
    assert set(broken.delivered_twice(FEED).index.value_counts()) == {2}


def test_breakages_of_the_file_can_be_told_from_its_bytes() -> None:
    good, cut = written(FEED.rows), broken.cut_off(FEED)
    assert broken.other_encoding(FEED).decode("latin-1").encode() == good
    with pytest.raises(UnicodeDecodeError, match="invalid continuation byte"):
        broken.other_encoding(FEED).decode()
    assert good.startswith(cut)
    assert len(cut) == pytest.approx(0.4 * len(good), abs=60)
    assert 0 < cut.splitlines()[-1].count(b",") < 4


def test_a_table_of_numbers_cannot_have_its_categories_broken() -> None:
    feed = Feed.of(FEED.rows[["amount", "visits", "label"]], "label")
    impossible = {each.title: each.obstacle(feed) for each in BREAKAGES if each.obstacle(feed)}
    assert impossible == {
        "categories respelt": "no text feature of 2 to 30 categories",
        "category codes permuted": "no text feature of 2 to 30 categories",
        "one category only": "no text feature of 2 to 30 categories",
        "Latin-1 instead of UTF-8": "no text beyond ASCII",
    }


NAMES = ["amount", "visits", "member", "town", "place", "label"]


@pytest.mark.parametrize(
    ("alarm", "named"),
    [
        (Alarm("expect_column_median_to_be_between", ("amount",), "50"), True),
        (Alarm("expect_column_median_to_be_between", ("visits",), "unlike amount"), False),
        (Alarm("expect_table_columns_to_match_set", (), "missing: amount"), True),
        (Alarm("expect_table_columns_to_match_set", (), "missing: amount_v2"), False),
        (Alarm("expect_table_columns_to_match_set", (), ", ".join(NAMES)), False),
    ],
)
def test_a_column_is_named_by_alarms_on_it_or_by_texts_that_single_it_out(alarm: Alarm, named: bool) -> None:
    assert Cause(columns=frozenset({"amount"})).is_named_by([alarm], NAMES) is named


def test_a_cause_in_several_columns_needs_several_names() -> None:
    cause = Cause(columns=frozenset(NAMES), at_least=3)
    alarms = [Alarm("range", (name,)) for name in ("amount", "visits", "town")]
    assert cause.is_named_by(alarms, NAMES)
    assert not cause.is_named_by(alarms[:2], NAMES)
    assert not cause.is_named_by([], NAMES)


def test_a_label_is_named_by_what_moved_within_its_classes_only_if_several_features_did() -> None:
    cause = Cause(columns=frozenset({"label"}))
    alarms = [Alarm("stability", ("amount", "label")), Alarm("missing", ("amount", "label"))]
    assert not cause.is_named_by(alarms, NAMES)
    assert Cause(columns=frozenset({"amount"})).is_named_by(alarms, NAMES)
    assert cause.is_named_by([*alarms, Alarm("stability", ("visits", "label"))], NAMES)


def result_of(named: int, *, possible: int = 25, stopped: int = 0) -> TableResult:
    results = [BreakageResult(f"way {n}", "warned" if n < possible else "impossible", n < named, "") for n in range(25)]
    return TableResult("table", 100, [], results, SubsetResult(stopped, 0, {}), 1.0)


@pytest.mark.parametrize(
    ("result", "good"),
    [
        (result_of(23), True),
        (result_of(22), False),
        (result_of(25, stopped=1), True),
        (result_of(25, stopped=2), False),
        (result_of(3, possible=19), True),
    ],
)
def test_a_table_is_good_enough_from_23_of_25_and_with_one_false_stop(result: TableResult, good: bool) -> None:
    assert good_enough(result) is good
    assert f"| {result.named} of {result.possible} |" in render([result])


@pytest.mark.slow
@pytest.mark.skipif(not real_tables(), reason="the real tables (../shared/data) are not here")
def test_a_real_feed_is_caught_when_broken_and_let_through_when_not(tmp_path: Path) -> None:
    data = next(table.path.parents[1] for table in real_tables())
    dataset = publish(read_feed("ai4i2020", data), name="ai4i2020", folder=tmp_path)
    found = {
        each.title: try_breakage(each, dataset) for each in BREAKAGES if each.title in ("column gone", "file twice")
    }
    assert {title: (result.status, result.named) for title, result in found.items()} == {
        "column gone": ("stopped", True),
        "file twice": ("stopped", True),
    }
    assert {name for name, _ in dataset.usual} == {"expect_table_column_to_be_unobtrusive"}
    assert "Rotational speed [rpm]" in found["column gone"].said
