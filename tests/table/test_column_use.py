"""A setting that names a wrong column is refused by name, with a remedy that works, before anything costly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import build_config
from counterpoise.errors import ColumnNotFoundError, ColumnUseError
from counterpoise.table import check_column_use, write_snapshot

ROWS = 120
COLUMNS: dict[str, Any] = {
    "x": np.arange(ROWS) % 7 * 1.5,
    "amount": np.linspace(0.5, 90, ROWS),
    "cents": pa.array([Decimal("1.25")] * ROWS),
    "whole": np.arange(ROWS) % 50,
    "distinct": np.random.default_rng(0).permutation(10_000)[:ROWS],
    "region": np.resize(["n", "s"], ROWS),
    "flag": np.resize([True, False], ROWS),
    "empty": pa.nulls(ROWS, pa.float64()),
    "nan": np.full(ROWS, np.nan),
    "null": pa.nulls(ROWS),
    "number": np.arange(ROWS) + 7,
    "code": [f"T{row}" for row in range(ROWS)],
    "customer_id": np.arange(ROWS) // 3,
    "list": [[1]] * ROWS,
    "day": pa.array([row % 10 for row in range(ROWS)], pa.date32()),
    "label": np.resize(["no", "no", "yes"], ROWS),
}


def check(tmp_path: Path, *, ids: tuple[str, ...] = (), **sections: Any) -> None:
    columns = {"target": "label", "ids": list(ids)}
    settings = {"name": "x", "source": {"path": "x.csv"}, "columns": columns, **sections}
    check_column_use(build_config(settings), write_snapshot(tmp_path / "table.arrow", pa.table(COLUMNS)))


@pytest.mark.parametrize("ids", [(), ("amount", "cents", "whole", "code", "number")])
@pytest.mark.parametrize("column", ["amount", "cents", "whole", "distinct"])
def test_a_column_of_amounts_is_accepted_also_as_a_key(tmp_path: Path, column: str, ids: tuple[str, ...]) -> None:
    check(tmp_path, ids=ids, evaluation={"cost_column": column})


@pytest.mark.parametrize("columns", [["region", "flag"], ["x", "day", "whole", "distinct", "customer_id", "amount"]])
def test_columns_of_groups_are_accepted(tmp_path: Path, columns: list[str]) -> None:
    check(tmp_path, evaluation={"slices": columns})


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("region", "the type string"), ("flag", "the type bool"), ("day", "the type date32"), ("list", "the type list"),
        ("code", "the type string"), ("null", "the type null"), ("empty", "no values"), ("nan", "no values"),
        ("number", "values that identify rows"), ("customer_id", "values that identify rows"),
    ],
)  # fmt: skip
def test_a_column_that_holds_no_amounts_is_refused_by_name(tmp_path: Path, column: str, found: str) -> None:
    with pytest.raises(ColumnUseError, match=f"the column '{column}', which evaluation.cost_column names") as caught:
        check(tmp_path, evaluation={"cost_column": column})
    assert found in caught.value.found
    assert caught.value.remedy.startswith("correct evaluation.cost_column")


def test_whole_numbers_that_are_all_different_are_an_id_if_they_are_declared_as_one(tmp_path: Path) -> None:
    with pytest.raises(ColumnUseError, match="identify rows"):
        check(tmp_path, ids=("distinct",), evaluation={"cost_column": "distinct"})


@pytest.mark.parametrize(
    ("column", "found"),
    [("code", "identify"), ("number", "identify"), ("empty", "no values"), ("null", "no values"), ("list", "the type")],
)
def test_a_column_that_makes_no_groups_is_refused_by_name(tmp_path: Path, column: str, found: str) -> None:
    with pytest.raises(ColumnUseError, match=f"the column '{column}', which evaluation.slices names") as caught:
        check(tmp_path, evaluation={"slices": ["region", column]})
    assert found in caught.value.found


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("evaluation", "slices", ["regoin"]),
        ("evaluation", "cost_column", "amuont"),
        ("validation", "drift_ignore", ["regoin"]),
        ("columns", "categorical", ["regoin"]),
        ("columns", "drop", ["regoin"]),
        ("source", "types", {"regoin": "string"}),
        ("source", "watermark", "amuont"),
    ],
)
def test_a_column_that_does_not_exist_is_refused_with_the_one_that_was_meant(
    tmp_path: Path, section: str, field: str, value: Any
) -> None:
    extra = {"columns": {"target": "label", "drop": ["amuont"]}} if field == "watermark" else {}
    settings: dict[str, Any] = {"columns": {"target": "label"}, "source": {"path": "x.csv"}, **extra}
    sections = {**settings, section: {**settings.get(section, {}), field: value}}
    config = build_config({"name": "x", **sections})
    with pytest.raises(ColumnNotFoundError, match=r"perhaps '(region|amount)'") as caught:
        check_column_use(config, write_snapshot(tmp_path / "table.arrow", pa.table(COLUMNS)))
    assert section in caught.value.values["field"]
