"""Each promise stands where the ledger says, and what attacks it is there."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LEDGER = ROOT / "docs" / "promises.md"


class Promise(NamedTuple):
    """A row of the ledger."""

    sentence: str
    place: str
    attacks: tuple[str, ...]
    figure: str


@cache
def promises() -> list[Promise]:
    rows = [line for line in LEDGER.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    return [
        Promise(sentence.replace(r"\|", "|"), place.strip("`"), tuple(re.findall(r"`([^`]+)`", attacks)), figure)
        for sentence, place, attacks, figure in cells
        if sentence != "Promise"
    ]


def plain(text: str) -> str:
    """Return text as one line, without what Markdown or Python put between its words."""
    return re.sub(r"[\s`*_|]+", " ", re.sub(r'"\s+f?"', "", text)).strip()


@cache
def read(path: str) -> str:
    return (ROOT / path).read_text()


@cache
def plain_file(path: str) -> str:
    return plain(read(path))


def test_every_promise_stands_where_the_ledger_says() -> None:
    assert len(promises()) > 200
    assert [one for one in promises() if plain(one.sentence) not in plain_file(one.place)] == []


def test_every_promise_is_attacked_by_tests_that_are_there() -> None:
    assert [one for one in promises() if not one.attacks or not all(map(is_there, one.attacks))] == []


def is_there(attack: str) -> bool:
    """Return whether an attack is a benchmark, or a test that is named and not just its file."""
    path, _, name = attack.partition("::")
    if not (name or path.startswith("benchmarks/")) or not path.startswith(("tests/", "benchmarks/")):
        return False
    return (not name and (ROOT / path).is_file()) or f"def {name}(" in read(path)


def test_the_figure_of_every_promise_has_a_date() -> None:
    assert [one for one in promises() if not is_dated(one.figure)] == []


def is_dated(figure: str) -> bool:
    """Return whether a figure ends with a day since the ledger began."""
    found = re.findall(r"\d{4}-\d{2}-\d{2}", figure)
    return bool(found) and date.fromisoformat(found[-1]) >= date(2026, 11, 1)
