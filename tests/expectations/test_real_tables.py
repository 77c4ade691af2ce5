"""What is proposed for the real tables: the table meets its suite, or the contract refuses it for the right reason."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from counterpoise.config import SourceConfig, build_config, load_config
from counterpoise.expectations.contract import build_contract
from counterpoise.expectations.propose import propose_suite
from counterpoise.expectations.suite_file import load_suite, write_suite
from counterpoise.suggest import propose_config, render_config
from counterpoise.validate import validate_snapshot
from tests.catalog import RealTable, table_parameters
from tests.snapshots import snapshot_of

pytestmark = pytest.mark.slow

UNOBTRUSIVE = "expect_table_column_to_be_unobtrusive"
TOO_FEW = "creditcard_head"
LEAKS = dict.fromkeys(("TWF", "HDF", "PWF", "OSF"), "reveals_label")
HINTS = {
    "ai4i2020": {**LEAKS, "RNF": "other_target"},
    "kddcup": dict.fromkeys(("column_19", "column_20"), "constant_feature"),
    "oil_spill": {"column_22": "constant_feature"},
    "sick": {"TBG_measured": "constant_feature"},
}
IDS = {"ai4i2020": ("UDI", "Product ID"), "Telco_Customer_Churn": ("customerID",), "shuttle": ("shuttle",)}


@pytest.mark.parametrize("table", table_parameters())
def test_a_real_table_meets_what_was_proposed_for_it(table: RealTable, tmp_path: Path) -> None:
    snapshot = snapshot_of(rows_of(table), tmp_path, group_rows=100_000)
    target = f"column_{table.target}" if table.target.isdigit() else table.target
    source = SourceConfig(path=table.path.name, missing_values=("", "?"))
    given = build_config({"name": table.name, "source": dict(source), "columns": {"target": target}})
    config, comments = propose_config(snapshot, given)
    suite_path = tmp_path / "suite.json"
    write_suite(suite_path, table.name, propose_suite(snapshot, config.columns))
    (tmp_path / "config.yaml").write_text(render_config(config, comments, str(suite_path)), encoding="utf-8")
    config = load_config(tmp_path / "config.yaml")
    assert config.source == source
    assert config.columns.ids == IDS.get(table.name, ())
    assert config.columns.group == ""

    suites = [build_contract(config, snapshot), load_suite(suite_path)]
    if table.name == TOO_FEW:
        assert "Too rare to be split: '1.0' (2 rows)" in comments["split.rare_classes"]
    validation = validate_snapshot(snapshot, suites, config=config.validation, folder=tmp_path)
    warned = {outcome.columns[0]: outcome.expectation for outcome in validation.outcomes if outcome.status != "passed"}
    hints = {name: f'{UNOBTRUSIVE}(found="{reason}")' for name, reason in HINTS.get(table.name, {}).items()}
    too_rare = (
        {target: "expect_column_class_rows_to_be_at_least(min_rows=3)"} if min(table.classes.values()) < 3 else {}
    )
    assert warned == hints | too_rare
    assert validation.rejected_rows == table.rows - sum(table.classes.values())  # those without a label


def rows_of(table: RealTable) -> pa.Table:
    """Read a table with DuckDB: what is tried here are proposals, not the reading."""
    import duckdb

    header = not table.target.isdigit()
    with duckdb.connect() as connection:
        read = connection.read_csv(
            str(table.path), header=header, sample_size=-1, na_values=["", "?"], null_padding=True
        )
        rows: pa.Table = read.to_arrow_table()
    return rows if header else rows.rename_columns([f"column_{number}" for number in range(rows.num_columns)])


def test_columns_that_give_the_label_away_are_pointed_out(tmp_path: Path) -> None:
    found = [table.values[0] for table in table_parameters() if table.id == "ai4i2020"]
    if not found:
        pytest.skip("the real tables (../shared/data) are not here")
    snapshot = snapshot_of(rows_of(found[0]), tmp_path)
    source = SourceConfig(path="ai4i2020.csv")
    given = build_config({"name": "ai4i2020", "source": dict(source), "columns": {"target": "Machine failure"}})
    _, comments = propose_config(snapshot, given)
    told = comments["columns"]
    assert all(f"{name}: 1 indicates class '1'" in told for name in ("TWF", "HDF", "PWF", "OSF"))
    assert "RNF: perhaps another target of the study: it stands among others that do" in told
