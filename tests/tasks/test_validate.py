from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from prefect import flow

from counterpoise.core.config_file import build_config
from counterpoise.core.errors import ContractError
from counterpoise.core.records import Snapshot
from counterpoise.tasks.validate import validate
from tests.snapshots import engine_config, mixed_table, snapshot_of
from tests.tasks.stored import stored_artifact

SUITE = {
    "name": "tested",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "small", "min_value": 0, "max_value": 7},
            "severity": "critical",
        }
    ],
}


def one_class(folder: Path) -> Snapshot:
    return snapshot_of(pa.table({"x": range(100), "label": ["only"] * 100}), folder)


def test_the_contract_holds_for_an_ordinary_table(tmp_path: Path) -> None:
    snapshot = snapshot_of(mixed_table(500), tmp_path)
    validation = validate.fn(engine_config(tmp_path), snapshot, folder=tmp_path / "run")
    assert validation.success
    assert validation.rejected_rows == 0
    assert {outcome.source for outcome in validation.outcomes} == {"contract"}


def test_rows_that_break_the_users_suite_are_set_apart(tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text(json.dumps(SUITE))
    table = mixed_table(500)
    settings = {"suite": str(tmp_path / "suite.json"), "max_rejected": 0.5}
    config = engine_config(tmp_path, validation=settings)
    validation = validate.fn(config, snapshot_of(table, tmp_path), folder=tmp_path / "run")
    assert validation.rejected_rows == sum(value == 8 for value in table["small"].to_pylist())
    assert validation.rejected_rows > 0


def test_a_table_that_breaks_the_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="single_class"):
        validate.fn(engine_config(tmp_path), one_class(tmp_path), folder=tmp_path / "run")


def test_the_failed_expectations_of_a_refused_run_are_shown(tmp_path: Path) -> None:
    config = build_config({**engine_config(tmp_path).published(), "name": "refused-here"})
    snapshot = one_class(tmp_path)

    @flow
    def refuses() -> None:
        validate(config, snapshot, folder=tmp_path / "run")

    with pytest.raises(ContractError, match="single_class"):
        refuses()
    artifact = stored_artifact("refused-here-validation")
    assert artifact is not None
    assert "label" in str(artifact.data)
