"""The same rows give the same dataset and verdict, whatever their order, files, row groups and format."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.row_order import KINDS, check, kind_for
from counterpoise.strategies import STRATEGIES


def test_every_kind_of_table_and_every_strategy_has_its_turn() -> None:
    tables = range(2 * len(STRATEGIES))
    assert {kind_for(number) for number in tables} == set(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3, 11, 16], ids=["equal rows", "groups", "stable", "SMOTE and cleaning"])
def test_shuffled_rows_in_other_files_give_the_same_rows_and_verdict(tmp_path: Path, number: int) -> None:
    assert not check(number, rows=300, shuffles=3, folder=tmp_path)
