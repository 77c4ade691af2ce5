"""Each promise stands where the ledger says, and what attacks it is there."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
LEDGER = ROOT / "docs" / "promises.md"


class Promise(NamedTuple):
    """A row of the ledger."""

    sentence: str
    place: str
    attacks: tuple[str, ...]
    figure: str


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


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise.sentence[:60])
def test_a_promise_stands_where_the_ledger_says(promise: Promise) -> None:
    assert plain(promise.sentence) in plain((ROOT / promise.place).read_text())


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise.sentence[:60])
def test_a_promise_is_attacked_by_tests_that_are_there(promise: Promise) -> None:
    assert promise.attacks
    for attack in promise.attacks:
        path, _, name = attack.partition("::")
        assert path.startswith(("tests/", "benchmarks/"))
        text = (ROOT / path).read_text()
        assert not name or f"def {name}(" in text
        assert path.startswith("benchmarks/") or name, "a test is named, not a file of tests"


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise.sentence[:60])
def test_the_figure_of_a_promise_has_a_date(promise: Promise) -> None:
    found = re.findall(r"\d{4}-\d{2}-\d{2}", promise.figure)
    assert found
    assert date.fromisoformat(found[-1]) >= date(2026, 11, 1)
