"""What is growth and what is a broken feed: sources that are added to each night."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.errors import ContractError, CounterpoiseError
from tests.expectations.growing import FIRST_DAY, Folder, Nights, day_of

pytestmark = pytest.mark.slow

WEEKEND = (5, 6)


def sizes(kind: str) -> list[int]:
    """Return how many rows eight days have."""
    days = range(7)
    return {
        "equal": [400 for _ in days],
        "growing": [int(200 * 1.4**day) for day in days[:5]],
        "doubling": [50 * 2**day for day in days[:5]],
        "weekly": [180 if day % 7 in WEEKEND else 500 for day in days],
    }[kind]


@pytest.mark.parametrize("kind", ["equal", "growing", "doubling", "weekly"])
def test_a_folder_that_grows_by_a_file_a_day_is_published_each_day(kind: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for day, rows in enumerate(sizes(kind), start=1):
        folder.drop(f"day-{day}.csv", day_of(day, rows))
        folder.publish()
        assert (f"added: day-{day}.csv ({rows:,} rows)" in folder.growth()) is (day > 1)


def natural(day: int) -> dict[str, Any]:
    """Return columns that vary by nature: the day of the week, a new category each day, prices that rise."""
    rng = np.random.default_rng(1_000 + day)
    names = [*(f"campaign {old}" for old in range(day)), "none"]
    shares = np.array([*(0.9 ** (day - old) for old in range(day)), 6.0])
    moment = FIRST_DAY + pd.Timedelta(days=day)
    return {
        "weekday": moment.day_of_week,
        "campaign": rng.choice(names, 400, p=shares / shares.sum()),
        "price": np.round(rng.normal(100 + day, 20, 400), 2),
        "batch": f"batch-{day}",
    }


def test_files_that_differ_by_day_as_days_do_are_published(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for day in range(1, 10):
        folder.drop(f"day-{day}.csv", day_of(day, **natural(day)))
        folder.publish()
    assert "it still has 3,200 of 3,200 earlier rows" in folder.growth()


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv.gz"])
def test_growth_is_known_by_the_files_of_every_format(kind: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(1, kind=kind)
    folder.drop(f"a-day-before.{kind}", day_of(2))
    folder.publish()
    assert f"recognised by its files: it still has 400 of 400 earlier rows, 800 in all; added: a-day-before.{kind}" in (
        folder.growth()
    )


def refused(nights: Nights, reason: str, told: str) -> None:
    with pytest.raises(ContractError, match=told) as caught:
        nights.publish()
    assert caught.value.reason == reason
    assert "validation.drift=report" in caught.value.remedy


@pytest.mark.parametrize(
    ("again", "days"),
    [("the same bytes", 1), ("the same bytes", 7), ("another order", 1), ("other serial numbers", 7)],
)
def test_a_file_that_is_delivered_twice_is_refused(days: int, again: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(days)
    rows = day_of(1)
    if again == "another order":
        rows = rows.sample(frac=1, random_state=0)
    if again == "other serial numbers":
        rows = rows.assign(serial=rows["serial"] + 7_000_000)
    folder.drop("once-more.csv", rows)
    told = r"once-more\.csv is a copy of day-1\.csv" if again == "the same bytes" else r"100% of once-more\.csv were"
    refused(folder, "rows_repeated", told)


def test_a_file_that_holds_its_rows_twice_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(1)
    folder.drop("day-2.csv", pd.concat([day_of(2), day_of(2)]))
    refused(folder, "rows_repeated", r"50% of day-2\.csv were there before or repeat each other, 0% are expected")


@pytest.mark.parametrize(
    ("change", "days", "added"),
    [
        ("cut", 2, True),
        ("cut", 7, False),
        ("changed", 2, False),
        ("changed", 7, True),
        ("removed", 2, True),
        ("removed", 7, False),
    ],
)
def test_an_earlier_file_that_is_not_what_it_was_is_refused(
    change: str, days: int, added: bool, tmp_path: Path
) -> None:
    folder = Folder(tmp_path)
    folder.week(days)
    first = folder.place / "day-1.csv"
    if change == "removed":
        first.unlink()
    else:
        folder.drop(first.name, day_of(1)[:200] if change == "cut" else day_of(99))
    if added:
        folder.drop("day-8.csv", day_of(8))
    told = {
        "cut": r"day-1\.csv has changed: 400 rows before, 200 now",
        "changed": r"day-1\.csv has changed",
        "removed": r"day-1\.csv \(400 rows\) is missing",
    }
    refused(folder, "earlier_rows_changed", told[change])


def test_the_only_earlier_file_is_looked_for_by_its_rows(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(1)
    folder.drop("day-1.csv", day_of(1)[:200])
    folder.drop("day-2.csv", day_of(2))
    refused(folder, "earlier_rows_changed", r"day-1\.csv has changed: 400 rows before, 200 now")


def test_a_folder_that_keeps_the_last_days_is_published_where_that_is_said(tmp_path: Path) -> None:
    folder = Folder(tmp_path, validation={"earlier_rows": "may_go"})
    folder.week(3)
    for day in range(4, 7):
        (folder.place / f"day-{day - 3}.csv").unlink()
        folder.drop(f"day-{day}.csv", day_of(day))
        assert f": day-{day - 3}.csv (400 rows) is missing" in folder.publish()


def test_files_that_are_renamed_or_put_together_are_no_change(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(3)
    (folder.place / "day-1.csv").rename(folder.place / "archived.csv")
    folder.drop("day-2.csv", pd.concat([day_of(2), day_of(3)]))
    (folder.place / "day-3.csv").unlink()
    folder.drop("day-4.csv", day_of(4))
    assert folder.publish() == []
    assert "it still has 1,200 of 1,200 earlier rows" in folder.growth()


def test_rows_added_to_the_newest_file_of_a_folder_are_growth(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(3)
    folder.drop("day-3.csv", pd.concat([day_of(3), day_of(4)]))
    assert folder.publish() == []
    assert "added: the rows added to day-3.csv (400 rows)" in folder.growth()


def broken(rows: pd.DataFrame, how: str) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    changes: dict[str, Any] = {
        "another unit": {"amount": rows["amount"] * 100},
        "a sentinel": {"amount": rows["amount"].mask(rng.random(len(rows)) < 0.5, -999)},
        "values that are missing": {"age": rows["age"].astype("Int64").mask(rng.random(len(rows)) < 0.8)},
        "swapped labels": {"label": rows["label"].map({"yes": "no", "no": "yes"})},
        "one category": {"shop": "north"},
        "misspelt categories": {"shop": rows["shop"] + "_"},
        "swapped columns": {"amount": rows["age"], "age": rows["amount"].round().astype(int)},
    }
    return rows.assign(**changes[how])


@pytest.mark.parametrize(
    ("how", "column"),
    [
        ("another unit", "amount"),
        ("a sentinel", "amount"),
        ("values that are missing", "age"),
        ("swapped labels", "label"),
        ("one category", "shop"),
        ("misspelt categories", "shop"),
        ("swapped columns", "age"),
    ],
)
def test_a_broken_file_among_seven_good_ones_is_refused_with_its_name_and_its_column(
    how: str, column: str, tmp_path: Path
) -> None:
    folder = Folder(tmp_path)
    folder.week()
    folder.drop("day-8.csv", broken(day_of(8), how))
    with pytest.raises(ContractError, match=rf"'{column}'[^;]*: in day-8\.csv: "):
        folder.publish()


@pytest.mark.parametrize(
    ("rows", "told"), [(150, "day-8.csv has 150 rows, earlier files 400 to 400"), (1_200, "day-8.csv has 1,200 rows")]
)
def test_after_a_week_a_file_of_far_more_or_fewer_rows_is_refused(rows: int, told: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week()
    folder.drop("day-8.csv", day_of(8, rows))
    refused(folder, "row_count_changed", told)


def test_before_a_week_has_passed_a_file_of_fewer_rows_is_a_warning(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(3)
    folder.drop("day-4.csv", day_of(4, 150))
    assert ": day-4.csv has 150 rows, earlier files 400 to 400" in folder.publish()


def test_many_files_at_once_are_judged_in_groups(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week(2)
    for day in range(11, 31):
        folder.drop(f"day-{day}.csv", broken(day_of(day), "another unit") if day > 28 else day_of(day))
    with pytest.raises(ContractError, match=r"in day-29\.csv to day-30\.csv: population stability"):
        folder.publish()


def single(tmp_path: Path, name: str = "sales.csv", **settings: Any) -> tuple[Nights, Path]:
    return Nights(tmp_path, {"path": str(tmp_path / name)}, settings), tmp_path / name


def put(rows: pd.DataFrame, place: Path) -> None:
    if place.suffix == ".parquet":
        rows.to_parquet(place, index=False)
    elif place.suffix == ".jsonl":
        rows.to_json(place, orient="records", lines=True)
    else:
        rows.to_csv(place, index=False)


@pytest.mark.parametrize("name", ["sales.csv", "sales.parquet", "sales.jsonl"])
def test_a_single_file_to_which_rows_are_added_is_published(name: str, tmp_path: Path) -> None:
    nights, place = single(tmp_path, name)
    rows = day_of(1)
    put(rows, place)
    nights.publish()
    for day in (2, 3):
        rows = pd.concat([rows, day_of(day, len(rows))])
        put(rows, place)
        assert nights.publish() == []
        half = len(rows) // 2
        assert f"recognised by its content: it still has {half:,} of {half:,} earlier rows" in nights.growth()
        assert f"rows {half + 1:,} to {2 * half:,} ({half:,} rows)" in nights.growth()


def test_a_large_file_to_which_rows_are_added_is_published_and_its_new_rows_are_judged(tmp_path: Path) -> None:
    nights, place = single(tmp_path)
    rows = day_of(1, 80_000)
    put(rows, place)
    nights.publish()
    put(pd.concat([rows, broken(day_of(2, 10_000), "another unit")]), place)
    with pytest.raises(ContractError, match=r"'amount'.*: in rows 80,001 to 90,000: population stability index"):
        nights.publish()
    put(pd.concat([rows, day_of(2, 160_000)]).sort_values("serial", ascending=False), place)
    assert nights.publish() == []
    assert "it still has 80,000 of 80,000 earlier rows" in nights.growth()


@pytest.mark.parametrize("order", ["one after the other", "each row twice", "shuffled", "numbered anew"])
def test_a_file_that_doubles_because_all_its_rows_are_there_twice_is_refused(order: str, tmp_path: Path) -> None:
    nights, place = single(tmp_path, split={"method": "stable", "salt": "s"})
    rows = day_of(1, 2_000)
    put(rows, place)
    nights.publish()
    twice = pd.concat([rows, rows], ignore_index=order != "each row twice")
    if order == "each row twice":
        twice = twice.sort_index()
    if order == "shuffled":
        twice = twice.sample(frac=1, random_state=0)
    if order == "numbered anew":
        twice["serial"] = range(len(twice))
    put(twice, place)
    with pytest.raises(ContractError, match="expect_table_row_count_to_be_between") as caught:
        nights.publish()
    assert caught.value.reason in ("row_count_changed", "rows_repeated")


def test_a_table_of_few_different_rows_may_grow(tmp_path: Path) -> None:
    nights, place = single(tmp_path, columns={"target": "label"})
    rows = [day_of(day, 2_000)[["shop", "label"]].assign(flag=np.arange(2_000) % 3) for day in (1, 2)]
    put(rows[0], place)
    nights.publish()
    put(pd.concat(rows), place)
    nights.publish()


def test_another_file_of_twice_the_rows_is_refused_as_before(tmp_path: Path) -> None:
    nights, place = single(tmp_path)
    put(day_of(1), place)
    nights.publish()
    put(day_of(2, 900), place)
    refused(nights, "row_count_changed", "expect_table_row_count_to_be_between")


@pytest.mark.parametrize("method", ["stable", "random"])
def test_a_table_whose_rows_are_updated_may_grow_under_a_stable_split(method: str, tmp_path: Path) -> None:
    nights, place = single(tmp_path, split={"method": method})
    first = day_of(1, 1_000)
    put(first, place)
    nights.publish()
    updated = first.assign(amount=first["amount"] + 1)
    put(pd.concat([updated, day_of(2, 1_500)]).sample(frac=1, random_state=0), place)
    if method == "stable":
        nights.publish()
        assert "recognised by its identifiers: it still has 1,000 of 1,000 earlier rows" in nights.growth()
    else:
        refused(nights, "row_count_changed", "expect_table_row_count_to_be_between")


@pytest.mark.parametrize("watermark", [{"watermark": "serial"}, {}], ids=["watermark", "no watermark"])
def test_a_database_table_grows_by_the_rows_beyond_the_last_ones(watermark: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "shop.db"
    source = {"url": f"sqlite:///{place}", "table": "sales", **watermark}
    nights = Nights(tmp_path, source, {"split": {"method": "stable", "salt": "s"}})
    for day in range(1, 6):
        insert(place, day_of(day))
        nights.publish()
    assert "recognised by its content: it still has 1,600 of 1,600 earlier rows" in nights.growth()
    assert "rows 1,601 to 2,000 (400 rows)" in nights.growth()
    insert(place, broken(day_of(6), "another unit"))
    with pytest.raises(ContractError, match="in rows 2,001 to 2,400: population stability index"):
        nights.publish()


def insert(place: Path, rows: pd.DataFrame) -> None:
    connection = sqlite3.connect(place)
    rows.to_sql("sales", connection, if_exists="append", index=False)
    connection.close()


def test_a_night_that_is_refused_leaves_the_next_one_to_be_compared_with_the_last_good_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.week()
    folder.drop("day-8.csv", broken(day_of(8), "another unit"))
    with pytest.raises(CounterpoiseError):
        folder.publish()
    folder.drop("day-8.csv", day_of(8))
    folder.drop("day-9.csv", day_of(9))
    assert folder.publish() == []
    assert "added: day-8.csv (400 rows), day-9.csv (400 rows)" in folder.growth()
