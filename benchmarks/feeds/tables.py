"""Real tables as feeds: texts as they would be delivered, and the columns that breakages go for."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["LETTER", "Feed", "classes_of", "is_number", "levels_of", "read_feed", "written"]

LETTER = "é"
"""Ends a frequent category of every feed, so that an encoding can go wrong."""

_MOST_ROWS = 50_000
_LEVELS = range(2, 31)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_TRUTH = {"true", "false"}
_MISSING = {"", "?"}


@dataclass(frozen=True)
class Feed:
    """A delivery as it should be.

    Attributes:
        rows: All cells as texts.
        target: The label column.
        numbers: Its numeric features, the one with most different values first.
        category: The text feature with most categories, of 2 to 30; empty where there is none.
        seed: Of all that is random in breaking it.
    """

    rows: pd.DataFrame
    target: str
    numbers: tuple[str, ...] = ()
    category: str = ""
    seed: int = 0

    @classmethod
    def of(cls, rows: pd.DataFrame, target: str) -> Feed:
        """Return the feed of a table, with its victims chosen among all columns but the label."""
        features = [name for name in rows.columns if name != target]
        distinct = {name: rows[name].nunique() for name in features}
        numbers = [name for name in features if _is_numeric(rows[name]) and distinct[name] > 1]
        texts = [name for name in features if name not in numbers and _is_category(rows[name])]
        return cls(
            rows,
            target,
            numbers=tuple(sorted(numbers, key=lambda name: -distinct[name])),
            category=max(texts, key=lambda name: distinct[name], default=""),
        )

    def random(self) -> np.random.Generator:
        """Return a generator that draws the same every time."""
        return np.random.default_rng(self.seed)

    def without(self, names: Collection[str]) -> Feed:
        """Return the feed with these columns, which are no features, taken out of the victims."""
        return replace(self, numbers=tuple(name for name in self.numbers if name not in names))


def read_feed(name: str, data: Path, *, seed: int = 0) -> Feed:
    """Return a table of the catalog: at most 50,000 rows, names for columns without one, a letter in a category."""
    rows, target = _read(_entry(name, data), data)
    if len(rows) > _MOST_ROWS:
        rows = rows.sample(_MOST_ROWS, random_state=0).sort_index().reset_index(drop=True)
    return replace(_lettered(Feed.of(rows, target)), seed=seed)


def written(rows: pd.DataFrame) -> bytes:
    """Return the table as the bytes of a CSV file."""
    return rows.to_csv(index=False, lineterminator="\n").encode()


def is_number(text: str) -> bool:
    """Return whether a cell holds a number.

    >>> is_number("-1.5e3"), is_number("1,5")
    (True, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def classes_of(feed: Feed) -> list[str]:
    """Return the labels, the most frequent first."""
    return levels_of(feed.rows[feed.target])


def levels_of(column: pd.Series[str]) -> list[str]:
    """Return the values that are not missing, the most frequent first, equally frequent ones by name."""
    counts = column.value_counts().to_dict()
    present = [str(value) for value in counts if str(value).strip() not in _MISSING]
    return sorted(present, key=lambda value: (-counts[value], value))


def _is_numeric(column: pd.Series[str]) -> bool:
    return all(is_number(value) for value in column.unique() if value.strip() not in _MISSING)


def _is_category(column: pd.Series[str]) -> bool:
    levels = levels_of(column)
    return len(levels) in _LEVELS and not all(is_number(level) or level.lower() in _TRUTH for level in levels)


def _lettered(feed: Feed) -> Feed:
    if not feed.category:
        return feed
    level = levels_of(feed.rows[feed.category])[0]
    lettered = feed.rows[feed.category].replace({level: level + LETTER})
    return replace(feed, rows=feed.rows.assign(**{feed.category: lettered}))


def _entry(name: str, data: Path) -> dict[str, Any]:
    entries: Iterator[dict[str, Any]] = iter(json.loads((data / "catalog.json").read_text(encoding="utf-8")))
    found = next((entry for entry in entries if entry["name"] == name), None)
    if found is None:
        raise SystemExit(f"no table {name!r} in {data / 'catalog.json'}")
    return found


def _read(entry: dict[str, Any], data: Path) -> tuple[pd.DataFrame, str]:
    """Return all cells as texts, and the label's name."""
    rows = pd.read_csv(
        data / str(entry["file"]),
        sep="\t" if entry["sep"] == "TAB" else str(entry["sep"]),
        header=0 if entry["header"] else None,
        dtype=str,
        na_filter=False,
        skipinitialspace=True,
        encoding="utf-8-sig",
    )
    if entry["header"]:
        return rows, str(entry["target"])
    rows = rows.rename(columns=lambda number: f"field_{number:02}")
    return rows, f"field_{int(str(entry['target']).split()[2]):02}"
