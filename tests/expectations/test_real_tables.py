"""What is proposed for the real tables: the table meets its suite, or the contract refuses it for the right reason."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from counterpoise.config import SourceConfig, load_config
from counterpoise.errors import ContractError
from counterpoise.expectations.contract import build_contract
from counterpoise.expectations.propose import propose_suite
from counterpoise.expectations.suite_file import load_suite, write_suite
from counterpoise.suggest import propose_config, render_config
from counterpoise.validate import validate_snapshot
from tests.catalog import RealTable, table_parameters
from tests.snapshots import snapshot_of

pytestmark = pytest.mark.slow

TOO_RARE = {"ecoli": "class 'imL' has 2 rows", "kddcup": "'spy.'", "nursery": "'recommend'", "creditcard_head": "'1.0'"}
IDS = {"ai4i2020": ("UDI", "Product ID"), "Telco_Customer_Churn": ("customerID",), "shuttle": ("shuttle",)}


@pytest.mark.parametrize("table", table_parameters())
def test_a_real_table_meets_what_was_proposed_for_it(table: RealTable, tmp_path: Path) -> None:
    snapshot = snapshot_of(rows_of(table), tmp_path, group_rows=100_000)
    target = f"column_{table.target}" if table.target.isdigit() else table.target
    source = SourceConfig(path=table.path.name, missing_values=("", "?"))
    config, comments = propose_config(snapshot, source=source, target=target, name=table.name)
    suite_path = tmp_path / "suite.json"
    write_suite(suite_path, table.name, propose_suite(snapshot, config.columns))
    (tmp_path / "config.yaml").write_text(render_config(config, comments, str(suite_path)), encoding="utf-8")
    config = load_config(tmp_path / "config.yaml")
    assert config.source == source
    assert config.columns.ids == IDS.get(table.name, ())

    suites = [build_contract(config, snapshot), load_suite(suite_path)]
    if table.name in TOO_RARE:
        with pytest.raises(ContractError, match=TOO_RARE[table.name]) as caught:
            validate_snapshot(snapshot, suites, config=config.validation, folder=tmp_path)
        assert caught.value.reason == "class_too_small_for_split"
        assert "Too rare" in comments["split.rare_classes"]
        return
    validation = validate_snapshot(snapshot, suites, config=config.validation, folder=tmp_path)
    assert {outcome.status for outcome in validation.outcomes} == {"passed"}
    assert validation.rejected_rows == 0


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
    _, comments = propose_config(snapshot, source=source, target="Machine failure", name="ai4i2020")
    told = comments["columns"]
    assert all(f"{name}: 1 indicates class '1'" in told for name in ("TWF", "HDF", "PWF", "OSF"))
    assert "RNF" not in told
