"""The suite of card transactions that ships as an example of one that a person wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import counterpoise.expectations
from counterpoise.config import ValidationConfig
from counterpoise.errors import ContractError
from counterpoise.expectations.registration import register_expectations
from counterpoise.expectations.suite_file import load_suite
from counterpoise.records import Validation
from counterpoise.suggest import write_sample
from counterpoise.validate import load_engine, quiet, validate_snapshot
from tests.snapshots import snapshot_of

pytestmark = pytest.mark.slow

SUITE = Path(str(counterpoise.expectations.__file__)).parent / "transactions.json"


@pytest.fixture(scope="module")
def transactions(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    path = tmp_path_factory.mktemp("sample") / "t.parquet"
    return pq.read_table(write_sample("fraud", rows=12_000, out=path))


def check(table: pa.Table, folder: Path) -> Validation:
    return validate_snapshot(
        snapshot_of(table, folder), [load_suite(SUITE)], config=ValidationConfig(), folder=folder / "validation"
    )


def changed(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.names.index(name), name, values)


def test_generated_transactions_meet_it(transactions: pa.Table, tmp_path: Path) -> None:
    validation = check(transactions, tmp_path)
    assert [one for one in validation.outcomes if one.status != "passed"] == []
    assert {one.severity for one in validation.outcomes} == {"critical", "warning", "info"}


def test_great_expectations_reads_and_exports_it_unchanged() -> None:
    register_expectations()
    with quiet():
        suite = load_engine().ExpectationSuite(**json.loads(SUITE.read_text()))
        exported = suite.to_json_dict()
    written = json.loads(SUITE.read_text())["expectations"]
    assert [(one["type"], one["severity"], one["notes"]) for one in exported["expectations"]] == [
        (one["type"], one["severity"], one["notes"]) for one in written
    ]


def test_single_bad_rows_are_set_apart_and_information_stops_nothing(transactions: pa.Table, tmp_path: Path) -> None:
    first = pc.equal(pa.array(range(len(transactions))), 0)
    negative = changed(transactions, "amount", pc.if_else(first, -1.0, transactions["amount"]))
    validation = check(negative, tmp_path)
    assert validation.rejected_rows == 1
    dear = changed(transactions, "amount", pc.multiply(transactions["amount"], 20.0))
    found = {one.severity for one in check(dear, tmp_path / "dear").outcomes if one.status == "failed"}
    assert "info" in found


def test_swapped_labels_stop_the_run(transactions: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"class 'true' has a share of 0\.99"):
        check(changed(transactions, "is_fraud", pc.invert(transactions["is_fraud"])), tmp_path)
