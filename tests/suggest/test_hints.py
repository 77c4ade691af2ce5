"""What a person should know of a table's features is told in every run, not only by `init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import build_config
from counterpoise.expectations.contract import build_contract
from counterpoise.suggest import find_hints
from counterpoise.validate import validate_snapshot
from tests.snapshots import snapshot_of

ROWS = 600
RNG = np.random.default_rng(0)
LABEL = np.arange(ROWS) % 6 == 0
KIND = np.arange(ROWS) % 3
OTHERS = {"x": RNG.normal(size=ROWS), "z": RNG.normal(size=ROWS)}


def told(columns: dict[str, Any], folder: Path, **roles: Any) -> dict[str, str]:
    given = {"name": "t", "source": {"path": "t.csv"}, "columns": {"target": "label", **roles}}
    table = pa.table({"label": LABEL, **OTHERS, **columns})
    return {hint.column: hint.reason for hint in find_hints(snapshot_of(table, folder), build_config(given))}


WHO = np.arange(ROWS) // 6


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, {}),
        ({"f": ["a"] * ROWS}, {"f": "constant_feature"}),
        ({"f": np.zeros(ROWS)}, {"f": "constant_feature"}),
        ({"f": pa.array(["a", None] * (ROWS // 2))}, {}),
        ({"f": LABEL.astype(int)}, {"f": "reveals_label"}),
        ({"f": LABEL.astype("float16")}, {"f": "reveals_label"}),
        ({"f": KIND.astype("float16")}, {}),
        ({"f": np.where(LABEL, 0.0, np.where(KIND, np.nan, -0.0))}, {}),
        ({"label": KIND, "f": [["one", "two", "three"][kind] for kind in KIND]}, {"f": "reveals_label"}),
        ({"label": KIND, "f": np.where(KIND == 0, 0, 1)}, {}),
        ({"label": KIND, "f": np.where(np.arange(ROWS) % 7, KIND, 0)}, {}),
        (
            {"label": LABEL, "a": KIND == 1, "b": (KIND == 2) | ((KIND == 0) & ~LABEL)},
            dict.fromkeys("ab", "other_target"),
        ),
        ({"a": KIND == 1, "b": KIND == 2}, {}),
        ({"label": np.tile([True] + [False] * 5, 100), "label_b": KIND == 1}, {"label_b": "other_target"}),
        ({"true_outcome": OTHERS["x"]}, {"true_outcome": "other_target"}),
        (
            {"outcomes_seen_online": OTHERS["x"] * 2, "targeted": OTHERS["z"] * 2},
            {"outcomes_seen_online": "other_target"},
        ),
        ({"customer": WHO % 50 + 1_000, "segment": WHO % 50 % 5}, {"customer": "rows_of_one_entity"}),
    ],
)
def test_hints_are_those_that_a_person_would_give(
    columns: dict[str, Any], expected: dict[str, str], tmp_path: Path
) -> None:
    assert told(columns, tmp_path) == expected


@pytest.mark.parametrize("roles", [{"drop": ["f", "customer"]}, {"ids": ["f"], "group": "customer"}])
def test_columns_that_are_no_features_are_not_told(roles: dict[str, Any], tmp_path: Path) -> None:
    columns = {"f": LABEL, "customer": WHO % 50 + 1_000, "segment": WHO % 50 % 5}
    assert told(columns, tmp_path / "a") == {"f": "reveals_label", "customer": "rows_of_one_entity"}
    assert told(columns, tmp_path / "b", **roles) == {}


def test_a_target_with_a_number_has_the_others_of_its_series_beside_it(tmp_path: Path) -> None:
    def series(target: str, names: list[str]) -> set[str]:
        table = pa.table({**OTHERS, **{name: RNG.integers(0, 9, ROWS) % 2 for name in names}, target: LABEL})
        given = {"name": "t", "source": {"path": "t.csv"}, "columns": {"target": target}}
        folder = tmp_path / f"{target}{len(names)}"
        return {hint.column for hint in find_hints(snapshot_of(table, folder), build_config(given))}

    assert series("y1", ["y2"]) == {"y2"}
    assert series("column_9", [f"column_{number}" for number in range(9)]) == set()
    assert series("y", ["y2", "year"]) == set()


def test_every_run_warns_of_them_in_its_contract(tmp_path: Path) -> None:
    table = pa.table({"label": LABEL, **OTHERS, "f": LABEL.astype(int), "fixed": ["a"] * ROWS})
    config = build_config({"name": "t", "source": {"path": "t.csv"}, "columns": {"target": "label"}})
    snapshot = snapshot_of(table, tmp_path)
    checked = validate_snapshot(
        snapshot, [build_contract(config, snapshot)], config=config.validation, folder=tmp_path / "v"
    )
    warned = {outcome.columns: outcome for outcome in checked.outcomes if outcome.status == "failed"}
    assert set(warned) == {("f",), ("fixed",)}
    assert {outcome.severity for outcome in warned.values()} == {"warning"}
    said = "1 indicates class 'true' in 100 of 100 rows: add it to columns.drop if it is known only after the fact"
    assert warned["f",].observed == said
