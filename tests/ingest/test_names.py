from __future__ import annotations

import pytest

from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest._names import MAX_COLUMNS, check_names, resolve_column


def test_a_name_wins_over_a_position() -> None:
    assert resolve_column(["2", "1", "0"], "0") == "0"


def test_a_position_counts_from_zero() -> None:
    assert resolve_column([f"column_{number}" for number in range(7)], "6") == "column_6"


@pytest.mark.parametrize("name", ["7", "-1", "²", "x", ""])
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(ColumnNotFoundError, match=r"columns.target"):
        resolve_column([f"column_{number}" for number in range(7)], name)


def test_as_many_columns_as_the_limit_are_fine() -> None:
    check_names([f"c{number}" for number in range(MAX_COLUMNS)])
    with pytest.raises(InputError, match="too_many_columns"):
        check_names([f"c{number}" for number in range(MAX_COLUMNS + 1)])
